"""What is due, what repeats, and who sees to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen, chosen_jobs
from console.tui.keys import Scope, bindings
from console.tui.needs import ScheduleNeed
from console.tui.present import schedule
from console.tui.present.cells import Cell, Rows, chip
from console.tui.present.words import count
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Needs
from console.tui.widgets.key_bar import KeyBar
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session
    from pantry_queue.monitor.model import Due
    from pantry_queue.monitor.model import Schedule as Found


class Schedule(ConsoleScreen):
    """Three lists, and all that is known about the entry under the cursor."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("schedule", "mode", "app")
    HERE = "go.schedule"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("schedule"), *bindings("due")]
    AUTO_FOCUS = "#schedule-rows"

    def __init__(self) -> None:
        super().__init__()
        self._tab = schedule.TABS[0]
        self._turned = True
        self._found: Found | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="schedule-title")
        yield RowTable(schedule.COLUMNS[self._tab], id="schedule-rows")
        with Vertical(id="due-pane"):
            yield Heading(id="due-title")
            yield TextView(id="due-entry")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "due") if self._tab == "due" else ("rows",)

    def needs(self) -> Needs:
        return Needs(also=(ScheduleNeed(),))

    def accept(self, answer: Answer) -> None:
        if answer.has(ScheduleNeed()):
            self._found = answer.of(ScheduleNeed())

    def chosen(self) -> Chosen | None:
        """The job under the cursor; those of rq-scheduler are in none of RQ's lists."""
        one = self._due()
        if one is None or one.by != "rq":
            return None
        key = schedule.due_key(one)
        return chosen_jobs((key,), {key: "scheduled"}, "scheduled")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#due-entry", TextView).can_focus = False
        self.console_app.ask()

    def show(self, session: Session) -> None:
        found = self._found
        if found is None:
            self.query_one("#due-title", Heading).show([chip("reading ...", "muted")])
            return
        totals = {"due": found.total, "cron": len(found.cron), "schedulers": len(found.schedulers)}
        late = [chip(f"{count(found.late)} late", "warning")] if found.late else []
        self.query_one("#schedule-title", Line).show(
            [
                chip("Schedule", "muted"),
                chip("›", "faint"),
                *(
                    chip(
                        f" {name} {count(totals[name])} ",
                        "tab" if name == self._tab else "muted",
                        action=f"screen.show_tab('{name}')",
                    )
                    for name in schedule.TABS
                ),
                *late,
            ]
        )
        rows = {
            "due": schedule.due_rows(found),
            "cron": schedule.cron_rows(found.cron, found.at),
            "schedulers": schedule.scheduler_rows(found),
        }[self._tab]
        table = self.query_one("#schedule-rows", RowTable)
        table.set_columns(schedule.COLUMNS[self._tab])
        table.show(Rows(rows), fresh=self._turned)
        self._turned = False
        self._show_entry(found)

    def _show_entry(self, found: Found) -> None:
        """The entry under the cursor, with what is wrong with the schedule; a sentence where there is none."""
        key, one = self.query_one("#schedule-rows", RowTable).cursor_key, self._due()
        title, lines = "", list[tuple[Cell, ...]]()
        if one is not None:
            title, lines = one.row.id, schedule.due_lines(one, found.at)
        elif self._tab == "cron":
            for place, entry in enumerate(found.cron):
                if schedule.cron_key(place) == key:
                    title = entry.name or entry.func or "entry without a name"
                    lines = schedule.cron_lines(entry, found.at)
        elif self._tab == "schedulers" and key is not None:
            title = f"queue {safe(raw_of(key[1:]))}"
        empty = chip(schedule.EMPTY[self._tab], "muted")
        self.query_one("#due-title", Heading).show([chip(title, "strong") if title else empty])
        notes = [(Cell(note, "warning"),) for note in found.notes]
        self.query_one("#due-entry", TextView).show([*lines, *notes])

    def _due(self) -> Due | None:
        """The job under the cursor."""
        key = self.query_one("#schedule-rows", RowTable).cursor_key
        if self._tab != "due" or self._found is None:
            return None
        return next((one for one in self._found.due if schedule.due_key(one) == key), None)

    def action_tab(self, step: int) -> None:
        """Due jobs, repeating entries, schedulers."""
        tabs = schedule.TABS
        self.action_show_tab(tabs[(tabs.index(self._tab) + step) % len(tabs)])

    def action_show_tab(self, name: str) -> None:
        """The list of this name."""
        self._tab, self._turned = name, True
        self.query_one(KeyBar).name_keys((*self.SCOPES, *self.more_scopes()), self.HERE)
        self.paint()

    @on(RowTable.Highlighted, "#schedule-rows")
    def _highlighted(self, event: RowTable.Highlighted) -> None:
        self.paint()

    @on(RowTable.Chosen, "#schedule-rows")
    async def action_open(self) -> None:
        """The job under the cursor."""
        one = self._due()
        if one is not None:
            await self.console_app.go_to_job(schedule.due_key(one))
