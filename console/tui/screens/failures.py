"""Why jobs failed: failed jobs that have exception, function, message and place in common, as one row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen, states_of
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.grouping import FailuresFound, FailuresNeed
from console.tui.keys import Scope, bindings
from console.tui.present import failures
from console.tui.present.cells import Rows, chip
from console.tui.screens.base import ConsoleScreen
from console.tui.screens.job import JobScreen
from console.tui.source import Answer, Needs
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.control.plan import Selection

if TYPE_CHECKING:
    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome
    from pantry_queue.monitor.model import FailureGroup


class Failures(ConsoleScreen):
    """Groups of failed jobs, the largest first, with what is known about the one under the cursor."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("failures", "mode", "app")
    HERE = "go.failures"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("failures")]
    AUTO_FOCUS = "#failure-rows"

    def __init__(self) -> None:
        super().__init__()
        self._need = FailuresNeed()
        self._found: FailuresFound | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="failures-title")
        yield RowTable(failures.COLUMNS, id="failure-rows")
        with Vertical(id="failure-pane"):
            yield Heading(id="failure-title")
            yield TextView(id="failure")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "why")

    def job_key(self) -> str | None:
        """The newest job of the group under the cursor."""
        group = self._group()
        return failures.sample_key(group) if group is not None else None

    def chosen(self) -> Chosen | None:
        """All jobs of the group under the cursor."""
        group = self._group()
        if group is None:
            return None
        selection = Selection(signatures=(group.signature,))
        return Chosen("jobs", failures.chosen_words(group), selection, states_of("failed"))

    def copyable(self) -> list[Copyable]:
        """The group under the cursor."""
        from console.documents.jobs import group_json

        group = self._group()
        return [
            *super().copyable(),
            *([texts.as_json(group_json(group), f"failure-{group.signature}")] if group is not None else []),
        ]

    def needs(self) -> Needs:
        return Needs(also=(self._need,))

    def accept(self, answer: Answer) -> None:
        if answer.has(self._need):
            self._found = answer.of(self._need)
            if self._found.going:
                self.call_later(self.console_app.ask)

    def acted(self, outcome: Outcome) -> None:
        """The groups have changed: look again at once."""
        self.again()

    def again(self) -> None:
        """Look again, however lately that was done."""
        self._need = FailuresNeed(self._need.turn + 1)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#failure", TextView).can_focus = False
        self.console_app.ask()

    def show(self, session: Session) -> None:
        title = self.query_one("#failures-title", Line)
        chips = [chip("Failures", "muted"), chip("›", "faint")]
        if self._found is None:
            title.show([*chips, chip("reading ...", "muted")])
            return
        report = self._found.report
        more = [chip("looking at more ...", "muted", rank=1)] if self._found.going else []
        title.show([*chips, chip(failures.summary(report), "strong"), *more])
        self.query_one("#failure-rows", RowTable).show(Rows(failures.failure_rows(report)))
        group = self._group()
        heading, text = self.query_one("#failure-title", Heading), self.query_one("#failure", TextView)
        if group is None:
            heading.show([chip("No job has failed, or none that Redis still keeps.", "muted")])
            text.show([])
            return
        heading.show([chip(failures.named(group), "strong")], [chip("enter: its newest job", "faint", rank=1)])
        text.show(failures.group_lines(group, report))

    def _group(self) -> FailureGroup | None:
        key = self.query_one("#failure-rows", RowTable).cursor_key
        groups = self._found.report.groups if self._found is not None else ()
        return next((group for group in groups if group.signature == key), None)

    @on(RowTable.Highlighted, "#failure-rows")
    def _highlighted(self) -> None:
        self.paint()

    @on(RowTable.Chosen, "#failure-rows")
    def action_open(self) -> None:
        """The newest job of the group."""
        group = self._group()
        if group is not None:
            self.app.push_screen(JobScreen(failures.sample_key(group)))

    async def action_one_by_one(self) -> None:
        """The list of the failed jobs of this group; of all where there is none."""
        group = self._group()
        await self.console_app.go_to_jobs("failed", None, failures.filter_of(group) if group is not None else "")
