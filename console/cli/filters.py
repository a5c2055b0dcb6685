"""Options that say which jobs a list is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.target import Target, reader

if TYPE_CHECKING:
    from pantry_queue.monitor.model import JobRow
    from pantry_queue.monitor.query import Query

States = Annotated[
    list[str] | None,
    typer.Option("--state", help="A state, as in the columns of status; repeat for more."),
]
Queues = Annotated[list[str] | None, typer.Option("--queue", help="A queue; repeat for more.")]
Where = Annotated[
    str,
    typer.Option("--where", metavar="QUERY", help="Only jobs that fit, as in 'func:send_mail age>2h'."),
]
Newest = Annotated[bool, typer.Option("--newest/--oldest", help="Which come first.")]
Scan = Annotated[int, typer.Option("--scan", min=0, help="How many jobs to look at, at most; 0 is all.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 is all.")]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs, in which order, and how many.

    Attributes:
        states, queues: empty for all.
        where: a filter of `pantry_queue.monitor.query`.
        scan, limit: 0 for all.
    """

    states: Sequence[str]
    queues: Sequence[str]
    where: str
    newest_first: bool
    scan: int
    limit: int

    def query(self) -> Query:
        """The filter, understood.

        Raises:
            typer.BadParameter: it, or a state, cannot be.
        """
        from pantry_queue.monitor.model import STATES
        from pantry_queue.monitor.query import QueryError, parse

        for state in self.states:
            if state not in STATES:
                raise typer.BadParameter(f"{state!r} is not one of {', '.join(STATES)}", param_hint="--state")
        try:
            return parse(self.where)
        except QueryError as error:
            raise typer.BadParameter(str(error), param_hint="--where") from None

    def rows(self, target: Target) -> Iterator[JobRow]:
        """The jobs, as they are found; says on standard error what was covered, where that was not everything."""
        from pantry_queue.monitor.model import STATES
        from pantry_queue.monitor.search import search

        query = self.query()
        looked = total = hits = 0
        with reader(target.settings()) as client:
            chunks = search(
                client,
                target.keys(),
                query,
                states=self.states or STATES,
                queues=self.queues or None,
                newest_first=self.newest_first,
                scan=self.scan or None,
                limit=self.limit or None,
            )
            for chunk in chunks:
                yield from chunk.rows
                looked, total, hits = chunk.looked, chunk.total, chunk.hits
        if looked < total and (self.where or self.scan):
            which = "newest" if self.newest_first else "oldest"
            output.note(f"{which} {looked:,} of {total:,} jobs looked at, {hits:,} found")
