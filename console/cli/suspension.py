"""`suspend` and `resume`: all workers at once."""

from __future__ import annotations

from typing import Any

from console.cli.actions import command_of, manner, options_of
from console.cli.carrying_out import carry_out
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS, Action


def _run(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    return carry_out(of(given["context"]), action, Selection(everything=True), options_of(given), manner(given))


suspend = command_of(ACTIONS["all.suspend"], (), _run, paced=False)
resume = command_of(ACTIONS["all.resume"], (), _run, paced=False)
