"""How the conditions of a filter hang together. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pantry_queue.errors import PantryError
from pantry_queue.monitor.query_terms import Comparison, Subject, Words


class QueryError(PantryError):
    """A filter cannot be understood.

    Attributes:
        position: index of the character where the trouble is.
    """

    def __init__(self, trouble: str, position: int) -> None:
        super().__init__(f"The filter cannot be understood at character {position + 1}: {trouble}")
        self.position = position


@dataclass(frozen=True, slots=True)
class All:
    """Every part must fit; without parts everything does."""

    parts: tuple[Node, ...]

    @property
    def reads(self) -> frozenset[str]:
        return frozenset().union(*(part.reads for part in self.parts))

    def compiled(self) -> Callable[[Subject, datetime], bool]:
        """The test of a job."""
        tests = [part.compiled() for part in self.parts]
        if len(tests) == 1:
            return tests[0]
        return lambda job, now: all(test(job, now) for test in tests)

    def possible(self, state: str, queue: str) -> bool | None:
        """Whether entries of this list can fit; None where that depends on the job."""
        known = [part.possible(state, queue) for part in self.parts]
        return False if False in known else None if None in known else True

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Any_) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - `Any` is typing's
    """One part must fit."""

    parts: tuple[Node, ...]

    @property
    def reads(self) -> frozenset[str]:
        return frozenset().union(*(part.reads for part in self.parts))

    def compiled(self) -> Callable[[Subject, datetime], bool]:
        """The test of a job."""
        tests = [part.compiled() for part in self.parts]
        return lambda job, now: any(test(job, now) for test in tests)

    def possible(self, state: str, queue: str) -> bool | None:
        """Whether entries of this list can fit; None where that depends on the job."""
        known = [part.possible(state, queue) for part in self.parts]
        return True if True in known else None if None in known else False

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, All) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not fit."""

    part: Node

    @property
    def reads(self) -> frozenset[str]:
        return self.part.reads

    def compiled(self) -> Callable[[Subject, datetime], bool]:
        """The test of a job."""
        test = self.part.compiled()
        return lambda job, now: not test(job, now)

    def possible(self, state: str, queue: str) -> bool | None:
        """Whether entries of this list can fit; None where that depends on the job."""
        known = self.part.possible(state, queue)
        return None if known is None else not known

    def __str__(self) -> str:
        return f"not ({self.part})"


Node = All | Any_ | Not | Words | Comparison
