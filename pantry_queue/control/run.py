"""A plan is carried out: the door through which every action of the table goes.

It can be stopped between chunks and broken off anywhere: running it again does what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from pantry_queue.control.actions import ENDED, WAITING
from pantry_queue.control.audit import Actor
from pantry_queue.control.lua import Scripts, Turn
from pantry_queue.control.operation import KEEP_SECONDS, Operation
from pantry_queue.control.outcome import Outcome, Progress
from pantry_queue.control.plan import Plan
from pantry_queue.control.submission import stamp_now


def run(
    scripts: Scripts,
    plan: Plan,
    actor: Actor,
    *,
    reason: str = "",
    keep_seconds: int = KEEP_SECONDS,
    rate: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> Outcome:
    """Carry out a plan of any action of the table.

    Args:
        scripts: where.
        plan: as it was confirmed.
        actor, reason: for the audit.
        keep_seconds: how long it can be undone.
        rate: jobs per second at most.
        progress: called after each chunk, in this thread.
        stop: once it is set, no further chunk is begun.

    Raises:
        RedisUnavailable: nothing was done, or it could not be recorded. What breaks off later is told in the outcome.
    """
    from pantry_queue.connection import translated
    from pantry_queue.control import commands
    from pantry_queue.control.engine import Run

    facts: dict[str, str | int] = {"selection": str(plan.scope), "total": plan.total, "reason": reason}
    operation = Operation(plan.action, actor, facts, keep_seconds)
    tell = progress or (lambda _: None)
    with translated(scripts.settings):
        if not plan.action.script:
            return commands.run(scripts, plan, operation)
        outcome = Run(scripts, operation, plan.entries, tell, stop).through(plan, rate)
        if plan.action.name == "queues.delete" and not outcome.remaining:
            commands.forget_queues(scripts, plan, operation)
        return outcome


def requeue(
    scripts: Scripts, ids: Sequence[str], states: tuple[str, ...] = ENDED, *, at_front: bool = False
) -> list[str]:
    """Put jobs back on the queue they came from.

    Three things are beyond RQ's own requeue, each because a job would be lost or fail at once without it: the hash
    no longer expires while the job waits, its queue is registered again, and it has its retries again (as many as
    it has intervals, since RQ does not store the number it began with).

    Args:
        scripts: where.
        ids: at most a few thousand.
        states: jobs in any other state are left alone.
        at_front: next in the queue instead of last.

    Returns:
        For each id `done`, `missing`, `running`, `broken`, the state that stood in the way, or Redis' refusal.
    """
    turn = scripts.bulk("requeue", {"iso": stamp_now(), "states": states, "front": at_front}, ids)
    return _words(turn, ids)


def cancel(scripts: Scripts, ids: Sequence[str], states: tuple[str, ...] = WAITING) -> list[str]:
    """Cancel jobs that do not run yet; jobs that wait for them go on waiting, as with RQ's `Job.cancel`.

    Args:
        scripts: where.
        ids: at most a few thousand.
        states: jobs in any other state are left alone.

    Returns:
        For each id `done`, `missing`, `running`, `starting`, `broken`, or the state that stood in the way.
    """
    return _words(scripts.bulk("cancel", {"iso": stamp_now(), "states": states}, ids), ids)


def clear_failed(
    scripts: Scripts, queues: Sequence[str], actor: Actor, *, keep_seconds: int = KEEP_SECONDS, reason: str = ""
) -> Outcome:
    """Delete all failed and stopped jobs of some queues, into the trash.

    What fails after the start is left alone. It works in chunks; broken off, it can simply be started again.

    Args:
        scripts: where.
        queues: names.
        actor, reason: for the audit.
        keep_seconds: how long it can be brought back.
    """
    from pantry_queue.connection import translated
    from pantry_queue.control.actions import ACTIONS
    from pantry_queue.control.plan import Options, Selection, Source
    from pantry_queue.control.select import server_time
    from pantry_queue.text import safe

    with translated(scripts.settings):
        sources = [
            Source("failed", queue, scripts.connection.zcard(scripts.keys.registry("failed", queue)))
            for queue in queues
        ]
        plan = Plan(
            action=ACTIONS["all.clear-failures"],
            options=Options(),
            selection=Selection(queues=tuple(queues)),
            seen_at=server_time(scripts.connection),
            scope=safe(f"failed jobs of {', '.join(queues)}"),
            sources=tuple(source for source in sources if source.total),
        )
    return run(scripts, plan, actor, reason=reason, keep_seconds=keep_seconds)


def _words(turn: Turn, ids: Sequence[str]) -> list[str]:
    why = dict([*turn.skipped, *turn.refused])
    return [why.get(job_id, "done") for job_id in ids]
