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
_MINUTES_A_TRIP = 60
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
    *_, found = reading(client, keys, since)
    return found


def reading(client: Redis, keys: Keys, since: float) -> Iterator[Functions]:
    """The same in steps of some ten milliseconds, the newest hour first, for who has other things to do between them:
    each tells the counts so far and how far back they reach, the last ones the slowest runs too.

    Args, Raises: see `read`.
    """
    now = server_time(ask(client, [("TIME",)])[0])
    last = int(now.timestamp()) // 60
    first = max(last - MOST_MINUTES, int(now.timestamp() - max(0.0, since)) // 60)
    sums = _Sums(now)
    for at in range(last, first - 1, -_MINUTES_A_TRIP):
        minutes = range(max(first, at - _MINUTES_A_TRIP + 1), at + 1)
        sums.add(client, [keys.stats(minute) for minute in minutes])
        yield sums.so_far(minutes.start)
    for ended in _ends(client, keys, first * 60_000):
        sums.note(ended)
        yield sums.so_far(first)


class _Sums:
    """Sums over minutes, and the slowest run of each function."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._counts = MinuteCounts(_MOST_MORE)
        self._tallies: dict[bytes, _Tally] = {}
        self._slowest: dict[str, Event] = {}
        self._written, self._all_told = 0, True

    def add(self, client: Redis, minutes: list[str]) -> None:
        """Read these minutes."""
        found = self._counts.read(client, minutes)
        self._written += len(found)
        for one in reversed(found.values()):  # should there be too many, the newest are told
            self._all_told = _add(self._tallies, one) and self._all_told

    def note(self, ends: Iterable[Event]) -> None:
        """Look for the slowest runs among these."""
        for event in ends:
            name = _counted_as(event.func)
            known = self._slowest.get(name)
            if known is None or (event.seconds or 0) > (known.seconds or 0):
                self._slowest[name] = event

    def so_far(self, first: int) -> Functions:
        """What was read, back to this minute."""
        stats = (_stat(name, tally, self._slowest) for name, tally in self._tallies.items())
        return Functions(
            since=fields.moment(first * 60) or self._now,
            until=self._now,
            minutes=self._written,
            complete=self._counts.complete and self._all_told,
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


def _counted_as(func: str) -> str:
    """A function's name as `workers.stats.name_of` cuts it."""
    return func[:_LONGEST_NAME].replace("|", "_")


def _ends(client: Redis, keys: Keys, since: int) -> Iterator[list[Event]]:
    """Ends of runs since then, as far as they may be read and are still there; at least one list."""
    last = f"{since}-0"
    for _ in range(_MOST_EVENTS // _EVENTS_A_TRIP):
        # A damaged or forbidden stream costs the slowest runs and nothing else.
        found = _events_after(client, keys, last)
        yield [event for event in found if event.seconds is not None and event.seconds >= 0]
        if len(found) < _EVENTS_A_TRIP:
            return
        last = found[-1].entry


def _events_after(client: Redis, keys: Keys, last: str) -> tuple[Event, ...]:
    try:
        return events.after(client, keys, last, _EVENTS_A_TRIP)
    except Exception as error:
        if not wire.is_refusal(error):
            raise
        return ()
