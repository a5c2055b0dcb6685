"""The filter language: `state:failed func:send_mail error:"time out" age>2h not queue:low`. Pure.

    query := or
    or    := and ("or" and)*
    and   := not (["and"] not)*
    not   := "not" not | "(" or ")" | term
    term  := field (":" | "=" | "!=") value ("," value)*      one of them fits
           | field (">" | ">=" | "<" | "<=" | "=") amount     90, 250ms, 30s, 5m, 1h30m, 7d, 2w
           | value ("," value)*                               in id, function, description or error
    value := word, in which * and ? stand for any text and any character, or "quoted text" in which they do not

Upper and lower case are alike. `query_terms.FIELDS` says what each field means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pantry_queue.errors import PantryError
from pantry_queue.monitor.query_terms import FIELDS, Comparison, Subject, Words

__all__ = ["EVERYTHING", "FIELDS", "Query", "QueryError", "Subject", "parse"]


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


@dataclass(frozen=True, slots=True)
class Query:
    """A filter that was understood.

    Attributes:
        text: as it was written.
        tree: what it means.
        reads: attributes of a job it looks at.
    """

    text: str
    tree: Node
    reads: frozenset[str] = frozenset()
    _test: Callable[[Subject, datetime], bool] = field(default=lambda job, now: True, compare=False, repr=False)

    def matches(self, job: Subject, now: datetime) -> bool:
        """Whether a job fits.

        Args:
            job: a `JobRow`; `args` and `error` fit only where they were read.
            now: the server's time, for ages.
        """
        return self._test(job, now)

    def possible(self, state: str, queue: str) -> bool:
        """Whether the list of this state and queue can hold a job that fits."""
        return self.tree.possible(state, queue) is not False

    def certain(self, state: str, queue: str) -> bool:
        """Whether every job of the list of this state and queue fits."""
        return self.tree.possible(state, queue) is True

    def explain(self) -> str:
        """What it asks for, in words."""
        return str(self.tree) or "every job"


def parse(text: str) -> Query:
    """Understand a filter.

    Raises:
        QueryError: it cannot be understood; the sentence names the position and what would do.
    """
    from pantry_queue.monitor.query_parser import Parser

    tree = Parser(text).parsed()
    return Query(text, tree, tree.reads, tree.compiled())


#: The filter that lets every job through.
EVERYTHING = Query("", All(()))
