"""The verbs of `workers` that change something: stop them, and forget those whose record is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import output, workers
from console.cli.actions import REQUIRED, Parameter, command_of, manner, options_of
from console.cli.carrying_out import carry_out
from console.cli.looking import take
from console.cli.target import Target, of
from pantry_queue.control.actions import ACTIONS, Action
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from pantry_queue.workers.fleet import LocalWorker

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")]
Ghosts = Annotated[bool, typer.Option("--ghosts", help="All whose record is gone.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="One launched here is waited for, others are told so by RQ.")]
Now = Annotated[
    bool, typer.Option("--now", help="Of this machine: do not wait for its job; that goes back to its queue.")
]


def _forget(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection
    from pantry_queue.monitor.wire import name_of

    names, ghosts, target = given["names"], given["ghosts"], of(given["context"])
    if bool(names) == ghosts:
        raise typer.BadParameter("give either names or --ghosts", param_hint="NAME")
    found = list(names or [])
    if ghosts:
        target.refuse_if_read_only("workers forget")
        found = [name_of(w.raw_name) for w in take(target).workers if w.verdict == "ghost"]
    return carry_out(target, action, Selection(ids=tuple(found)), options_of(given), manner(given))


def _stop(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    name, now, target = given["name"], given["now"], of(given["context"])
    if not given["dry_run"]:
        target.refuse_if_read_only("workers stop")
    local = _local(name)
    if local is not None and not given["dry_run"]:
        _stop_here(target, local, now)
        return 0
    if now:
        raise typer.BadParameter("only workers launched on this machine can be ended at once", param_hint="--now")
    return carry_out(target, action, Selection(ids=(name,)), options_of(given), manner(given))


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


_FORGETTING: tuple[Parameter, ...] = (("names", Names, None), ("ghosts", Ghosts, False))
_STOPPING: tuple[Parameter, ...] = (("name", Name, REQUIRED), ("now", Now, False))
workers.app.command("forget")(command_of(ACTIONS["workers.forget"], _FORGETTING, _forget, paced=False))
workers.app.command("stop")(command_of(ACTIONS["workers.shutdown"], _STOPPING, _stop, paced=False))
