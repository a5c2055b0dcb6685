"""Pure: depth and counters at moments in time, and what lies between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class Sample(NamedTuple):
    """Depth at a moment (unix seconds) and what has moved since the first snapshot."""

    at: float
    depth: int
    arrived: float
    ended: float
    failed: float


def at_or_before(samples: deque[Sample], at: float) -> Sample:
    """The youngest sample that is not younger than `at`, else the oldest there is."""
    for sample in reversed(samples):
        if sample.at <= at:
            return sample
    return samples[0]


def interpolated(samples: deque[Sample], times: Sequence[float]) -> list[Sample]:
    """Samples at exact times, on straight lines between those that were taken."""
    points: list[Sample] = []
    later = iter(samples)
    a = b = next(later)
    for at in times:
        while b.at < at and (following := next(later, None)) is not None:
            a, b = b, following
        share = (at - a.at) / (b.at - a.at) if b.at > a.at else 1.0
        points.append(
            Sample(
                at,
                round(a.depth + (b.depth - a.depth) * share),
                a.arrived + (b.arrived - a.arrived) * share,
                a.ended + (b.ended - a.ended) * share,
                a.failed + (b.failed - a.failed) * share,
            )
        )
    return points
