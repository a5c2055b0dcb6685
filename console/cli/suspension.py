"""`suspend` and `resume`: all workers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli import durations
from console.cli.actions import Alias, AsJson, DryRun, Reason, Yes, manner
from console.cli.carrying_out import carry_out, end
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS

_SUSPEND, _RESUME = ACTIONS["all.suspend"], ACTIONS["all.resume"]


def suspend(
    context: typer.Context,
    lasting: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="End by itself, after 10m or 2h.")
    ] = None,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Tell all workers to take no more jobs. Running jobs go on, and each idle RQ worker takes one more."""
    from pantry_queue.control.plan import Options, Selection

    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    options = Options(seconds=durations.seconds(lasting, "--for") if lasting else None)
    end(carry_out(of(context), _SUSPEND, Selection(everything=True), options, manner(given)))


def resume(
    context: typer.Context,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    as_json: AsJson = False,
) -> None:
    """Let all workers take jobs again."""
    from pantry_queue.control.plan import Options, Selection

    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "as_json": as_json}
    end(carry_out(of(context), _RESUME, Selection(everything=True), Options(), manner(given)))
