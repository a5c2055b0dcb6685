"""Asking for a diagnosis from the console: of the deployment a piece each reading, so that the reader never waits long,
and of one job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Explanation, Step
    from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts

#: Seconds of looking in one reading.
_PIECE_SECONDS = 0.1
#: Seconds after which a deployment is examined anew, and a job explained anew, while somebody looks on.
EXAMINED_EVERY, EXPLAINED_EVERY = 60.0, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What is known of a deployment so far.

    Attributes:
        facts: for `diagnosis.judge`.
        took_ms: milliseconds spent on reading them.
        rest: seconds until it is worth reading on; None when it has come to its end.
        stopped: it was told to end before that.
    """

    facts: DeploymentFacts
    took_ms: float
    rest: float | None = None
    stopped: bool = False

    @property
    def going(self) -> bool:
        """Whether the next reading tells more."""
        return self.rest is not None


@dataclass(slots=True)
class _Begun:
    turn: int
    steps: Iterator[Step]
    found: Examined | None = None
    rests_until: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class DoctorNeed(Need[Examined]):
    """The facts of a deployment; asked for until they are all there, and then again and again for news.

    Attributes:
        turn: another number begins anew, however lately that was done.
        stop: go no further than it has come, and begin no more.
    """

    turn: int = 0
    stop: bool = False

    def read(self, reading: Reading) -> Examined:
        """See `Need.read`."""
        kept: _Begun | None = reading.kept.get(DoctorNeed)
        old = kept is not None and kept.ended and not self.stop and time.monotonic() - kept.ended >= EXAMINED_EVERY
        if kept is None or kept.turn != self.turn or old:
            from pantry_queue.monitor.diagnosis import examining
            from pantry_queue.recalling import canceled

            steps = examining(reading.client, reading.keys, canceled=canceled(reading.client, reading.keys))
            kept = reading.kept[DoctorNeed] = _Begun(self.turn, steps)
        if kept.found is None or (kept.found.going and time.monotonic() >= kept.rests_until):
            self._go_on(kept)
        if self.stop and kept.found is not None and kept.found.going:
            kept.found = Examined(kept.found.facts, kept.found.took_ms, stopped=True)
            kept.ended = time.monotonic()
        assert kept.found is not None  # there is always a first step
        return kept.found

    def _go_on(self, kept: _Begun) -> None:
        began = time.monotonic()
        before = kept.found.took_ms if kept.found is not None else 0.0
        for step in kept.steps:
            now = time.monotonic()
            kept.rests_until = now + step.rest
            kept.found = Examined(step.facts, before + (now - began) * 1000, step.rest)
            if step.rest or self.stop or now - began >= _PIECE_SECONDS:
                return
        kept.ended = time.monotonic()
        assert kept.found is not None
        kept.found = Examined(kept.found.facts, before + (kept.ended - began) * 1000)


@dataclass(frozen=True, slots=True)
class WhyNeed(Need["Explanation | None"]):
    """Why a job is where it is, by its id in Redis; None when there is no such job.

    Attributes:
        turn: another number asks anew, however lately that was done.
    """

    job_id: str
    turn: int = 0

    def read(self, reading: Reading) -> Explanation | None:
        """See `Need.read`."""
        from pantry_queue.monitor import diagnosis

        kept: tuple[WhyNeed, float, Explanation | None] | None = reading.kept.get(WhyNeed)
        if kept is not None and kept[0] == self and time.monotonic() - kept[1] < EXPLAINED_EVERY:
            return kept[2]
        allowed = reading.settings.allowed_tasks
        found = diagnosis.why(reading.client, reading.keys, self.job_id, allowed=allowed)
        reading.kept[WhyNeed] = (self, time.monotonic(), found)
        return found
