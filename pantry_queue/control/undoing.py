"""An operation of the trash is undone: what it deleted or changed is brought back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from pantry_queue.connection import translated
from pantry_queue.control import audit, trash
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.engine import Run
from pantry_queue.control.lua import Scripts
from pantry_queue.control.operation import Operation
from pantry_queue.control.outcome import Outcome, Progress
from pantry_queue.control.pace import Pace
from pantry_queue.errors import NotFound
from pantry_queue.text import safe


def undo(
    scripts: Scripts,
    name: str | None,
    actor: audit.Actor,
    *,
    reason: str = "",
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> Outcome:
    """Bring back what an operation deleted or changed, each job as far as it has not moved on since.

    Args:
        scripts: where.
        name: of the operation; None is the last one.
        actor, reason: for the audit.
        progress, stop: as `run.run` takes them.

    Returns:
        `skipped` tells what could not be undone: `exists` (the id is in use again; the deleted job stays in the
        trash), `expired`, or what became of the job.

    Raises:
        NotFound: no such operation, or its time is over.
        Refused: it was done under another key prefix.
    """
    if name is None:
        name = _last(scripts)
    with translated(scripts.settings):
        about = trash.about_of(scripts, name)
        total = int(about.get("left", b"0"))
        facts: dict[str, str | int] = {"selection": f"{total:,} jobs of {safe(name)}", "total": total, "reason": reason}
        operation = Operation(ACTIONS["trash.undo"], actor, facts, of=name)
        running = Run(scripts, operation, total, progress or (lambda _: None), stop)
        options = {"of": scripts.keys.operation(name), "kind": str(safe(about.get("kind")))}
        outcome = running.steps(lambda pace: _steps(running, options, total, pace), None)
        _leave(scripts, name)
    return outcome


def _steps(running: Run, options: dict[str, Any], total: int, pace: Pace) -> Iterator[None]:
    looked = 0
    while looked < total:
        count = min(pace.size, total - looked)
        turn = running.call("restore", {**options, "count": count, "states": []}, (), pace, count)
        running.count(turn)
        looked += turn.looked
        if not turn.looked:
            break
        yield


def _leave(scripts: Scripts, name: str) -> None:
    """Nothing is left to undo: the operation goes."""
    key = scripts.keys.operation(name)
    if not scripts.connection.exists(f"{key}:jobs"):
        with scripts.connection.pipeline() as pipe:
            pipe.unlink(key)
            pipe.zrem(scripts.keys.trash, name)
            pipe.execute()


def _last(scripts: Scripts) -> str:
    found = trash.operations(scripts)
    if not found:
        raise NotFound("Nothing can be undone: the trash is empty.")
    return found[0].name
