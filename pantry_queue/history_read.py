"""Reading samples that are kept (`pantry_queue.history`): whole, or page by page and then only what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.wire import ask, permitted, server_time
from pantry_queue.sample_format import QUEUE_FIELDS, Damaged, Grid, unpack, unscaled

if TYPE_CHECKING:
    from redis import Redis

DAY, MONTH = 86_400, 30 * 86_400
#: Seconds between two samples that are kept for a month.
COARSE = 600
#: One of so many samples is a key sample, and the longest interval samples may be taken at.
EVERY, LONGEST_INTERVAL = 30, 60
FIELD = b"d"
#: Intervals without a sample that make a gap.
GAP = 2.5
#: Seconds by which the newest entry may be ahead of the server's clock, which may have been set back.
AHEAD = 600
_PAGE, _MOST_SAMPLES = 500, 20_000


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
        number: samples it stands for, where some were drawn together: then each figure is the greatest of theirs.
    """

    at: datetime
    gap: float
    step: int
    figures: Figures | None
    server: ServerFigures
    number: int = 1


class Samples:
    """Samples of one queue, or of all together, of a time that ends now. `look` reads them, and later what is new.

    Args:
        since: seconds the time lasts.
        queue: name as the monitor holds it; None is all queues together.
        fine: every ten seconds, of which a day is kept, or every ten minutes, of which a month is; the finer that
            reach back far enough when left out.
        together: samples of so many seconds are drawn together to one; 0 leaves each by itself.
    """

    def __init__(
        self, keys: Keys, since: float, queue: str | None = None, *, fine: bool | None = None, together: float = 0.0
    ) -> None:
        fine = since <= DAY if fine is None else fine
        self._stream, kept = (keys.history, DAY) if fine else (keys.history_month, MONTH)
        self._since, self._together = min(max(0.0, since), kept), together
        self._name = None if queue is None else wire.raw_of(queue)
        self._lead = 2.0 * EVERY * (LONGEST_INTERVAL if fine else COARSE)
        self._grids: dict[int, Grid] = {}
        self._start, self._first, self._before = "", 0.0, 0.0
        self._done: list[Sample] = []
        self._open: list[Sample] = []

    def look(self, client: Redis) -> Iterator[None]:
        """Read what has come since the last look, a page of some 50 ms a step; a look may be left at any step.

        Args:
            client: a connection that returns bytes; it needs no more than the right to look.

        Raises:
            redis.exceptions.RedisError: the server is away, or the samples may not be read.
        """
        for _ in range(_MOST_SAMPLES // _PAGE):
            now = server_time(ask(client, [("TIME",)])[0]).timestamp()
            self._first = now - self._since
            self._before = max(self._before, self._first)
            start = self._start or f"{max(0, int((self._first - self._lead) * 1000))}-0"
            (reply,) = ask(client, [("XRANGE", self._stream, start, "+", "COUNT", _PAGE)])
            entries = wire.entries(permitted(reply))
            for entry, values in entries:
                self._add(int(entry.split(b"-")[0]), values.get(FIELD, b""), now)
            if entries:
                self._start = f"({entries[-1][0].decode('ascii')}"
            # A difference rests on the sample before it.
            self._grids = dict(list(self._grids.items())[-1:])
            yield
            if len(entries) < _PAGE:
                return

    def found(self) -> tuple[Sample, ...]:
        """What has been read so far and is not too old, oldest first."""
        old = next((n for n, one in enumerate(self._done) if one.at.timestamp() >= self._first), len(self._done))
        del self._done[:old]
        samples = (*self._done, *([_together(self._open)] if self._open else ()))
        if not samples:
            return ()
        since = samples[0].at.timestamp() - self._first
        return (replace(samples[0], gap=min(samples[0].gap, since)), *samples[1:])

    def _add(self, at: int, payload: bytes, now: float) -> None:
        try:
            grid = unpack(payload, self._grids, at)
        except Damaged:
            return
        moment, seconds = fields.moment(at / 1000), at / 1000
        if moment is None or not self._first <= seconds <= now + AHEAD:
            return
        gap = seconds - self._before
        gap = gap if gap > GAP * max(1, grid.step) else 0.0
        self._before = seconds
        if self._open and not (self._together and self._stretch(self._open[-1].at) == self._stretch(moment)):
            self._done.append(_together(self._open))
            self._open = []
        self._open.append(Sample(moment, gap, grid.step, _figures(grid, self._name), _server(grid)))

    def _stretch(self, moment: datetime) -> int:
        return int(moment.timestamp() // self._together)


def read(client: Redis, keys: Keys, since: float, queue: str | None = None) -> tuple[Sample, ...]:
    """Samples of the last `since` seconds, oldest first: every ten seconds within a day, else every ten minutes.

    Args:
        client: a connection that returns bytes; it needs no more than the right to look.
        queue: name as the monitor holds it; None is all queues together.

    Raises:
        redis.exceptions.RedisError: the server is away, or the samples may not be read.
    """
    samples = Samples(keys, since, queue)
    for _ in samples.look(client):
        pass
    return samples.found()


_OF_QUEUE = attrgetter(*Figures.__dataclass_fields__)
_OF_SERVER = attrgetter(*ServerFigures.__dataclass_fields__)


def _together(samples: Sequence[Sample]) -> Sample:
    """One for all of them: the greatest of each figure, at the time of the last."""
    if len(samples) == 1:
        return samples[0]
    figures = [_OF_QUEUE(one.figures) for one in samples if one.figures is not None]
    return replace(
        samples[-1],
        gap=sum(one.gap for one in samples),
        figures=Figures(*map(_greatest, zip(*figures, strict=True))) if figures else None,
        server=ServerFigures(*map(_greatest, zip(*(_OF_SERVER(one.server) for one in samples), strict=True))),
        number=len(samples),
    )


def _greatest(values: Sequence[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


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
