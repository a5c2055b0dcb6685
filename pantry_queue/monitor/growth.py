"""Pure: how a number that should not grow for ever has moved over the samples that are kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Seconds of samples without which nothing is said of growth, and the steps in which it has to come: what an operator
#: cancels at once is no growth.
_LEAST_SPAN, _LEAST_RISES = 3600.0, 3


@dataclass(frozen=True, slots=True)
class Grown:
    """Counts over time.

    Attributes:
        seconds: between the first sample and the last.
        samples: how many there are.
        first, last: the counts of these.
        rises: samples with more than the one before.
        fell: somebody clears it: at some time there was less.
    """

    seconds: float
    samples: int
    first: int
    last: int
    rises: int
    fell: bool

    @property
    def known(self) -> bool:
        """Whether the samples reach back far enough to say anything."""
        return self.seconds >= _LEAST_SPAN

    @property
    def steady(self) -> bool:
        """Whether it grows again and again, and nobody clears it."""
        return self.known and not self.fell and self.rises >= _LEAST_RISES

    def pace(self, seconds: float) -> float:
        """How much is added in so long."""
        return (self.last - self.first) / self.seconds * seconds if self.seconds else 0.0


def grown(counts: Sequence[tuple[float, int]]) -> Grown | None:
    """What counts at moments (unix seconds), oldest first, tell; None without any."""
    if not counts:
        return None
    values = [count for _, count in counts]
    pairs = list(pairwise(values))
    return Grown(
        seconds=counts[-1][0] - counts[0][0],
        samples=len(values),
        first=values[0],
        last=values[-1],
        rises=sum(later > earlier for earlier, later in pairs),
        fell=any(later < earlier for earlier, later in pairs),
    )
