"""The verb of `workers` that cleans up: forget those whose record is gone."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli import status, workers
from console.cli.actions import Alias, AsJson, DryRun, Reason, manner
from console.cli.carrying_out import carry_out, end
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS

_FORGET = ACTIONS["workers.forget"]


@workers.app.command("forget", help=_FORGET.what)
def forget(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None,
    ghosts: Annotated[bool, typer.Option("--ghosts", help="All whose record is gone.")] = False,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    as_json: AsJson = False,
) -> None:
    from pantry_queue.control.plan import Options, Selection
    from pantry_queue.monitor.wire import name_of

    if bool(names) == ghosts:
        raise typer.BadParameter("give either names or --ghosts", param_hint="NAME")
    target = of(context)
    found = list(names or [])
    if ghosts:
        target.refuse_if_read_only("workers forget")
        found = [name_of(w.raw_name) for w in status.take(target).workers if w.verdict == "ghost"]
    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "as_json": as_json}
    end(carry_out(target, _FORGET, Selection(ids=tuple(found)), Options(), manner(given)))
