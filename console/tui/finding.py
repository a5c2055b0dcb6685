"""Looking for jobs from the console: a piece of the search each reading, so that the reader never waits long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from console.tui.source import Need, Reading
from pantry_queue.monitor.model import JobRow, SearchChunk

#: Seconds of searching in one reading; between two of them everything else is read.
_PIECE_SECONDS = 0.1
#: Hits a list shows; a filter that lets more through is too wide to read.
MOST_HITS = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found since it began.

    Attributes:
        rows: the hits, in the order of the list.
        looked, total: entries it has looked at, of how many.
        finished: it has come to its end, or to `MOST_HITS`.
    """

    rows: tuple[JobRow, ...] = ()
    looked: int = 0
    total: int = 0
    finished: bool = False


@dataclass(slots=True)
class _Begun:
    need: SearchNeed
    chunks: Iterator[SearchChunk]
    found: Found = Found()


@dataclass(frozen=True, slots=True)
class SearchNeed(Need[Found]):
    """The jobs of a list that fit a filter, found a piece each reading; asked for until it is finished.

    Attributes:
        where: a filter that can be understood (`monitor.query`).
        state, queue: see `console.tui.needs.WindowNeed`.
        run: another number begins anew.
    """

    where: str
    state: str
    queue: str | None = None
    newest_first: bool = True
    run: int = 0

    def read(self, reading: Reading) -> Found:
        """See `Need.read`."""
        begun = reading.kept.get(SearchNeed)
        if begun is None or begun.need != self:
            begun = reading.kept[SearchNeed] = _Begun(self, self._begin(reading))
        until, rows, found = time.monotonic() + _PIECE_SECONDS, list[JobRow](), begun.found
        while not found.finished:
            chunk = next(begun.chunks)
            rows += chunk.rows
            found = replace(found, looked=chunk.looked, total=chunk.total, finished=chunk.finished)
            if time.monotonic() >= until:
                break
        begun.found = replace(found, rows=found.rows + tuple(rows))
        return begun.found

    def _begin(self, reading: Reading) -> Iterator[SearchChunk]:
        from pantry_queue.monitor.query import parse
        from pantry_queue.monitor.search import search

        return search(
            reading.client,
            reading.keys,
            parse(self.where),
            states=(self.state,),
            queues=None if self.queue is None else (self.queue,),
            newest_first=self.newest_first,
            limit=MOST_HITS,
        )


@dataclass(slots=True)
class Finding:
    """The search of a screen: what it asks for and what it has.

    Attributes:
        where: the filter; empty for none.
        stopped: the operator has stopped it; what was found stays.
    """

    where: str = ""
    stopped: bool = False
    found: Found = field(default_factory=Found)
    _run: int = 0

    @property
    def going(self) -> bool:
        """Whether there is more to look at."""
        return bool(self.where) and not (self.stopped or self.found.finished)

    def begin(self, where: str) -> None:
        """Look for something, or for nothing."""
        self.where, self.stopped, self.found = where, False, Found()
        self._run += 1

    def again(self) -> None:
        """Look once more, since what was found may have changed; it stays until more is known."""
        self.stopped, self.found = False, replace(self.found, finished=False)
        self._run += 1

    def need(self, state: str, queue: str | None, *, newest_first: bool) -> SearchNeed | None:
        """What has to be read; None when nothing has."""
        return SearchNeed(self.where, state, queue, newest_first, self._run) if self.going else None
