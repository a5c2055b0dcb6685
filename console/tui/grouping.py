"""Failures grouped by cause a piece each reading, so that the reader thread is not held up however many there are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.monitor.failures import Grouping
    from pantry_queue.monitor.model import FailureReport

#: Seconds one reading may look at failures it has not met before, for who waits for them and for alerts.
_LOOK_SECONDS, _BESIDE_SECONDS = 0.5, 0.1
#: A look passes all failures, known ones too: afterwards the server has rest for so many times as long.
_REST, _REST_BESIDE = 10.0, 50.0
#: For alerts: the newest failures that are looked through, and seconds between two looks.
_NEWEST, _BESIDE_EVERY = 20_000, 10.0


@dataclass(frozen=True, slots=True, eq=False)
class FailuresFound:
    """Groups of failures as far as they were looked at; `going` when the next reading will look at more."""

    report: FailureReport
    going: bool = False


@dataclass(slots=True)
class Pieces:
    """What is kept between readings: the groups, how many failures the last look that was stopped came to, its end."""

    grouping: Grouping
    reached: int = 0
    rests_until: float = 0.0
    turn: int = 0
    found: FailuresFound | None = None

    def go_on(self, reading: Reading, scan: int, seconds: float) -> FailuresFound:
        """Look at failures for so long, or a little longer.

        Args:
            scan: failures to look at, at most, the newest first.

        Raises:
            redis.exceptions.RedisError: the server is away, or a registry may not be read.
        """
        end, going = time.monotonic() + seconds, False
        steps = self.grouping.look(reading.client, reading.keys, scan=scan)
        for step in steps:
            # What is known already is passed again at each look: only what lies beyond it is a step forward.
            if time.monotonic() > end and self.reached < step.looked < min(step.total, scan):
                self.reached, going = step.looked, True
                break
        steps.close()
        self.reached = self.reached if going else 0
        self.found = FailuresFound(self.grouping.report(), going)
        return self.found


@dataclass(frozen=True, slots=True)
class FailuresNeed(Need[FailuresFound]):
    """Failed jobs by cause. A reading takes about half a second and goes on where the one before was stopped.

    Attributes:
        turn: another number asks for a new look, however lately there was one.
    """

    turn: int = 0

    def read(self, reading: Reading) -> FailuresFound:
        """See `Need.read`."""
        from pantry_queue.monitor import failures

        kept: Pieces = reading.kept.setdefault(FailuresNeed, Pieces(failures.Grouping()))
        began = time.monotonic()
        if kept.found is not None and kept.turn == self.turn and began < kept.rests_until:
            return kept.found
        kept.turn = self.turn
        found = kept.go_on(reading, failures.SCAN, _LOOK_SECONDS)
        if not found.going:
            now = time.monotonic()
            kept.rests_until = now + _REST * (now - began)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Met:
    """Kinds of failure there are.

    Attributes:
        report: None where they are not all looked at so far, or may not be.
        known: kinds that `watch` has met, each with when first and last; None where nobody watches.
    """

    report: FailureReport | None = None
    known: dict[str, tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class MetNeed(Need[Met]):
    """The kinds among the newest failures, for alerts of new ones: one look in ten seconds, a tenth of one each
    reading at most, and one round trip where nothing has failed since."""

    def read(self, reading: Reading) -> Met:
        """See `Need.read`. A user that may not look at failures gets no alerts of them."""
        from redis.exceptions import ResponseError

        from pantry_queue.monitor import failures, kept_alerts

        kept: tuple[Pieces, Met] | None = reading.kept.get(MetNeed)
        pieces, found = kept or (Pieces(failures.Grouping()), Met())
        began = time.monotonic()
        if began >= pieces.rests_until:
            try:
                looked = pieces.go_on(reading, _NEWEST, _BESIDE_SECONDS)
                if not looked.going:
                    found = Met(looked.report, kept_alerts.known_kinds(reading.client, reading.keys))
            except ResponseError:
                found, pieces.rests_until = Met(), float("inf")
            else:
                now = time.monotonic()
                pieces.rests_until = now if looked.going else now + max(_BESIDE_EVERY, _REST_BESIDE * (now - began))
        reading.kept[MetNeed] = (pieces, found)
        return found
