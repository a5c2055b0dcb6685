"""Pure: what a search has found -> rows, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from console.tui.present.cells import Chip, Row, chip
from console.tui.present.jobs import job_key, job_rows
from console.tui.present.words import count
from pantry_queue.monitor.model import JobRow, JobWindow
from pantry_queue.text import safe


@dataclass(frozen=True, slots=True, eq=False)
class HitRows:
    """All hits, of which cells are made only for those that are seen; see `console.tui.present.cells.RowWindow`.

    Attributes:
        hits: the jobs.
        state, now, one_queue: see `console.tui.present.jobs.job_rows`.
    """

    hits: tuple[JobRow, ...]
    state: str
    now: datetime
    one_queue: bool
    jobs: Mapping[str, JobRow] = field(init=False)
    _places: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        keys = [job_key(row) for row in self.hits]
        object.__setattr__(self, "jobs", dict(zip(keys, self.hits, strict=True)))
        object.__setattr__(self, "_places", {key: place for place, key in enumerate(keys)})

    @property
    def row_count(self) -> int:
        return len(self.hits)

    def rows(self, start: int, stop: int) -> Sequence[Row | None]:
        some = self.hits[start:stop]
        return job_rows(JobWindow(some, len(some), 0), self.state, self.now, one_queue=self.one_queue).items

    def index_of(self, key: str) -> int | None:
        return self._places.get(key)


def filter_chips(where: str) -> list[Chip]:
    """The filter that holds, for a line of its own; a click on it lets it be edited."""
    return [chip("Filter:", "muted"), chip(safe(where, 500), "key", action="screen.filter")] if where else []


def progress(hits: int, looked: int, total: int, *, most: int, newest_first: bool, going: bool) -> list[Chip]:
    """How far a search has come, for the title: `37 hits  newest 20,000 of 194,681 searched, esc stops`.

    Args:
        hits: found so far.
        looked, total: entries looked at, of how many.
        most: hits after which a search ends.
        newest_first: where it began.
        going: it goes on.
    """
    found = chip(f"{count(hits)} {'hit' if hits == 1 else 'hits'}", "strong")
    if going and not total:
        return [found, chip("searching, esc stops", "muted", rank=1)]
    if looked >= total:
        return [found, chip(f"all {count(total)} searched", "muted", rank=1)]
    which = "newest" if newest_first else "oldest"
    covered = f"{which} {count(looked)} of {count(total)} searched"
    more = ", esc stops" if going else ", no more are shown" if hits >= most else ", stopped"
    return [found, chip(covered + more, "muted", rank=1)]
