"""The verbs of `workers` that change something: stop them, and forget those whose record is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output, status, workers
from console.cli.actions import Alias, AsJson, DryRun, Reason, Yes, manner
from console.cli.carrying_out import carry_out, end
from console.cli.target import Target, of
from pantry_queue.control.actions import ACTIONS
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from pantry_queue.workers.fleet import LocalWorker

_FORGET, _SHUTDOWN = ACTIONS["workers.forget"], ACTIONS["workers.shutdown"]


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


@workers.app.command("stop")
def stop(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    now: Annotated[
        bool, typer.Option("--now", help="Of this machine: do not wait for its job; that goes back to its queue.")
    ] = False,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """End a worker; its job may end first. One launched here is waited for, others are told so by RQ's command."""
    from pantry_queue.control.plan import Options, Selection

    target = of(context)
    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    if not dry_run:
        target.refuse_if_read_only("workers stop")
    local = _local(name)
    if local is not None and not dry_run:
        _stop_here(target, local, now)
        return
    if now:
        raise typer.BadParameter("only workers launched on this machine can be ended at once", param_hint="--now")
    end(carry_out(target, _SHUTDOWN, Selection(ids=(name,)), Options(), manner(given)))


def _local(name: str) -> LocalWorker | None:
    from pantry_queue.workers import fleet

    try:
        return fleet.find(name)
    except NotFound:
        return None


def _stop_here(target: Target, worker: LocalWorker, now: bool) -> None:
    from pantry_queue.workers import fleet

    workers.record(target, "workers.stop", {"workers": worker.name})
    patience = target.settings().default_timeout
    left = fleet.stop(worker, 0.0 if now else float("inf") if patience < 0 else patience + 10.0)
    output.note(f"{left.name} {workers.ended(left)}")
