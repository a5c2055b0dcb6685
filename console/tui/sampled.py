"""What the charts of an hour, a day and a month are read from."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.history import Sample

#: Samples that are ten seconds apart are unpacked up to so far back; for what lies before, ten minutes will do.
_FINE = 2 * 3600.0
#: A picture is read anew after this share of its span, and not more often than samples come, in seconds.
_SHARE, _LEAST = 1 / 720, 10.0


@dataclass(frozen=True, slots=True)
class SamplesNeed(Need["tuple[Sample, ...]"]):
    """The samples of the last `seconds` of one queue by its name in Redis, or of all, oldest first."""

    seconds: float
    queue: str | None = None

    def read(self, reading: Reading) -> tuple[Sample, ...]:
        """See `Need.read`."""
        from pantry_queue import history

        now = time.monotonic()
        need, at, found = reading.kept.get(SamplesNeed, (None, 0.0, ()))
        if need != self or now - at >= max(_LEAST, self.seconds * _SHARE):
            back = self.seconds if self.seconds <= _FINE else max(self.seconds, history.DAY + 1.0)
            found = history.read(reading.client, reading.keys, back, self.queue)
            reading.kept[SamplesNeed] = (self, now, found)
        return tuple(found)
