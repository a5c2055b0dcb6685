"""A closer look at some jobs: what waiting ones would call, why the newest failed, what was taken and not started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import jobs, payload
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.model import JobRow, Snapshot
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import blob, blobs, name_of

if TYPE_CHECKING:
    from redis import Redis

#: Calls that are read, and their size in bytes at most.
_MOST_CALLS, _CALL_LIMIT = 300, 16_384
_MOST_FAILED = 200
_MOST_TAKEN = 20


@dataclass(frozen=True, slots=True)
class Call:
    """What a waiting job would call: empty where that cannot be told; not readable is neither pickle nor JSON.

    `queue` and `raw_id` as Redis holds them (`wire.name_of`).
    """

    queue: str
    raw_id: bytes
    func: str
    readable: bool


def calls(client: Redis, keys: Keys, waiting: Sequence[tuple[str, bytes, int]]) -> tuple[Call, ...]:
    """What these jobs would call; nothing of it is run, and what is large is left out.

    Args:
        waiting: queue, id and size in bytes of each.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    small = [(queue, raw_id) for queue, raw_id, size in waiting if 0 < size <= _CALL_LIMIT][:_MOST_CALLS]
    replies = ask_each(client, [("HGET", keys.job(NAME), "data")], [raw_id for _, raw_id in small])
    found = []
    for (queue, raw_id), (reply,) in zip(small, replies, strict=True):
        if data := blob(reply):
            read = payload.seen(data)
            found.append(Call(queue, raw_id, str(read.func or ""), read.readable))
    return tuple(found)


def failures(client: Redis, keys: Keys, failed: Sequence[tuple[str, bytes]]) -> tuple[JobRow, ...]:
    """Rows of failed jobs with the last line of what they failed with.

    Args:
        failed: queue and id of each.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    return jobs.read(client, keys, "failed", [Place(queue, raw_id) for queue, raw_id in failed[:_MOST_FAILED]])


def taken(client: Redis, keys: Keys, snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """Queue and id of jobs that workers have taken and not yet started; mostly such a moment is short.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    names = [name_of(queue.raw_name) for queue in snapshot.queues if queue.counts.intermediate]
    replies = ask_each(client, [("LRANGE", keys.intermediate(NAME), 0, _MOST_TAKEN - 1)], names)
    return tuple((queue, name_of(raw)) for queue, (reply,) in zip(names, replies, strict=True) for raw in blobs(reply))
