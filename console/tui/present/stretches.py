"""Pure: samples over time -> one value for each stretch of time, None where nothing was sampled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pantry_queue.history import Sample

#: Intervals after the last sample in which another may still come.
_STILL = 2.5


def stretches(
    samples: Sequence[Sample], values: Sequence[float | None], begin: float, end: float, count: int
) -> list[float | None]:
    """The greatest value of each of `count` stretches between two moments, oldest first.

    Between two samples that follow each other nothing is missing, also where a stretch has none; beyond the last one
    nothing is until the next is overdue.

    Args:
        samples: oldest first.
        values: one a sample; None where it tells none.
        begin, end: unix seconds.
        count: stretches.
    """
    drawn: list[float | None] = [None] * count
    span = max(1e-9, end - begin)
    before, first = 0, True
    last: tuple[int, float] | None = None
    for sample, value in zip(samples, values, strict=True):
        moment = sample.at.timestamp()
        if not begin <= moment <= end:
            continue
        cell = min(count - 1, int((moment - begin) / span * count))
        if value is not None:
            for at in range(cell if sample.gap or first else min(cell, before + 1), cell + 1):
                drawn[at] = max(drawn[at] or 0, value)
        before, first = cell, False
        last = (cell, value) if value is not None else None
    if last is not None and end - samples[-1].at.timestamp() <= _STILL * samples[-1].step:
        cell, value = last
        drawn[cell + 1 :] = [value] * (count - cell - 1)
    return drawn
