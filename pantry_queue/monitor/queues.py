"""One queue: what is asked for its counts, and what the answers mean.

An entry past its expiry is not live (`rq.registry` drops it at its next clean-up): finished and failed are
counted as RQ's own counting would, without the clean-up which that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields
from pantry_queue.monitor.model_deployment import Counts, SchedulerStat
from pantry_queue.monitor.wire import Command, blob, blobs, name_of, number, scored
from pantry_queue.text import safe

#: Seconds a scheduled job may be late before it counts as overdue: RQ's scheduler looks once a second.
OVERDUE_AFTER = 2
_EXPIRING = ("started", "finished", "failed")
_LASTING = ("deferred", "scheduled", "canceled", "ready")

#: How many replies belong to one queue.
REPLIES = 16


@dataclass(frozen=True, slots=True)
class Head:
    """The next job of a queue. `asked` is False when its time is still to be read from its hash."""

    job_id: bytes | None
    enqueued_at: bytes | None = None
    asked: bool = True


def questions(keys: Keys, queue: str, now: int, *, sort_allowed: bool) -> list[Command]:
    """What to ask about one queue: `REPLIES` commands.

    Args:
        queue: its name.
        now: the server's time in whole seconds, which is what RQ compares scores with.
        sort_allowed: ask for the next job's time along with its id, which saves a round trip but needs the right to
            read every key.
    """
    head: Command = ("LINDEX", keys.queue(queue), 0)
    if sort_allowed:
        time_field = f"{keys.job('*')}->enqueued_at"
        head = ("SORT_RO", keys.queue(queue), "BY", "nosort", "LIMIT", 0, 1, "GET", "#", "GET", time_field)
    return [
        ("LLEN", keys.queue(queue)),
        ("LLEN", keys.intermediate(queue)),
        *(("ZCARD", keys.registry(state, queue)) for state in _EXPIRING),
        *(("ZCOUNT", keys.registry(state, queue), 0, now) for state in _EXPIRING),
        *(("ZCARD", keys.registry(state, queue)) for state in _LASTING),
        ("ZCOUNT", keys.registry("scheduled", queue), 0, now - OVERDUE_AFTER),
        head,
        ("GET", keys.scheduler_lock(queue)),
        ("PTTL", keys.scheduler_lock(queue)),
    ]


def counts(replies: Sequence[Any]) -> Counts:
    """Counts out of the replies to `questions`; a key that cannot be counted counts nothing."""
    queued, intermediate, *rest = map(number, replies[:13])
    started, finished, failed, abandoned, old_finished, old_failed, *lasting, overdue = rest
    deferred, scheduled, canceled, ready = lasting
    return Counts(
        queued=queued,
        started=started - abandoned,
        finished=finished - old_finished,
        failed=failed - old_failed,
        deferred=deferred,
        scheduled=scheduled,
        canceled=canceled,
        ready=ready,
        intermediate=intermediate,
        abandoned=abandoned,
        overdue=overdue,
        expired=old_finished + old_failed,
    )


def head(replies: Sequence[Any]) -> Head:
    """The next job out of the replies to `questions`."""
    reply = replies[13]
    if isinstance(reply, (list, tuple)):
        job_id, enqueued_at = (*reply, None, None)[:2]
        return Head(blob(job_id), blob(enqueued_at))
    return Head(blob(reply), asked=False)


def sort_refused(replies: Sequence[Any]) -> bool:
    """Whether the server would not sort for us, so that the next job has to be asked for in two steps.

    A queue that is no list at all refuses too; its length tells the two apart.
    """
    return isinstance(replies[13], Exception) and isinstance(replies[0], int)


def paused(names: Any, until: Any, now: datetime) -> dict[str, datetime | None]:
    """The paused queues with the time their pause ends; one that is over is left out, whether a worker saw it or not.

    Args:
        names: reply to SMEMBERS of `Keys.paused`.
        until: reply to ZRANGE WITHSCORES of `Keys.paused_until`.
        now: the server's time.
    """
    ends = {name_of(name): score for name, score in scored(until)}
    found: dict[str, datetime | None] = {}
    for name in map(name_of, blobs(names)):
        end = ends.get(name)
        if end is None:
            found[name] = None
        elif end > now.timestamp():
            found[name] = datetime.fromtimestamp(min(end, 4e9), UTC)
    return found


def scheduler(queue: str, replies: Sequence[Any]) -> SchedulerStat | None:
    """Who holds the scheduler lock of the queue, out of the replies to `questions`."""
    return lock(queue, *replies[14:16])


def lock(queue: str, holder: Any, pttl: Any) -> SchedulerStat | None:
    """Who holds the scheduler lock of the queue, out of the replies to GET and PTTL; None when nobody does."""
    if not isinstance(holder, bytes):
        return None
    ttl = pttl / 1000 if isinstance(pttl, int) and pttl >= 0 else None
    return SchedulerStat(safe(queue.encode("utf-8", "surrogateescape")), fields.line(holder, 120), ttl)
