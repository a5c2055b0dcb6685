"""Samples over time, kept in Redis, small and bounded: a day at 10 seconds and a month at 10 minutes.

Whoever runs writes them (`record`), one at a time: the holder of a lock that expires. Two streams,
`pantry:history` and `pantry:history:month`, hold one entry a sample, whose id is the server's time and whose only
field is packed (`pantry_queue.sample_format`). A time in which nobody wrote is a gap, and is told as one.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from pantry_queue.errors import PantryError
from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.wire import ask, permitted, server_time
from pantry_queue.sample_format import QUEUE_FIELDS, Damaged, Grid, pack, place_of, scaled, unpack, unscaled

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.monitor.model import QueueStat, Snapshot
    from pantry_queue.monitor.rates import Flow

INTERVAL = 10
DAY, MONTH = 86_400, 30 * 86_400
#: Seconds between two samples that are kept for a month.
COARSE = 600
#: Queues in one sample: those with most jobs.
MOST_QUEUES = 200
#: One of so many sample is a key sample, and the longest interval samples may be taken at.
EVERY, LONGEST_INTERVAL = 30, 60
_LEAST_LOCK = 30
FIELD = b"d"
_PAGE, _MOST_SAMPLES = 500, 20_000
#: Intervals without a sample that make a gap.
GAP = 2.5
#: Seconds by which the newest entry may be ahead of the server's clock, which may have been set back.
_AHEAD = 600
_token = secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Figures:
    """One queue, or all together, at one moment.

    Attributes:
        oldest_age: seconds the next job has waited (of all queues: the greatest); None when none waits.
        in_per_s, out_per_s, failed_per_s: jobs per second, estimates of `monitor.rates`; None where unknown.
            These and the age are kept to within 2.5 %.
        canceled: None in samples of an earlier version.
    """

    queued: int
    started: int
    finished: int
    failed: int
    deferred: int
    scheduled: int
    workers: int
    oldest_age: float | None
    in_per_s: float | None
    out_per_s: float | None
    failed_per_s: float | None
    canceled: int | None = None


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """Redis at one moment; None where it was not told. Memory in bytes, to within 1 KiB."""

    used_memory: int | None
    connected_clients: int | None
    ops_per_second: int | None
    round_trip_ms: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """What was sampled at one moment.

    Attributes:
        gap: seconds before this sample in which nothing was sampled; 0 where there is none.
        step: seconds until the next sample was due.
        figures: of the queue asked for (None while there was none of that name), or of all.
    """

    at: datetime
    gap: float
    step: int
    figures: Figures | None
    server: ServerFigures


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
        if last is not None and last > at + _AHEAD * 1000:
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


def read(client: Redis, keys: Keys, since: float, queue: str | None = None) -> tuple[Sample, ...]:
    """Samples of the last `since` seconds, oldest first: every ten seconds within a day, else every ten minutes.

    Args:
        client: a connection that returns bytes; it needs no more than the right to look.
        queue: name as the monitor holds it; None is all queues together.

    Raises:
        redis.exceptions.RedisError: the server is away, or the samples may not be read.
    """
    now = server_time(ask(client, [("TIME",)])[0]).timestamp()
    fine = since <= DAY
    stream, kept = (keys.history, DAY) if fine else (keys.history_month, MONTH)
    first = int((now - min(max(0.0, since), kept)) * 1000)
    longest = 2000 * EVERY * (LONGEST_INTERVAL if fine else COARSE)
    name = None if queue is None else wire.raw_of(queue)
    grids: dict[int, Grid] = {}
    found: list[Sample] = []
    before, start = first, f"{max(0, first - longest)}-0"
    for _ in range(_MOST_SAMPLES // _PAGE):
        (reply,) = ask(client, [("XRANGE", stream, start, "+", "COUNT", _PAGE)])
        entries = wire.entries(permitted(reply))
        for entry, values in entries:
            at = int(entry.split(b"-")[0])
            try:
                grid = unpack(values.get(FIELD, b""), grids, at)
            except Damaged:
                continue
            moment = fields.moment(at / 1000)
            if moment is not None and first <= at <= (now + _AHEAD) * 1000:
                gap = (at - before) / 1000
                gap = gap if gap > GAP * max(1, grid.step) else 0.0
                found.append(Sample(moment, gap, grid.step, _figures(grid, name), _server(grid)))
                before = at
        if len(entries) < _PAGE:
            break
        start = f"({entries[-1][0].decode('ascii')}"
        grids = dict(list(grids.items())[-1:])
    return tuple(found)


def _figures(grid: Grid, name: bytes | None) -> Figures | None:
    rows = [grid.queue(index) for index, each in enumerate(grid.names) if name is None or each == name]
    if not rows and name is not None:
        return None
    columns = list(zip(*rows, strict=True)) or [()] * len(QUEUE_FIELDS)
    queued, started, finished, failed, deferred, scheduled, listening = (max(0, sum(column)) for column in columns[:7])
    ages, *moving = [[value for value in map(unscaled, column) if value is not None] for column in columns[7:11]]
    kept = [number - 1 for number in columns[11] if number > 0]
    arriving, ending, failing = (sum(values) if values else None for values in moving)
    return Figures(
        queued=queued,
        started=started,
        finished=finished,
        failed=failed,
        deferred=deferred,
        scheduled=scheduled,
        # A worker may listen to several queues, and is counted once where all are asked for.
        workers=max(0, grid.server()[4] - 1) if name is None else listening,
        oldest_age=max(ages, default=None),
        in_per_s=arriving,
        out_per_s=ending,
        failed_per_s=failing,
        canceled=sum(kept) if kept else None,
    )


def _server(grid: Grid) -> ServerFigures:
    memory, clients, ops, took, _ = (number - 1 if number > 0 else None for number in grid.server())
    return ServerFigures(None if memory is None else memory * 1024, clients, ops, None if took is None else took / 1000)
