"""How each function fares: runs, failures, run times and waiting times, as PantryWorkers count them.

Counts are those of `pantry_queue.workers.stats` (one hash a minute, kept for a day), the slowest runs those of
`pantry_queue.monitor.events`. RQ's own workers write neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import events, fields, wire
from pantry_queue.monitor.events import Event
from pantry_queue.monitor.minute_counts import MOST_MINUTES, MinuteCounts, Place
from pantry_queue.monitor.wire import ask, server_time
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from redis import Redis

#: Minutes asked for in one round trip.
_MINUTES_A_TRIP = 240
#: Round trips for what did not fit, over all minutes, and functions told apart.
_MOST_MORE, _MOST_FUNCTIONS = 200, 2000
_MOST_EVENTS, _EVENTS_A_TRIP = 10_000, 1000
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Times:
    """A distribution in seconds, known to within a factor of two; None where nothing was counted.

    Attributes:
        max: nothing took longer; it may have been half of that.
    """

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class FunctionStat:
    """One function over the time looked at.

    Attributes:
        runs: runs that ended, those that raised (`failures`) among them.
        run: how long they ran; wait: from enqueueing to start.
        slowest: the slowest run whose end is still among the events; None when none is.
    """

    func: SafeText
    runs: int
    failures: int
    run: Times
    wait: Times
    slowest: Event | None = None

    @property
    def failure_rate(self) -> float | None:
        """Share of runs that raised, 0 to 1."""
        return min(1.0, self.failures / self.runs) if self.runs else None


@dataclass(frozen=True, slots=True)
class Functions:
    """What was read.

    Attributes:
        since, until: by the server's time; counts are by whole minutes.
        minutes: minutes in which a PantryWorker ended a job; 0 when none has written anything.
        complete: False when there was more than is read at a time.
        functions: those that ran most first.
    """

    since: datetime
    until: datetime
    minutes: int
    complete: bool
    functions: tuple[FunctionStat, ...]


@dataclass(slots=True)
class _Tally:
    ends: Counter[str] = field(default_factory=Counter)
    run: Counter[int] = field(default_factory=Counter)
    wait: Counter[int] = field(default_factory=Counter)


def read(client: Redis, keys: Keys, since: float) -> Functions:
    """Counts of the last `since` seconds.

    Args:
        client: a connection that returns bytes.
        since: seconds, at most those that are kept (25 hours).

    Raises:
        redis.exceptions.RedisError: the server is away, or the counts may not be read.
    """
    now = server_time(ask(client, [("TIME",)])[0])
    last = int(now.timestamp()) // 60
    first = max(last - MOST_MINUTES, int(now.timestamp() - max(0.0, since)) // 60)
    counts, tallies = MinuteCounts(_MOST_MORE), dict[bytes, _Tally]()
    written, all_told = 0, True
    for at in range(first, last + 1, _MINUTES_A_TRIP):
        minutes = range(at, min(at + _MINUTES_A_TRIP, last + 1))
        found = counts.read(client, [keys.stats(minute) for minute in minutes])
        written += len(found)
        for one in reversed(found.values()):  # should there be too many, the newest are told
            all_told = _add(tallies, one) and all_told
    slowest = _slowest(client, keys, first * 60_000)
    stats = (_stat(name, tally, slowest) for name, tally in tallies.items())
    return Functions(
        since=fields.moment(first * 60) or now,
        until=now,
        minutes=written,
        complete=counts.complete and all_told,
        functions=tuple(sorted(stats, key=lambda stat: (-stat.runs, stat.func))),
    )


def _add(tallies: dict[bytes, _Tally], counts: dict[Place, int]) -> bool:
    """Add the counts of a minute; returns False when there are more functions than are told apart."""
    all_told = True
    for place, count in counts.items():
        tally = tallies.get(place.func)
        if tally is None:
            if len(tallies) >= _MOST_FUNCTIONS:
                all_told = False
                continue
            tally = tallies.setdefault(place.func, _Tally())
        if place.kind in "nf":
            tally.ends[place.kind] += count
        else:
            (tally.run if place.kind == "r" else tally.wait)[place.bucket] += count
    return all_told


def _stat(name: bytes, tally: _Tally, slowest: dict[str, Event]) -> FunctionStat:
    func = fields.line(name)
    return FunctionStat(
        func=func,
        runs=tally.ends["n"],
        failures=tally.ends["f"],
        run=times(tally.run),
        wait=times(tally.wait),
        slowest=slowest.get(func),
    )


def times(buckets: Counter[int]) -> Times:
    """Percentiles of a histogram: bucket b holds times below 2^b milliseconds, and not below half of that."""
    total = sum(buckets.values())
    if not total:
        return Times()
    top = max(bucket for bucket, count in buckets.items() if count)
    return Times(total, _at(buckets, total * 0.5), _at(buckets, total * 0.95), (1 << top) / 1000)


def _at(buckets: Counter[int], rank: float) -> float:
    """Seconds below which `rank` of the times lie, on a straight line inside the bucket."""
    below = 0
    for bucket in sorted(bucket for bucket, count in buckets.items() if count):
        count = buckets[bucket]
        if below + count >= rank:
            low = 1 << (bucket - 1) if bucket else 0
            return (low + ((1 << bucket) - low) * (rank - below) / count) / 1000
        below += count
    return 0.0


def _slowest(client: Redis, keys: Keys, since: int) -> dict[str, Event]:
    """The slowest run of each function, by what may be read of the events of that time."""
    found: dict[str, Event] = {}
    for event in _ends(client, keys, since):
        name = _counted_as(event.func)
        known = found.get(name)
        if known is None or (event.seconds or 0) > (known.seconds or 0):
            found[name] = event
    return found


def _counted_as(func: str) -> str:
    """A function's name as `workers.stats.name_of` cuts it."""
    return func[:_LONGEST_NAME].replace("|", "_")


def _ends(client: Redis, keys: Keys, since: int) -> Iterator[Event]:
    last = f"{since}-0"
    for _ in range(_MOST_EVENTS // _EVENTS_A_TRIP):
        # A damaged or forbidden stream costs the slowest runs and nothing else.
        read_now: Iterable[Event] = _events_after(client, keys, last)
        count = 0
        for event in read_now:
            count, last = count + 1, event.entry
            if event.seconds is not None and event.seconds >= 0:
                yield event
        if count < _EVENTS_A_TRIP:
            return


def _events_after(client: Redis, keys: Keys, last: str) -> tuple[Event, ...]:
    try:
        return events.after(client, keys, last, _EVENTS_A_TRIP)
    except Exception as error:
        if not wire.is_refusal(error):
            raise
        return ()
