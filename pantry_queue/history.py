"""Samples over time, kept in Redis, small and bounded: a day at 10 seconds and a month at 10 minutes.

Whoever runs writes them (`record`), one at a time: the holder of a lock that expires. Two streams,
`pantry:history` and `pantry:history:month`, hold one entry a sample, whose id is the server's time and whose only
field is packed (`pantry_queue.sample_format`). A time in which nobody wrote is a gap, and is told as one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from pantry_queue.errors import PantryError
from pantry_queue.history_read import (
    AHEAD,
    COARSE,
    DAY,
    EVERY,
    FIELD,
    LONGEST_INTERVAL,
    MONTH,
    Figures,
    Sample,
    ServerFigures,
    read,
)
from pantry_queue.keys import Keys
from pantry_queue.monitor import wire
from pantry_queue.sample_format import Grid, pack, place_of, scaled, unpack

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.monitor.model import QueueStat, Snapshot
    from pantry_queue.monitor.rates import Flow

__all__ = [
    "COARSE",
    "DAY",
    "INTERVAL",
    "LONGEST_INTERVAL",
    "MONTH",
    "Figures",
    "Flows",
    "Sample",
    "ServerFigures",
    "read",
    "record",
    "turn",
]

INTERVAL = 10
#: Queues in one sample: those with most jobs.
MOST_QUEUES = 200
_LEAST_LOCK = 30
_token = os.urandom(8).hex()


class Flows(Protocol):
    """Knows the flow of each queue, as `monitor.rates.RateHistory` does."""

    def flow(self, queue: str, /) -> Flow | None:
        """That of one queue; None when it is not known."""


def record(client: Redis, keys: Keys, snapshot: Snapshot, rates: Flows | None = None, interval: int = INTERVAL) -> bool:
    """Keep a snapshot as a sample, if one is due and no other process writes.

    Args:
        client: a whole `redis.Redis` that returns bytes.
        rates: has observed this snapshot and those before; without it rates are unknown.
        interval: seconds between two samples, from 10 to 60.

    Returns:
        Whether a sample was written.

    Raises:
        PantryError: the key holds something else.
        redis.exceptions.RedisError: the server is away, or refused us.
    """
    at = int(snapshot.taken_at.timestamp() * 1000)
    lock = max(_LEAST_LOCK, 3 * interval) * 1000
    streams = ((keys.history, DAY, interval), (keys.history_month, MONTH, max(COARSE, interval)))
    pipe: Any = client.pipeline(transaction=False)
    pipe.set(keys.history_lock, _writer(), nx=True, px=lock)
    pipe.get(keys.history_lock)
    for key, _, _ in streams:
        pipe.execute_command("XREVRANGE", key, "+", "-", "COUNT", 1)
    _, holder, *newest = _sent(pipe, keys)
    if holder != _writer().encode():
        return False
    pipe = client.pipeline(transaction=False)
    pipe.pexpire(keys.history_lock, lock)
    for (key, kept, step), reply in zip(streams, newest, strict=True):
        last = _milliseconds(reply)
        if last is not None and last > at + AHEAD * 1000:
            raise PantryError(f"{key} holds samples of the future: delete that key, and sampling begins anew.")
        if last is None or at - last >= step * 900:
            payload = _payload(client, key, reply, _grid(snapshot, rates, step), at)
            pipe.execute_command("XADD", key, "MINID", "~", at - kept * 1000, f"{at}-0", FIELD, payload)
    return any(isinstance(reply, bytes) for reply in _sent(pipe, keys)[1:])


def turn(client: Redis, keys: Keys, interval: int = INTERVAL) -> bool:
    """Whether it is this process that writes samples; it is from now on where nobody was. Cheaper than a snapshot.

    Raises:
        redis.exceptions.RedisError: the server is away, or refused us.
    """
    pipe: Any = client.pipeline(transaction=False)
    pipe.set(keys.history_lock, _writer(), nx=True, px=max(_LEAST_LOCK, 3 * interval) * 1000)
    pipe.get(keys.history_lock)
    holder: Any = pipe.execute()[1]
    return bool(holder == _writer().encode())


def _writer() -> str:
    """This process, also when it is the child of one that writes."""
    return f"{os.getpid()}:{_token}"


def _sent(pipe: Any, keys: Keys) -> list[Any]:
    """Replies; an id that is not the youngest any more is no error, for then another has just written."""
    import redis.exceptions as redis_errors

    replies: list[Any] = pipe.execute(raise_on_error=False)
    for reply in replies:
        if isinstance(reply, redis_errors.ResponseError) and "WRONGTYPE" in str(reply):
            raise PantryError(
                f"{keys.history} or a key below it holds no samples: delete it, and sampling begins anew."
            )
        if isinstance(reply, Exception) and "equal or smaller" not in str(reply):
            raise reply
    return replies


def _milliseconds(reply: Any) -> int | None:
    """When the newest entry was made."""
    found = wire.entries(reply)
    return int(found[0][0].split(b"-")[0]) if found else None


def _payload(client: Any, key: str, newest: Any, grid: Grid, at: int) -> bytes:
    """The sample as a difference to the newest one where that is sound, young, and names the same queues."""
    last = _milliseconds(newest)
    if last is None or at - last > 2000 * grid.step:
        return pack(grid)
    known: dict[int, Grid] = {}
    try:
        place = place_of(wire.entries(newest)[0][1].get(FIELD, b""))
        if place + 1 >= EVERY:
            return pack(grid)
        stored = client.execute_command("XREVRANGE", key, f"{last}-0", "-", "COUNT", place + 1)
        for entry, values in reversed(wire.entries(stored)):
            before = unpack(values.get(FIELD, b""), known, int(entry.split(b"-")[0]))
    except ValueError:  # damaged, or gone: this sample does without
        return pack(grid)
    if last not in known or before.names != grid.names:
        return pack(grid)
    return pack(grid, before, at - last, place + 1)


def _grid(snapshot: Snapshot, rates: Flows | None, step: int) -> Grid:
    queues = sorted(snapshot.queues, key=lambda queue: -_jobs(queue))[:MOST_QUEUES]
    queues.sort(key=lambda queue: queue.raw_name)
    rows = [_row(queue, snapshot, rates) for queue in queues]
    server = snapshot.redis
    memory = None if server.used_memory is None else server.used_memory // 1024
    figures = (memory, server.connected_clients, server.ops_per_second, int(snapshot.round_trip_ms * 1000))
    living = sum(worker.verdict not in ("dead", "ghost") for worker in snapshot.workers)
    numbers = [0 if value is None else value + 1 for value in (*figures, living)]
    for column in zip(*rows, strict=True):
        numbers.extend(column)
    return Grid(step, tuple(queue.raw_name for queue in queues), tuple(numbers))


def _jobs(queue: QueueStat) -> int:
    counts = queue.counts
    return counts.queued + counts.started + counts.failed + counts.finished + counts.deferred + counts.scheduled


def _row(queue: QueueStat, snapshot: Snapshot, rates: Flows | None) -> tuple[int, ...]:
    counts = queue.counts
    flow = rates.flow(queue.name) if rates else None
    age = (snapshot.taken_at - queue.oldest_at).total_seconds() if queue.oldest_at else None
    plain = (counts.queued, counts.started, counts.finished, counts.failed, counts.deferred, counts.scheduled)
    moving = (flow.in_per_s, flow.out_per_s, flow.failed_per_s) if flow else (None, None, None)
    return (*plain, len(queue.workers), *map(scaled, (age, *moving)), counts.canceled + 1)
