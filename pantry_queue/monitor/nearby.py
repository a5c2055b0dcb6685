"""A window of many registries merged, found from where the last one was.

A console reads the same window again and again, and then the one beside it. The stretch that held the last one is read
first; where it does not hold what is wanted, how crowded it is tells where to look next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pantry_queue.monitor import stretch
from pantry_queue.monitor.merge import Source
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.stretch import Bounds

if TYPE_CHECKING:
    from redis import Redis

#: Stretches that are tried before the whole of the registries is searched.
_TRIES = 4
#: A stretch has a margin before and behind the window: so many entries, and half as many as the window has.
_MARGIN = 16


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch that was read, or is supposed to be there: nothing here is taken for true, all is counted again.

    Attributes:
        queues: whose registries these are.
        total: entries of all.
        before: entries before the stretch.
        held: entries in it.
        offsets: entries of each before it.
        density: entries to a unit of rank.
    """

    queues: list[str]
    total: int
    bounds: Bounds
    before: int
    held: int
    offsets: list[int]
    density: float


#: By connection pool, then by state and order.
_marks: WeakKeyDictionary[Any, dict[tuple[str, bool], _Mark]] = WeakKeyDictionary()


def window(client: Redis, sources: Sequence[Source], start: int, count: int) -> tuple[list[Place], int] | None:
    """The window, if it lies where the last one of this state and order was, or not far from it.

    Args:
        client: a connection that returns bytes.
        sources: registries, none of them a list, all in one order.
        start: position of the first entry in the merged order.
        count: entries at most.

    Returns:
        The entries, and how many there are in all; None where they have to be searched for.

    Raises:
        redis.exceptions.RedisError: the server is away, or a registry may not be read.
    """
    known, place = _marks.setdefault(client.connection_pool, {}), (sources[0].state, sources[0].newest_first)
    mark = known.pop(place, None)
    if mark is None or mark.queues != [source.queue for source in sources]:
        return None
    bounds, margin = _aimed(mark, start, count), _margin(count)
    for _ in range(_TRIES):
        if bounds is None:
            return None
        found = stretch.read(client, sources, bounds, count + 4 * margin, mark.offsets)
        mark = _seen(mark, bounds, found)
        behind = start - found.before
        if start >= found.total:
            known[place] = mark
            return [], found.total
        enough = len(found.entries) >= min(behind + count, found.total - found.before)
        if 0 <= behind <= 4 * margin and enough and found.whole:
            known[place] = mark
            chosen = found.entries[behind : behind + count]
            return [sources[index].place(member, score) for _, index, member, score in chosen], found.total
        following = _aimed(mark, start, count)
        bounds = following if following != bounds else None
    return None


def remember(
    client: Redis,
    sources: Sequence[Source],
    offsets: list[int],
    total: int,
    ranks: Sequence[float],
    start: int,
    count: int,
) -> None:
    """Where a window that was searched for has been found.

    Args:
        client: the connection it was read by.
        sources: its registries.
        offsets: entries of each that were not read, since they come before it.
        total: entries of all.
        ranks: of the entries that were read, in order.
        start: position of the window's first entry among those.
        count: its entries.
    """
    first, last = max(0, start - _margin(count)), min(len(ranks), start + count + _margin(count)) - 1
    if not 0 <= first < last:
        return
    begins = not first and not any(offsets)
    low, high = ranks[first], ranks[last]
    if not low < high or math.isinf(high) or (math.isinf(low) and not begins):
        return
    held = last - first
    density = held / (high - low) if math.isfinite(low) else 1.0
    bounds = Bounds(-math.inf if begins else low, high)
    mark = _Mark([one.queue for one in sources], total, bounds, sum(offsets) + first, held, offsets, density)
    _marks.setdefault(client.connection_pool, {})[sources[0].state, sources[0].newest_first] = mark


def suppose(client: Redis, sources: Sequence[Source], total: int, start: int, rank: float, density: float) -> None:
    """Where a position of the merged order may be.

    Args:
        client: the connection that windows are read by.
        sources: registries, none of them a list, all in one order.
        total: entries of all.
        start: the position.
        rank: of the entry there.
        density: entries to a unit of rank.
    """
    queues, bounds = [one.queue for one in sources], Bounds(rank, rank)
    mark = _Mark(queues, total, bounds, start, 0, [0] * len(queues), density)
    _marks.setdefault(client.connection_pool, {})[sources[0].state, sources[0].newest_first] = mark


def _margin(count: int) -> int:
    return _MARGIN + count // 2


def _seen(mark: _Mark, bounds: Bounds, found: stretch.Found) -> _Mark:
    """What a stretch that was read tells."""
    held = len(found.entries)
    width = bounds.high - bounds.low
    if math.isinf(width) and held > 1:
        width = found.entries[-1][0] - found.entries[0][0]
    density = max(held, 1) / width if 0 < width < math.inf else mark.density
    return _Mark(mark.queues, found.total, bounds, found.before, held, found.offsets, density)


def _aimed(mark: _Mark, start: int, count: int) -> Bounds | None:
    """Where the window should be; None where that cannot be said."""
    margin, (low, high) = _margin(count), mark.bounds
    if mark.before <= start <= mark.before + 4 * margin and start + count <= min(mark.before + mark.held, mark.total):
        return mark.bounds
    rank, entries = (low, mark.before) if math.isfinite(low) else (high, mark.before + mark.held)
    if not math.isfinite(rank):
        return None
    low = rank + (start - margin - entries) / mark.density if start > margin else -math.inf
    high = rank + (start + count + margin - entries) / mark.density if start + count + margin < mark.total else math.inf
    return Bounds(low, high) if low < high else None
