"""From the samples that are kept to what came before one look: a history of rates, and how canceled jobs have grown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pantry_queue.history import INTERVAL
from pantry_queue.history_read import COARSE, DAY, EVERY, FIELD, GAP
from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.growth import Grown, grown
from pantry_queue.monitor.model import Counts, QueueStat, RedisFacts, Snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.monitor.wire import ask, server_time
from pantry_queue.sample_format import Damaged, Grid, unpack, unscaled
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: What rates look back at most.
_SECONDS = 300


def recall(client: Redis, keys: Keys, target: str, seconds: float = _SECONDS) -> RateHistory:
    """A history that knows what was sampled of the last minutes. Rates know nothing of what lies beyond the last gap.

    Observe the present after it. Of the past nothing is known of workers, only that so many jobs ended.

    Args:
        client: a connection that returns bytes; the right to look is enough.
        target: address of the server, as the snapshots that follow have it.
        seconds: how far back, a quarter of an hour at most.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    count = int(seconds / INTERVAL) + EVERY
    clock, reply = ask(client, [("TIME",), ("XREVRANGE", keys.history, "+", "-", "COUNT", count)])
    now = server_time(clock).timestamp()
    history, before, step = RateHistory(), 0.0, INTERVAL
    for at, grid in _grids(reply):
        taken = _snapshot(grid, at, target)
        if taken is None or not now - seconds <= at <= now:
            continue
        if at - before > GAP * max(1, grid.step):
            history.interrupt()
        history.recall(taken, _moved(grid))
        before, step = at, grid.step
    if now - before > GAP * max(1, step):
        history.interrupt()
    return history


def canceled(client: Redis, keys: Keys) -> dict[str, Grown]:
    """How the canceled jobs of each queue, by its name in Redis, have grown within a day, by a sample each ten minutes.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    clock, reply = ask(client, [("TIME",), ("XREVRANGE", keys.history_month, "+", "-", "COUNT", DAY // COARSE + EVERY)])
    now = server_time(clock).timestamp()
    counts: dict[str, list[tuple[float, int]]] = {}
    for at, grid in _grids(reply):
        if now - DAY <= at <= now:
            for index, name in enumerate(grid.names):
                if (kept := grid.queue(index)[11]) > 0:
                    counts.setdefault(wire.name_of(name), []).append((at, kept - 1))
    return {name: found for name, moments in counts.items() if (found := grown(moments))}


def _grids(reply: Any) -> Iterator[tuple[float, Grid]]:
    """What a stream that was read backwards holds, oldest first, each with its time; what is damaged is left out."""
    known: dict[int, Grid] = {}
    for entry, values in reversed(wire.entries(reply)):
        at = int(entry.split(b"-")[0])
        try:
            yield at / 1000, unpack(values.get(FIELD, b""), known, at)
        except Damaged:
            continue


def _snapshot(grid: Grid, at: float, target: str) -> Snapshot | None:
    moment = fields.moment(at)
    if moment is None:
        return None
    stats = []
    for index, name in enumerate(grid.names):
        queued, started, finished, failed, deferred, scheduled, *_ = grid.queue(index)
        counts = Counts(queued, started, finished, failed, deferred, scheduled)
        stats.append(QueueStat(safe(name), counts, raw_name=name))
    return Snapshot(moment, 0.0, SafeText(target), RedisFacts(), queues=tuple(stats))


def _moved(grid: Grid) -> dict[str, tuple[float, float]]:
    """Jobs ended and failed a second, by the name of the queue as it is shown."""
    found: dict[str, tuple[float, float]] = {}
    for index, name in enumerate(grid.names):
        ended, failed = map(unscaled, grid.queue(index)[9:11])
        found[safe(name)] = (ended or 0.0, failed or 0.0)
    return found
