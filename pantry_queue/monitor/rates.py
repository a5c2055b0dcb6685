"""Pure: snapshots over time -> rates in and out, time to drain, stalls.

Redis keeps no counter of what went through a queue, so both rates are estimates over what two snapshots show:

- out: runs that ended. Entries that came into the finished and failed registries, or, where that is more, what the
  workers that serve only this queue counted (registries lose entries when results expire or are not kept at all).
- in: what must have come for the depth to be what it is: change of the waiting and running jobs, plus out.

Time to drain rests on the depth alone, so it does not suffer from either estimate.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pantry_queue.monitor.model import Counts, QueueStat, Snapshot, WorkerStat
from pantry_queue.monitor.samples import Sample, at_or_before, interpolated

Drain = Literal["unknown", "empty", "draining", "steady", "never"]

#: Seconds a rate looks back; a slow queue is looked at for longer, until enough happened to divide.
_WINDOWS = (10.0, 30.0, 60.0)
_ENOUGH_EVENTS = 5
_DRAIN_WINDOW = 60.0
_DRAIN_NEEDS = 5.0
_TURN_WINDOW = 15.0
#: Judgements in a row before `draining` and `never` give way to each other.
_HYSTERESIS = 3
#: A depth that grows by less than this share of the rate out is noise of a queue in balance.
_BALANCE = 0.05
_TREND_SPACING = 5.0
_TREND_SECONDS = 300.0
_KEEP_SECONDS = 900.0
#: A picture that moves on each second would be drawn and sent anew each second.
_PICTURE_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Flow:
    """What moves through a queue, or through all of them.

    Attributes:
        in_per_s, out_per_s, failed_per_s: jobs per second; None until two snapshots are there.
        drain: `empty`, `draining` (see `drains_in`), `steady` (in balance), `never` (grows, or stands still).
        drains_in: seconds until nothing waits at the present pace.
        stalled_for: seconds for which jobs wait while none runs and none ends; 0 when it moves.
    """

    in_per_s: float | None = None
    out_per_s: float | None = None
    failed_per_s: float | None = None
    drain: Drain = "unknown"
    drains_in: float | None = None
    stalled_for: float = 0.0


class RateHistory:
    """Remembers the last minutes of a deployment. Feed it every snapshot with `observe`."""

    def __init__(self) -> None:
        self._queues: dict[str, _Track] = {}
        self._total = _Track(keep=_KEEP_SECONDS)
        self._previous: Snapshot | None = None

    def observe(self, snapshot: Snapshot) -> None:
        """Add one snapshot. One that is not younger than the last is ignored; after a clock that went back for
        more than a minute (another server, a restored machine) the history starts anew."""
        previous, at = self._previous, snapshot.taken_at.timestamp()
        if previous is not None:
            gone = at - previous.taken_at.timestamp()
            if gone < -60 or previous.target != snapshot.target:
                self._queues.clear()
                self._total = _Track(keep=_KEEP_SECONDS)
                previous = None
            elif gone <= 0:
                return
        self._previous = snapshot
        self._add(previous, snapshot, at)

    def _add(self, previous: Snapshot | None, snapshot: Snapshot, at: float) -> None:
        by_worker = _worked(previous, snapshot)
        before = {queue.name: queue.counts for queue in previous.queues} if previous else {}
        arrived = ended = failed = 0.0
        for queue in snapshot.queues:
            track = self._queues.setdefault(queue.name, _Track(keep=_DRAIN_WINDOW))
            moved = _moved(before.get(queue.name), queue, by_worker)
            track.add(at, queue.counts, *moved)
            arrived, ended, failed = arrived + moved[0], ended + moved[1], failed + moved[2]
        for name in self._queues.keys() - {queue.name for queue in snapshot.queues}:
            del self._queues[name]
        unseen = max(0.0, sum(by_worker.values()) - ended)
        self._total.add(at, snapshot.totals, arrived + unseen, ended + unseen, failed)

    def flow(self, queue: str | None = None) -> Flow:
        """The flow of one queue, or of all together; an unknown queue has an unknown flow."""
        track = self._total if queue is None else self._queues.get(queue)
        return track.flow() if track else Flow()

    def trend(self, queue: str, points: int) -> tuple[int, ...]:
        """Depths of the last minutes, newest last, at most `points`: the greatest of each stretch of time.

        A stretch is as short as lets all that is remembered (five minutes) fit, and begins at a round time, so
        that the picture changes only when a stretch ends.
        """
        track = self._queues.get(queue)
        return track.trend(points) if track else ()

    def span(self) -> float:
        """Seconds between the oldest and the newest snapshot that is remembered, 15 minutes at most."""
        samples = self._total.samples
        return samples[-1].at - samples[0].at if samples else 0.0

    def series(self, bucket: float, points: int) -> tuple[Flow, ...]:
        """Rates of all queues per stretch of `bucket` seconds, newest last, complete ones only; it moves on every
        five seconds, or every `bucket` when that is longer."""
        return tuple(
            Flow(
                in_per_s=(b.arrived - a.arrived) / bucket,
                out_per_s=(b.ended - a.ended) / bucket,
                failed_per_s=(b.failed - a.failed) / bucket,
            )
            for a, b in pairwise(self._edges(bucket, points))
        )

    def depths(self, bucket: float, points: int) -> tuple[float, ...]:
        """Jobs waiting in all queues at the end of each stretch of `bucket` seconds, newest last."""
        return tuple(edge.depth for edge in self._edges(bucket, points)[1:])

    def failed_in(self, seconds: float, queue: str | None = None) -> int:
        """How many jobs failed within the last `seconds`, as far as is remembered.

        Args:
            seconds: how far back, up to five minutes.
            queue: one queue, all when left out.
        """
        track = self._total if queue is None else self._queues.get(queue)
        return track.failed_in(seconds) if track else 0

    def _edges(self, bucket: float, points: int) -> list[Sample]:
        samples = self._total.samples
        if len(samples) < 2:
            return []
        step = max(_PICTURE_STEP, bucket)
        end = samples[-1].at // step * step
        known = int((end - samples[0].at) // bucket)
        return interpolated(samples, [end - bucket * back for back in range(min(points, known), -1, -1)])


class _Track:
    """The past of one queue, or of all together."""

    __slots__ = ("_active_at", "_bad", "_coarse", "_drain", "_drains_in", "_good", "_keep", "samples")

    def __init__(self, keep: float) -> None:
        self.samples: deque[Sample] = deque()
        self._coarse: deque[Sample] = deque()
        self._keep = keep
        self._drain: Drain = "unknown"
        self._drains_in: float | None = None
        self._good = self._bad = 0
        self._active_at = 0.0

    def add(self, at: float, counts: Counts, arrived: float, ended: float, failed: float) -> None:
        last = self.samples[-1] if self.samples else Sample(at, 0, 0.0, 0.0, 0.0)
        self.samples.append(Sample(at, counts.queued, last.arrived + arrived, last.ended + ended, last.failed + failed))
        # One sample beyond the window stays, so that the window is always covered.
        while len(self.samples) > 2 and self.samples[1].at <= at - self._keep:
            self.samples.popleft()
        self._remember_coarsely(self.samples[-1])
        if not self._active_at or ended or counts.started or counts.intermediate or not counts.queued:
            self._active_at = at
        self._judge(counts.queued)

    def _remember_coarsely(self, now: Sample) -> None:
        coarse = self._coarse
        if not coarse or now.at - coarse[-1].at >= _TREND_SPACING:
            coarse.append(now)
        else:
            coarse[-1] = coarse[-1]._replace(depth=max(coarse[-1].depth, now.depth))
        while coarse[0].at < now.at - _TREND_SECONDS:
            coarse.popleft()

    def failed_in(self, seconds: float) -> int:
        if not self.samples:
            return 0
        now = self.samples[-1]
        return round(now.failed - at_or_before(self._coarse, now.at - seconds).failed)

    def flow(self) -> Flow:
        if not self.samples:
            return Flow()
        return Flow(
            in_per_s=self._rate("arrived"),
            out_per_s=self._rate("ended"),
            failed_per_s=self._rate("failed"),
            drain=self._drain,
            drains_in=self._drains_in,
            stalled_for=self.samples[-1].at - self._active_at,
        )

    def trend(self, points: int) -> tuple[int, ...]:
        if not self._coarse:
            return ()
        stretch = _TREND_SPACING
        while stretch * points < self._coarse[-1].at - self._coarse[0].at:
            stretch += _TREND_SPACING
        greatest: dict[int, int] = {}
        for sample in self._coarse:
            place = int(sample.at // stretch)
            greatest[place] = max(greatest.get(place, 0), sample.depth)
        last = max(greatest)
        row: list[int] = []
        for place in range(max(min(greatest), last - points + 1), last + 1):
            row.append(greatest.get(place, row[-1] if row else 0))
        return tuple(row)

    def _rate(self, name: Literal["arrived", "ended", "failed"]) -> float | None:
        now = self.samples[-1]
        if len(self.samples) < 2:
            return None
        rate = 0.0
        for window in _WINDOWS:
            then = at_or_before(self.samples, now.at - window)
            events = getattr(now, name) - getattr(then, name)
            rate = events / (now.at - then.at) if now.at > then.at else 0.0
            if events >= _ENOUGH_EVENTS:
                break
        return rate

    def _judge(self, depth: int) -> None:
        """Decide on draining or not, from the slope of the depth over the last minute."""
        now, then = self.samples[-1], at_or_before(self.samples, self.samples[-1].at - _DRAIN_WINDOW)
        if depth == 0:
            self._drain, self._drains_in, self._good, self._bad = "empty", 0.0, 0, 0
            return
        seconds = now.at - then.at
        if seconds < _DRAIN_NEEDS:
            if self._drain in ("unknown", "empty"):
                self._drain, self._drains_in = "unknown", None
            return
        slope = (now.depth - then.depth) / seconds
        out = (now.ended - then.ended) / seconds
        noise = max(out * _BALANCE, 1 / _DRAIN_WINDOW)
        if slope >= 0:
            # A queue that has turned drains, though it holds more than a minute ago.
            lately = at_or_before(self.samples, now.at - _TURN_WINDOW)
            recent = (now.depth - lately.depth) / (now.at - lately.at)
            slope = recent if recent < -noise else slope
        if slope < 0:
            verdict: Drain = "draining"
        elif out > 0 and slope <= noise:
            verdict = "steady"
        else:
            verdict = "never"
        self._good, self._bad = (0, self._bad + 1) if verdict == "never" else (self._good + 1, 0)
        opposed = (self._drain == "never") != (verdict == "never") and self._drain not in ("unknown", "empty")
        if opposed and max(self._good, self._bad) < _HYSTERESIS:
            return
        self._drain = verdict
        self._drains_in = depth / -slope if verdict == "draining" else None


def _worked(previous: Snapshot | None, snapshot: Snapshot) -> dict[tuple[str, ...], int]:
    """Jobs ended since the previous snapshot by the workers' own counters, per tuple of queues they serve."""
    if previous is None:
        return {}
    before = {worker.name: worker for worker in previous.workers}
    ended: dict[tuple[str, ...], int] = {}
    for worker in snapshot.workers:
        ended[worker.queues] = ended.get(worker.queues, 0) + _ended(before.get(worker.name), worker, previous)
    return ended


def _ended(before: WorkerStat | None, now: WorkerStat, previous: Snapshot) -> int:
    done = now.successful + now.failed
    if before is not None and before.birth_at == now.birth_at:
        return max(0, done - before.successful - before.failed)
    born_since = now.birth_at is not None and now.birth_at >= previous.taken_at
    return done if born_since else 0


def _moved(
    before: Counts | None, queue: QueueStat, by_worker: dict[tuple[str, ...], int]
) -> tuple[float, float, float]:
    """What arrived, ended and failed in a queue since `before`."""
    now = queue.counts
    if before is None:
        return 0.0, 0.0, 0.0
    registered = _kept(now) - _kept(before)
    ended = max(0, registered, by_worker.get((queue.name,), 0))
    waiting = now.queued + now.started + now.intermediate - before.queued - before.started - before.intermediate
    return max(0, waiting + ended), ended, max(0, now.failed - before.failed)


def _kept(counts: Counts) -> int:
    return counts.finished + counts.failed + counts.expired
