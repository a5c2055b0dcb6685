"""Why a job is where it is: one answer, and all that was looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor.diagnosis import agent, gone, placing, running, task, waiting
from pantry_queue.monitor.diagnosis import facts as collecting
from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.model import Check, Explanation, Finding
from pantry_queue.monitor.diagnosis.words import finding, lasting

if TYPE_CHECKING:
    from redis import Redis

#: In the order in which they decide: the first that is a cause is the answer.
RULES: tuple[Callable[[JobFacts], Check | None], ...] = (
    placing.quarantine,
    placing.readable,
    running.ended,
    placing.stuck,
    placing.lost,
    running.runs,
    waiting.dependencies,
    placing.life,
    agent.resting,
    waiting.due,
    waiting.limited,
    waiting.suspended,
    waiting.paused,
    waiting.listened,
    waiting.hearing,
    waiting.turn,
    waiting.known,
    task.importable,
    task.allowed,
    task.serializer,
    task.versions,
)


def why(client: Redis, keys: Keys, job_id: str, *, allowed: Sequence[str] | None = None) -> Explanation | None:
    """Why a job waits, runs, or ended as it did.

    Args:
        client: a connection that returns bytes; the right to look is enough.
        keys: names under RQ's prefix.
        job_id: as Redis holds it (`wire.name_of`).
        allowed: prefixes of tasks the workers run (`Settings.allowed_tasks`), where that is known.

    Returns:
        None when there is no such job, and no list names it.

    Raises:
        redis.exceptions.RedisError: the server is away, or the job may not be read.
    """
    began = time.perf_counter()
    found = collecting.collect(client, keys, job_id, allowed=tuple(allowed) if allowed is not None else None)
    if found is None:
        return gone.explain(client, keys, job_id)
    return explain(found, (time.perf_counter() - began) * 1000)


def explain(facts: JobFacts, took_ms: float = 0.0) -> Explanation:
    """The rules over the facts. Pure."""
    checks = [done for rule in RULES if (done := rule(facts)) is not None]
    deciding = next((index for index, done in enumerate(checks) if done.mark == "cause"), None)
    # One cause is told; what would hold the job up as well is a warning.
    marked = [
        replace(done, mark="warning") if done.mark == "cause" and index != deciding else done
        for index, done in enumerate(checks)
    ]
    cause = checks[deciding].finding if deciding is not None else None
    waits = facts.queue.counts.queued if facts.queue is not None and facts.detail.position is not None else None
    row = facts.detail.row
    return Explanation(
        job_id=row.id,
        state=row.state,
        queue=row.queue,
        func=facts.detail.payload.func or row.func,
        position=facts.detail.position,
        waiting=waits,
        answer=cause if cause is not None else _nothing_in_its_way(facts),
        checks=tuple(marked),
        at=facts.now,
        took_ms=took_ms,
    )


def _nothing_in_its_way(facts: JobFacts) -> Finding:
    row, position = facts.detail.row, facts.detail.position
    place = f" It is number {position + 1:,} in queue {row.queue}." if position is not None else ""
    waited = f"It has waited for {lasting((facts.now - row.enqueued_at).total_seconds())}." if row.enqueued_at else ""
    return finding(
        "ok",
        "in-turn",
        row.id,
        f"Nothing is in its way: a worker takes it in its turn.{place}",
        *([waited] if waited else []),
    )
