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

from pantry_queue.monitor.query_parser import Parser
from pantry_queue.monitor.query_terms import FIELDS, Subject
from pantry_queue.monitor.query_tree import All, Node, QueryError

__all__ = ["EVERYTHING", "FIELDS", "Query", "QueryError", "Subject", "parse"]


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
    tree = Parser(text).parsed()
    return Query(text, tree, tree.reads, tree.compiled())


#: The filter that lets every job through.
EVERYTHING = Query("", All(()))
