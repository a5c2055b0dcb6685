"""Pure: snapshots over time -> rates in and out, time to drain, stalls.

Redis keeps no counter of what went through a queue, so both rates are estimates over what two snapshots show:

- out: runs that ended. Entries that came into the finished and failed registries, or, where that is more, what the
  workers that serve only this queue counted (registries lose entries when results expire or are not kept at all).
- in: what must have come for the depth to be what it is: change of the waiting and running jobs, plus out.

Time to drain rests on the depth alone, so it does not suffer from either estimate.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import pairwise

from pantry_queue.monitor.model import Counts, QueueStat, Snapshot, WorkerStat
from pantry_queue.monitor.samples import Sample, interpolated
from pantry_queue.monitor.track import DRAIN_WINDOW, Drain, Flow, Track

__all__ = ["Drain", "Flow", "RateHistory"]

_KEEP_SECONDS = 900.0
_MOST_SEGMENTS = 20
#: A picture that moves on each second would be drawn and sent anew each second.
_PICTURE_STEP = 5.0


class RateHistory:
    """Remembers the last minutes of a deployment. Feed it every snapshot with `observe`."""

    def __init__(self) -> None:
        self._queues: dict[str, Track] = {}
        self._total = Track(keep=_KEEP_SECONDS)
        #: What was seen of all queues before it was interrupted.
        self._earlier: list[deque[Sample]] = []
        self._previous: Snapshot | None = None

    def observe(self, snapshot: Snapshot) -> None:
        """Add one snapshot. One that is not younger than the last is ignored; after a clock that went back for
        more than a minute (another server, a restored machine) the history starts anew."""
        previous, at = self._previous, snapshot.taken_at.timestamp()
        if previous is not None:
            gone = at - previous.taken_at.timestamp()
            if gone < -60 or previous.target != snapshot.target:
                self.interrupt()
                self._earlier.clear()
                previous = None
            elif gone <= 0:
                return
        self._previous = snapshot
        self._add(previous, snapshot, at)

    def recall(self, snapshot: Snapshot, moved: Mapping[str, tuple[float, float]]) -> None:
        """Add a moment of the past that somebody else has sampled; younger ones and the present follow.

        Args:
            snapshot: what was kept of it: counts.
            moved: by queue, jobs that ended and jobs that failed a second in the time before it.
        """
        previous, at = self._previous, snapshot.taken_at.timestamp()
        seconds = max(0.0, at - previous.taken_at.timestamp()) if previous else 0.0
        before = {queue.name: _alive(queue.counts) for queue in previous.queues} if previous else {}
        self._previous = snapshot
        totals = [0.0, 0.0, 0.0]
        for queue in snapshot.queues:
            ended, failed = (seconds * rate for rate in moved.get(queue.name, (0.0, 0.0)))
            alive = _alive(queue.counts)
            arrived = max(0.0, alive - before.get(queue.name, alive) + ended) if previous else 0.0
            self._queues.setdefault(queue.name, Track(keep=DRAIN_WINDOW)).add(at, queue.counts, arrived, ended, failed)
            totals = [sum(pair) for pair in zip(totals, (arrived, ended, failed), strict=True)]
        self._total.add(at, snapshot.totals, *totals)

    def interrupt(self) -> None:
        """Nothing was seen for a while: rates begin anew, and charts show a gap."""
        if self._total.samples:
            self._earlier = [*self._earlier, self._total.samples][-_MOST_SEGMENTS:]
        self._queues.clear()
        self._total, self._previous = Track(keep=_KEEP_SECONDS), None

    def _add(self, previous: Snapshot | None, snapshot: Snapshot, at: float) -> None:
        by_worker = _worked(previous, snapshot)
        before = {queue.name: queue.counts for queue in previous.queues} if previous else {}
        arrived = ended = failed = 0.0
        for queue in snapshot.queues:
            track = self._queues.setdefault(queue.name, Track(keep=DRAIN_WINDOW))
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
        """Seconds that were seen without a gap up to the newest snapshot, 15 minutes at most."""
        samples = self._total.samples
        return samples[-1].at - samples[0].at if samples else 0.0

    def reach(self) -> float:
        """Seconds a chart can look back, over gaps too, 15 minutes at most."""
        segments = self._segments()
        return segments[-1][-1].at - segments[0][0].at if segments else 0.0

    def series(self, bucket: float, points: int) -> tuple[Flow, ...]:
        """Rates of all queues per stretch of `bucket` seconds, newest last, complete ones only; it moves on every
        five seconds, or every `bucket` when that is longer. Where nothing was seen they are unknown."""
        return tuple(
            Flow()
            if a is None or b is None
            else Flow(
                in_per_s=max(0.0, b.arrived - a.arrived) / bucket,
                out_per_s=max(0.0, b.ended - a.ended) / bucket,
                failed_per_s=max(0.0, b.failed - a.failed) / bucket,
            )
            for a, b in pairwise(self._edges(bucket, points))
        )

    def depths(self, bucket: float, points: int) -> tuple[float | None, ...]:
        """Jobs waiting in all queues at the end of each stretch of `bucket` seconds, newest last; None in a gap."""
        return tuple(edge.depth if edge else None for edge in self._edges(bucket, points)[1:])

    def failed_in(self, seconds: float, queue: str | None = None) -> int:
        """How many jobs failed within the last `seconds`, as far as is remembered.

        Args:
            seconds: how far back, up to five minutes.
            queue: one queue, all when left out.
        """
        track = self._total if queue is None else self._queues.get(queue)
        return track.within("failed", seconds) if track else 0

    def ended_in(self, seconds: float, queue: str | None = None) -> int:
        """How many runs ended, well or not; as `failed_in`."""
        track = self._total if queue is None else self._queues.get(queue)
        return track.within("ended", seconds) if track else 0

    def _segments(self) -> list[deque[Sample]]:
        """What was seen without a gap each, oldest first, as far as charts go back."""
        now = self._total.samples
        if not now:
            return []
        return [*(one for one in self._earlier if one[-1].at > now[-1].at - _KEEP_SECONDS), now]

    def _edges(self, bucket: float, points: int) -> list[Sample | None]:
        segments = self._segments()
        if not segments or (len(segments) == 1 and len(segments[0]) < 2):
            return []
        step = max(_PICTURE_STEP, bucket)
        end = segments[-1][-1].at // step * step
        known = int((end - segments[0][0].at) // bucket)
        times = [end - bucket * back for back in range(min(points, known), -1, -1)]
        found: dict[float, Sample] = {}
        for segment in segments:
            inside = [at for at in times if segment[0].at <= at <= segment[-1].at]
            found |= zip(inside, interpolated(segment, inside), strict=True)
        return [found.get(at) for at in times]


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
    waiting = _alive(now) - _alive(before)
    return max(0, waiting + ended), ended, max(0, now.failed - before.failed)


def _alive(counts: Counts) -> int:
    return counts.queued + counts.started + counts.intermediate


def _kept(counts: Counts) -> int:
    return counts.finished + counts.failed + counts.expired
