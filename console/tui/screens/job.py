"""One job with everything that is known about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen, chosen_jobs
from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, bindings
from console.tui.needs import JobNeed
from console.tui.present import job
from console.tui.present.cells import Chip, chip
from console.tui.present.states import look
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Needs
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.text_view import TextView
from pantry_queue.monitor.model import JobDetail
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session

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

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("text",)

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
        return None if found is None else texts.shown(_word(found.name).lower(), found.lines)

    def needs(self) -> Needs:
        return Needs(also=(JobNeed(self._job_id),))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#facts", TextView).can_focus = False
        self.console_app.ask()

    def accept(self, answer: Answer) -> None:
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
        self.query_one("#job-time", Line).show(job.timeline(detail.row, now, timeout=detail.timeout))
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
        self.query_one("#job-text", TextView).show(chosen.lines)
        self._tabs = tabs
        self._shown = chosen.name

    # -- keys -------------------------------------------------------------------------------------------
    def action_tab(self, step: int) -> None:
        """The next text, or the one before."""
        names = [tab.name for tab in self._tabs]
        if self._shown in names:
            self.action_show_tab(names[(names.index(self._shown) + step) % len(names)])

    def action_show_tab(self, name: str) -> None:
        """The text of this name."""
        self._tab = _word(name)
        self.paint()
        self.query_one("#job-text", TextView).scroll_to(y=0, animate=False)

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
