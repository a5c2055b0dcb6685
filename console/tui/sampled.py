"""What the charts of an hour, a day and a month are read from: a piece each reading, and then only what is new."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.history_read import Sample, Samples

#: Seconds of looking in one reading.
_PIECE_SECONDS = 0.1
#: Stretches a time is kept in, more than the widest chart has points; in each stands the greatest of what was sampled.
_STRETCHES = 1440
#: Samples do not come more often than this, in seconds, nor do those of a month more rarely.
_LEAST, _MOST = 10.0, 600.0
#: Up to so many seconds the samples are few: a picture of them is not worth drawing twice.
_FEW = 2 * 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Samples, oldest first; `going` while more of them are being read, and others stand for them."""

    samples: tuple[Sample, ...]
    going: bool = False


@dataclass(slots=True)
class _Read:
    """What is kept between readings.

    Attributes:
        rough: what is shown until all were read.
        steps: the look that has not come to its end.
    """

    need: SamplesNeed
    samples: Samples
    rough: tuple[Sample, ...]
    steps: Iterator[None] | None = None
    found: Sampled | None = None
    rests_until: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplesNeed(Need[Sampled]):
    """The samples of the last `seconds` of one queue by its name in Redis, or of all."""

    seconds: float
    queue: str | None = None

    def read(self, reading: Reading) -> Sampled:
        """See `Need.read`."""
        kept: _Read | None = reading.kept.get(SamplesNeed)
        if kept is None or kept.need != self:
            kept = reading.kept[SamplesNeed] = self._begun(reading)
        began = time.monotonic()
        if kept.found is not None and began < kept.rests_until:
            return kept.found
        kept.steps = kept.steps or kept.samples.look(reading.client)
        for _ in kept.steps:
            if time.monotonic() - began >= _PIECE_SECONDS:
                kept.found = kept.found if kept.found and not kept.found.going else Sampled(kept.rough, going=True)
                return kept.found
        kept.steps, kept.rough = None, ()
        kept.found = Sampled(kept.samples.found())
        kept.rests_until = began + min(_MOST, max(_LEAST, self.seconds / _STRETCHES))
        return kept.found

    def _begun(self, reading: Reading) -> _Read:
        from pantry_queue.history_read import DAY, Samples

        together = self.seconds / _STRETCHES
        rough = Samples(reading.keys, self.seconds, self.queue, fine=False, together=together)
        if _FEW < self.seconds <= DAY:
            for _ in rough.look(reading.client):
                pass
        return _Read(self, Samples(reading.keys, self.seconds, self.queue, together=together), rough.found())
