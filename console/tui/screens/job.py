"""One job with everything that is known about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen, chosen_jobs
from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.job_needs import JobLogNeed, RawNeed, TreeNeed
from console.tui.keys import Scope, bindings
from console.tui.needs import JobNeed
from console.tui.present import around_job, job
from console.tui.present.cells import Cell, Chip, Rows, chip
from console.tui.present.states import look
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Need, Needs
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.monitor.model import JobDetail
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session

READING: job.Lines = [(Cell("reading ...", "muted"),)]
#: From this width on the facts have a pane of their own.
_FACTS_FROM = 100


class JobScreen(ConsoleScreen):
    """Lies over the list it was opened from.

    Args:
        job_id: its id in Redis.
    """

    SCOPES: ClassVar[tuple[Scope, ...]] = ("job", "detail", "app")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("detail"), *bindings("job")]
    AUTO_FOCUS = "#job-text"

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self._job_id = job_id
        self._log_need, self._tree_need, self._raw_need = JobLogNeed(job_id), TreeNeed(job_id), RawNeed(job_id)
        self._found: dict[Need[Any], Any] = {}
        self._detail: JobDetail | None = None
        self._answered = False
        self._gone = False
        self._tab: str | None = None
        self._tabs: list[job.Tab] = []
        self._shown = ""

    def body(self) -> Iterable[Widget]:
        yield Line(id="job-title")
        yield Line(id="job-call")
        yield Line(id="job-time")
        with Horizontal(id="job-split"):
            with Vertical(id="fact-pane"):
                yield Heading(id="fact-title", left=[chip("Facts", "strong")])
                yield TextView(id="facts")
            with Vertical(id="text-pane"):
                yield Line(id="job-tabs")
                yield TextView(id="job-text")
                yield RowTable(around_job.TREE_COLUMNS, id="job-tree")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "why") if _word(self._shown) == job.TREE else ("text", "why")

    def job_key(self) -> str | None:
        """This job, or the one under the cursor of the tree."""
        row = self.query_one("#job-tree", RowTable).cursor_key if self.has_class("-tree") else None
        return (around_job.key_of(row) if row is not None else "") or self._job_id

    def chosen(self) -> Chosen | None:
        """This job."""
        if self._detail is None or self._gone:
            return None
        return chosen_jobs((self._job_id,), {self._job_id: self._detail.row.state}, "")

    def view_address(self) -> Address:
        return Address("job", name=self._job_id)

    def copyable(self) -> list[Copyable]:
        """The id, also of a job that is gone, and what is known of it."""
        known = texts.job(self._detail) if self._detail is not None else []
        job_id = texts.copyable("id", safe(raw_of(self._job_id), None))
        return [job_id, texts.command(self.session.options, self.view_address()), *known]

    def readable(self) -> Copyable | None:
        """The text of the chosen tab."""
        found = next((tab for tab in self._tabs if tab.name == self._shown), None)
        lines = self._lines(found) if found is not None else []
        return texts.shown(_word(self._shown).lower(), lines) if lines else None

    def needs(self) -> Needs:
        return Needs(also=(JobNeed(self._job_id), *self._more_needs()))

    def _more_needs(self) -> Iterator[Need[Any]]:
        """What the chosen tab shows, and how far a job that runs says it is."""
        running = self._detail is not None and self._detail.row.state == "started" and not self._gone
        if running or self._tab == job.LOG:
            yield self._log_need
        if self._tab == job.TREE:
            yield self._tree_need
        if self._tab == job.RAW:
            yield self._raw_need

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#facts", TextView).can_focus = False
        self.console_app.ask()

    def accept(self, answer: Answer) -> None:
        needs: tuple[Need[Any], ...] = (self._log_need, self._tree_need, self._raw_need)
        for more in needs:
            if answer.has(more):
                self._found[more] = answer.of(more)
        need = JobNeed(self._job_id)
        if not answer.has(need):
            return
        self._answered = True
        found = answer.of(need)
        self._gone = found is None
        # What was seen last stays readable when the job goes.
        self._detail = found or self._detail

    def show(self, session: Session) -> None:
        snapshot = session.snapshot
        if snapshot is None:
            return
        self.query_one("#job-title", Line).show(*self._title())
        detail, now = self._detail, snapshot.taken_at
        if detail is None:
            return
        self.query_one("#job-call", Line).show([Chip(tuple(job.call(detail)))])
        log = self._found.get(self._log_need)
        far = around_job.progress_chips(log.progress) if log is not None and log.progress is not None else []
        self.query_one("#job-time", Line).show([*job.timeline(detail.row, now, timeout=detail.timeout), *far])
        self.query_one("#facts", TextView).show(job.facts(detail, now))
        self._show_tab(job.tabs(detail, now, with_facts=self.size.width < _FACTS_FROM))

    def _title(self) -> tuple[list[Chip], list[Chip]]:
        left = [chip("Job", "muted"), chip("›", "faint"), chip(safe(self._job_id, 200), "strong")]
        if self._gone:
            what = "this was seen last" if self._detail else "it has expired or was deleted"
            return left, [chip(f" gone: {what} ", "alarm")]
        if self._detail is None:
            return left, [chip("reading ...", "muted")] if not self._answered else []
        state = self._detail.row.state
        return left, [chip(f"{look(state).glyph} {state}", look(state).tone)]

    def _show_tab(self, tabs: list[job.Tab]) -> None:
        names = [tab.name for tab in tabs]
        chosen = next((tab for tab in tabs if _same(tab.name, self._tab)), tabs[0])
        chips = [
            chip(f" {name} ", "tab" if name == chosen.name else "muted", action=f"screen.show_tab('{_word(name)}')")
            for name in names
        ]
        self.query_one("#job-tabs", Line).show(chips)
        turned, self._tabs, self._shown = chosen.name != self._shown, tabs, chosen.name
        text, tree = self.query_one("#job-text", TextView), self.query_one("#job-tree", RowTable)
        self.set_class(_word(chosen.name) == job.TREE, "-tree")
        if _word(chosen.name) == job.TREE:
            self._show_tree(tree)
        else:
            at_end = text.scroll_offset.y >= text.max_scroll_y
            text.show(self._lines(chosen))
            if chosen.name == job.LOG and at_end:
                self.call_after_refresh(text.action_scroll_edge, 1)
        if turned and self.focused in (text, tree):
            (tree if _word(chosen.name) == job.TREE else text).focus()

    def _lines(self, tab: job.Tab) -> job.Lines:
        """The text of a tab; that of some is read when it is looked at."""
        if tab.name == job.LOG:
            log = self._found.get(self._log_need)
            running = self._detail is not None and self._detail.row.state == "started"
            return READING if log is None else around_job.log_lines(log.lines, running=running)
        if tab.name == job.RAW:
            return around_job.raw_lines(self._found[self._raw_need]) if self._raw_need in self._found else READING
        return tab.lines

    def _show_tree(self, table: RowTable) -> None:
        trees = self._found.get(self._tree_need)
        if trees is not None:
            table.show(Rows(around_job.tree_rows(trees.above, trees.below)))

    # -- keys -------------------------------------------------------------------------------------------
    def action_tab(self, step: int) -> None:
        """The next text, or the one before."""
        names = [tab.name for tab in self._tabs]
        if self._shown in names:
            self.action_show_tab(names[(names.index(self._shown) + step) % len(names)])

    def action_show_tab(self, name: str) -> None:
        """The text of this name."""
        self._tab = _word(name)
        self.query_one("#job-text", TextView).show([])
        self.paint()
        text = self.query_one("#job-text", TextView)
        text.scroll_to(y=text.max_scroll_y if self._tab == job.LOG else 0, animate=False)
        self.console_app.ask()

    @on(RowTable.Chosen, "#job-tree")
    async def action_open(self) -> None:
        """The job under the cursor of the tree."""
        key = self.job_key()
        if key is not None and key != self._job_id:
            await self.console_app.go_to_job(key)

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        text = self.query_one("#job-text", TextView)
        text.wrap = not text.wrap

    async def action_back(self) -> None:
        """Back to where it was opened from."""
        self.app.pop_screen()
        self.console_app.ask()


def _word(name: str) -> str:
    """A tab's name without the number behind it, which may change."""
    return name.partition(" ")[0]


def _same(name: str, wanted: str | None) -> bool:
    return wanted is not None and _word(name) == wanted
