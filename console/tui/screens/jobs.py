"""The list of jobs by state and queue: a million rows scroll like a hundred, because only what is seen is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.widget import Widget

from console.tui.acting.chosen import Chosen, chosen_jobs, whole_list
from console.tui.address import Address, jobs_at
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.finding import MOST_HITS, Finding, SearchNeed
from console.tui.keys import Scope, bindings
from console.tui.needs import JobNeed, WindowNeed
from console.tui.present import jobs
from console.tui.present.cells import Chip
from console.tui.present.hits import HitRows, filter_chips, progress
from console.tui.present.list_head import Head
from console.tui.present.queues import counts_of, queue_key
from console.tui.present.states import RARE_TABS, TABS
from console.tui.screens.filtered import Filtered
from console.tui.screens.job import JobScreen
from console.tui.source import Answer, Need, Needs
from console.tui.widgets.filter_bar import FilterBar
from console.tui.widgets.job_preview import JobPreview
from console.tui.widgets.line import Line
from console.tui.widgets.row_table import RowTable
from pantry_queue.monitor.model import JobDetail, JobWindow

if TYPE_CHECKING:
    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome

#: Rows read beyond each end of what is visible, so that a step or a page finds them there.
_MARGIN = 40
_COMPACT_BELOW = 120


class Jobs(Filtered):
    """Jobs of one state, of one queue or of all, with what is known about the one under the cursor."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("jobs", "mode", "app")
    HERE = "go.jobs"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("jobs")]
    AUTO_FOCUS = "#jobs"

    def __init__(self) -> None:
        super().__init__()
        self._state = TABS[0]
        self._queue: str | None = None
        self._newest_first = jobs.newest_first_by_default(self._state)
        self._window: JobWindow | None = None
        self._rows: jobs.JobRows | HitRows = jobs.JobRows()
        self._finding = Finding()
        self._detail: JobDetail | None = None
        self._fresh = True
        self._seen_total = 0

    def body(self) -> Iterable[Widget]:
        yield Line(id="jobs-title")
        yield FilterBar(self.seen_values, id="filter")
        yield Line(id="filter-line")
        yield Line(id="state-tabs")
        with Container(id="jobs-split"):
            yield RowTable(jobs.columns(self._state, one_queue=False), id="jobs", follow_top=True, markable=True)
            yield JobPreview(id="preview-pane")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "marks", "why")

    def job_key(self) -> str | None:
        return self.query_one("#jobs", RowTable).cursor_key

    def chosen(self) -> Chosen | None:
        """The marked jobs, else the one under the cursor."""
        table = self.query_one("#jobs", RowTable)
        if table.marks.all:
            return whole_list(self._state, self._queue, self._rows.row_count, self.filter_text)
        return chosen_jobs(table.chosen_keys, {key: row.state for key, row in self._rows.jobs.items()}, self._state)

    @property
    def filter_text(self) -> str:
        """See `Filtered.filter_text`."""
        return self._finding.where

    def view_address(self) -> Address:
        turned = self._newest_first != jobs.newest_first_by_default(self._state)
        return jobs_at(self._state, self._queue, self.filter_text, self._newest_first if turned else None)

    def copyable(self) -> list[Copyable]:
        """What is marked, or the job under the cursor; the rows that were read; what writes all of them."""
        table, detail = self.query_one("#jobs", RowTable), self._detail
        one = detail is not None and not table.marks and jobs.job_key(detail.row) == table.cursor_key
        held = self._rows.jobs
        rows = [held[key] for key in table.chosen_keys if key in held] if table.marks.keys else list(held.values())
        found = [*super().copyable(), *(texts.job(detail) if one and detail is not None else []), *texts.rows(rows)]
        return [*found, texts.export(self.session.options, self._state, self._queue, self.filter_text)]

    def look_for(self, where: str) -> None:
        """See `Filtered.look_for`."""
        self.look_at(self._state, self._queue, where)

    # -- what is wanted ---------------------------------------------------------------------------------
    def look_at(self, state: str, queue: str | None, where: str = "", newest_first: bool | None = None) -> None:
        """Show another list from its beginning.

        Args:
            state: one of `console.tui.present.states.TABS`.
            queue: one queue by its name in Redis, all when None.
            where: a filter that can be understood; empty for none.
            newest_first: its order; when left out that of this state by itself, or as it was.
        """
        if newest_first is not None or state != self._state:
            self._newest_first = jobs.newest_first_by_default(state) if newest_first is None else newest_first
        self._state, self._queue = state, queue
        self._finding.begin(where)
        self._restart()

    def _restart(self) -> None:
        self._window, self._rows, self._detail = None, jobs.JobRows(), None
        self._fresh, self._seen_total = True, 0
        table = self.query_one("#jobs", RowTable)
        table.set_columns(jobs.columns(self._state, one_queue=self._queue is not None))
        table.show(self._rows, fresh=True)
        self.name_keys()
        self.paint()
        self.console_app.ask()

    def needs(self) -> Needs:
        top, stop = self.query_one("#jobs", RowTable).visible_range
        start = max(0, top - _MARGIN)
        search = self._search()
        also: list[Need[Any]] = [] if self.filter_text else [self._need(start, stop + _MARGIN - start)]
        also += [search] if search is not None else []
        key = self.query_one("#jobs", RowTable).cursor_key
        return Needs(also=(*also, JobNeed(key)) if key is not None else tuple(also))

    def _need(self, start: int, number: int) -> WindowNeed:
        return WindowNeed(self._state, self._queue, start, number, self._newest_first)

    def _search(self) -> SearchNeed | None:
        return self._finding.need(self._state, self._queue, newest_first=self._newest_first)

    def accept(self, answer: Answer) -> None:
        for need in answer.needs.also:
            if isinstance(need, SearchNeed):
                if need == self._search():
                    self._finding.found = answer.of(need)
            elif isinstance(need, WindowNeed) and need == self._need(need.start, need.count):
                self._take(answer.of(need))
            elif isinstance(need, JobNeed):
                self._detail = answer.of(need)
        if self._finding.going:
            self.call_later(self.console_app.ask)

    def _take(self, window: JobWindow) -> None:
        """While rows are marked they keep their order, and those that are gone stay, until others are looked at."""
        table, held = self.query_one("#jobs", RowTable), self._window
        top, stop = table.visible_range
        whole = held is not None and held.start <= top and min(stop, held.total) <= held.start + len(held.rows)
        if not (table.marks and whole):
            self._window = window

    # -- what is shown ----------------------------------------------------------------------------------
    def show(self, session: Session) -> None:
        snapshot = session.snapshot
        if snapshot is None:
            return
        counts, compact = counts_of(snapshot, self._queue), self.size.width < _COMPACT_BELOW
        self.query_one("#state-tabs", Line).show(jobs.state_tabs(counts, self._state, compact=compact))
        table = self.query_one("#jobs", RowTable)
        one = self._queue is not None
        if self.filter_text:
            self._rows = HitRows(self._finding.found.rows, self._state, snapshot.taken_at, one)
            table.show(self._rows)
        elif self._window is not None:
            self._rows = jobs.job_rows(self._window, self._state, snapshot.taken_at, one_queue=one)
            table.show(self._rows, fresh=self._fresh)
            self._fresh = False
        if table.hidden_above == 0:
            self._seen_total = self._rows.row_count
        head, searched = self._head(session, table), self._progress() if self.filter_text else None
        self.query_one("#jobs-title", Line).show(head.title(searched), head.position())
        self.query_one("#filter-line", Line).show(filter_chips(self.filter_text))
        self.set_class(bool(self.filter_text), "-filtered")
        self._show_preview(session, table.cursor_key)

    def _head(self, session: Session, table: RowTable) -> Head:
        queues = session.snapshot.queues if session.snapshot else ()
        name = next((queue.name for queue in queues if queue_key(queue) == self._queue), None)
        return Head(
            state=self._state,
            where="all queues" if self._queue is None else name or "a queue that is gone",
            newest_first=self._newest_first,
            marks=table.marks,
            rows=self._rows.row_count,
            place=table.cursor_place,
            new_above=self._rows.row_count - self._seen_total if self._newest_first and table.hidden_above else 0,
            read=self._window is not None,
        )

    def _progress(self) -> list[Chip]:
        it, found = self._finding, self._finding.found
        return progress(
            len(found.rows), found.looked, found.total, most=MOST_HITS, newest_first=self._newest_first, going=it.going
        )

    def _show_preview(self, session: Session, key: str | None) -> None:
        row = self._rows.jobs.get(key) if key is not None else None
        known = self._detail is not None and jobs.job_key(self._detail.row) == key
        now = session.snapshot.taken_at if session.snapshot else None
        self.query_one(JobPreview).show(row, self._detail if known else None, now)

    # -- what happens -----------------------------------------------------------------------------------
    @on(RowTable.Highlighted, "#jobs")
    def _highlighted(self, event: RowTable.Highlighted) -> None:
        if event.key is not None:
            self.query_one(JobPreview).to_top()
            self.paint()
            self.console_app.ask()

    @on(RowTable.Marked, "#jobs")
    def _marks_changed(self) -> None:
        self.paint()
        self.console_app.ask()

    def seen_values(self) -> dict[str, set[str]]:
        """See `Filtered.seen_values`."""
        snapshot = self.session.snapshot
        seen: dict[str, set[str]] = {"func": {row.func for row in self._rows.jobs.values() if row.func}}
        if snapshot is not None:
            seen["queue"] = {queue.name for queue in snapshot.queues}
            seen["worker"] = {worker.name for worker in snapshot.workers}
        return seen

    def acted(self, outcome: Outcome) -> None:
        """What was done is no longer marked; what failed stays so."""
        table = self.query_one("#jobs", RowTable)
        table.marks.keep(name for name, _ in outcome.failed)
        table.refresh()
        self._finding.again()

    @on(RowTable.Moved, "#jobs")
    def _moved(self) -> None:
        top, stop = self.query_one("#jobs", RowTable).visible_range
        held = self._rows
        if (
            isinstance(held, jobs.JobRows)
            and self._window is not None
            and (top < held.start or min(stop, held.row_count) > held.start + len(held.items))
        ):
            self.console_app.ask()

    @on(RowTable.Chosen, "#jobs")
    def action_open(self) -> None:
        """Everything about the job under the cursor."""
        key = self.job_key()
        if key is not None:
            self.app.push_screen(JobScreen(key))

    def action_state(self, step: int) -> None:
        """The next list, or the one before."""
        counts = counts_of(self.session.snapshot, self._queue)
        states = [state for state in TABS if state not in RARE_TABS or getattr(counts, state) or state == self._state]
        self.look_at(states[(states.index(self._state) + step) % len(states)], self._queue, self.filter_text)

    def action_show_state(self, state: str) -> None:
        """The list of this state."""
        self.look_at(state, self._queue, self.filter_text)

    def action_queue(self, step: int) -> None:
        """The next queue, or the one before; all of them come before the first."""
        snapshot = self.session.snapshot
        names: list[str | None] = [None, *(queue_key(queue) for queue in snapshot.queues)] if snapshot else [None]
        place = names.index(self._queue) if self._queue in names else 0
        self.look_at(self._state, names[(place + step) % len(names)], self.filter_text)

    def action_order(self) -> None:
        """Turn the list round."""
        self.look_at(self._state, self._queue, self.filter_text, not self._newest_first)

    async def action_back(self) -> None:
        """A search stops first; then marks go, then the filter, then one queue for all, then all for the overview."""
        table = self.query_one("#jobs", RowTable)
        if self._finding.going:
            self._finding.stopped = True
            self.paint()
        elif table.marks:
            table.action_mark_none()
        elif self.filter_text:
            self.look_at(self._state, self._queue)
        elif self._queue is not None:
            self.look_at(self._state, None)
        else:
            await self.console_app.go("overview")
