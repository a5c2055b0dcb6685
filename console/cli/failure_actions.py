"""The verbs of `failures`, made from the table of actions: requeue or delete groups of failures, clear them all."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import failures
from console.cli.actions import Parameter, Queue, Where, check_query, command_of, manner, options_of
from console.cli.carrying_out import carry_out
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS, Action

Signatures = Annotated[
    list[str] | None, typer.Argument(metavar="[SIGNATURE...]", help="Groups; all failed jobs when left out.")
]
_QUEUE: Parameter = ("queue", Queue, None)
_GROUPS: tuple[Parameter, ...] = (("signatures", Signatures, None), _QUEUE, ("where", Where, ""))


def _clear(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    selection = Selection(queues=tuple(given["queue"] or ()), everything=True)
    return carry_out(of(given["context"]), action, selection, options_of(given), manner(given))


def _run(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    if given["where"]:
        check_query(given["where"])
    selection = Selection(
        states=("failed",),
        queues=tuple(given["queue"] or ()),
        where=given["where"],
        signatures=tuple(given["signatures"] or ()),
    )
    return carry_out(of(given["context"]), action, selection, options_of(given), manner(given))


failures.app.command("clear")(command_of(ACTIONS["all.clear-failures"], (_QUEUE,), _clear))
for _name in ("requeue", "delete"):
    failures.app.command(_name)(command_of(ACTIONS[f"jobs.{_name}"], _GROUPS, _run))
