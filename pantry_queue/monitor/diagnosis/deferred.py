"""Deferred jobs that nothing will let go: what they wait for has ended otherwise, or is gone. A bounded look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.model import Snapshot
from pantry_queue.monitor.wire import ask, blob, blobs, name_of, raw_of

if TYPE_CHECKING:
    from redis import Redis

End = Literal["gone", "failed", "stopped", "canceled", "finished"]

#: Queues, the oldest deferred jobs of each, and what one of these waits for, that are looked at.
_MOST_QUEUES, _MOST_JOBS, _MOST_PARENTS = 50, 10, 20
_ENDS: dict[str, End] = {"failed": "failed", "stopped": "stopped", "canceled": "canceled", "finished": "finished"}


@dataclass(frozen=True, slots=True)
class Held:
    """A job that waits in vain: `parent` ended in this way, or all it waits for have finished.

    `queue`, `raw_id` and `parent` as Redis holds them (`wire.name_of`).
    """

    queue: str
    raw_id: str
    parent: str
    end: End


@dataclass(frozen=True, slots=True)
class Deferred:
    """How many deferred jobs were looked at, and which of them wait in vain."""

    looked: int
    held: tuple[Held, ...]


def look(client: Redis, keys: Keys, snapshot: Snapshot) -> Deferred:
    """Look at the oldest deferred jobs of each queue; four round trips.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    names = [name_of(queue.raw_name) for queue in snapshot.queues if queue.counts.deferred][:_MOST_QUEUES]
    oldest = ask_each(client, [("ZRANGE", keys.registry("deferred", NAME), 0, _MOST_JOBS - 1)], names)
    jobs = [(queue, name_of(raw)) for queue, (reply,) in zip(names, oldest, strict=True) for raw in blobs(reply)]
    about = ("HMGET", keys.job(NAME), "dependency_ids", "dependency_id", "allow_dependency_failures")
    told = [_waits_for(reply) for (reply,) in ask_each(client, [about], [job_id for _, job_id in jobs])]
    parents = list(dict.fromkeys(parent for waited, _ in told for parent in waited))
    states = ask_each(client, [("HMGET", keys.job(NAME), "status", "created_at")], parents)
    ends = {parent: _end(reply) for parent, (reply,) in zip(parents, states, strict=True)}
    held = list(_held(jobs, told, ends))
    # RQ lets a job go in the same transaction in which what it waited for ends: who is still there stays there.
    still = ask(client, [("ZSCORE", keys.registry("deferred", one.queue), raw_of(one.raw_id)) for one in held])
    return Deferred(len(jobs), tuple(one for one, score in zip(held, still, strict=True) if score is not None))


def _waits_for(reply: Any) -> tuple[list[str], bool]:
    """What a job waits for, and whether it bears that failing."""
    listed, first, bears = (blob(value) for value in reply) if isinstance(reply, list) else (None, None, None)
    named = [name_of(raw_of(one)) for one in fields.strings(listed)] or ([name_of(first)] if first else [])
    return named[:_MOST_PARENTS], bears == b"1"


def _end(reply: Any) -> End | None:
    """How a job has ended; None while it has not."""
    status, made = (blob(value) for value in reply) if isinstance(reply, list) else (b"?", b"?")
    if status is None and made is None:
        return "gone"
    return _ENDS.get((status or b"").decode("utf-8", "replace"))


def _held(
    jobs: Sequence[tuple[str, str]], told: Sequence[tuple[list[str], bool]], ends: dict[str, End | None]
) -> Iterator[Held]:
    for (queue, job_id), (parents, bears) in zip(jobs, told, strict=True):
        found = [(parent, end) for parent in parents if (end := ends[parent]) is not None]
        bad = next((one for one in found if one[1] != "finished" and not (bears and one[1] == "failed")), None)
        if bad is not None:
            yield Held(queue, job_id, *bad)
        elif parents and len(found) == len(parents) < _MOST_PARENTS:
            yield Held(queue, job_id, *found[-1])
