"""Pure: the past of one queue, or of all together -> its flow: rates, time to drain, for how long it stands still."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from pantry_queue.monitor.model import Counts
from pantry_queue.monitor.samples import Sample, at_or_before

Drain = Literal["unknown", "empty", "draining", "steady", "never"]

#: Seconds a rate looks back; a slow queue is looked at for longer, until enough happened to divide.
_WINDOWS = (10.0, 30.0, 60.0)
_ENOUGH_EVENTS = 5
DRAIN_WINDOW = 60.0
_DRAIN_NEEDS = 5.0
_TURN_WINDOW = 15.0
#: Judgements in a row before `draining` and `never` give way to each other.
_HYSTERESIS = 3
#: A depth that grows by less than this share of the rate out is noise of a queue in balance.
_BALANCE = 0.05
_TREND_SPACING = 5.0
_TREND_SECONDS = 300.0


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


class Track:
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

    def within(self, what: Literal["ended", "failed"], seconds: float) -> int:
        if not self.samples:
            return 0
        now = self.samples[-1]
        then = at_or_before(self._coarse, now.at - seconds)
        gone: float = getattr(now, what) - getattr(then, what)
        return round(gone)

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
        now, then = self.samples[-1], at_or_before(self.samples, self.samples[-1].at - DRAIN_WINDOW)
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
        noise = max(out * _BALANCE, 1 / DRAIN_WINDOW)
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
