"""What went on: changes that were made, jobs that started and ended, operations that can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen
from console.tui.keys import Scope, bindings
from console.tui.needs import ChangesNeed, EventsNeed, TrashNeed
from console.tui.present import activity
from console.tui.present.cells import Cell, Rows, chip
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Need, Needs
from console.tui.widgets.key_bar import KeyBar
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.monitor.wire import name_of, raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome
    from pantry_queue.control.trash import Kept
    from pantry_queue.monitor.events import Event


class Activity(ConsoleScreen):
    """Three lists, and all that is known about the entry under the cursor."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("activity", "mode", "app")
    HERE = "go.activity"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("activity"), *bindings("event")]
    AUTO_FOCUS = "#activity-rows"

    def __init__(self) -> None:
        super().__init__()
        self._tab = activity.TABS[0]
        self._turned = True
        self._trash_need = TrashNeed()
        self._changes: tuple[activity.Change, ...] | None = None
        self._events: tuple[Event, ...] | None = None
        self._kept: tuple[Kept, ...] | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="activity-title")
        yield RowTable(activity.COLUMNS[self._tab], follow_top=True, id="activity-rows")
        with Vertical(id="entry-pane"):
            yield Heading(id="entry-title")
            yield TextView(id="entry")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "event") if self._tab == "events" else ("rows",)

    def needs(self) -> Needs:
        wanted: dict[str, Need[Any]] = {"changes": ChangesNeed(), "events": EventsNeed(), "trash": self._trash_need}
        return Needs(also=(wanted[self._tab],))

    def accept(self, answer: Answer) -> None:
        if answer.has(ChangesNeed()):
            entries = answer.of(ChangesNeed())
            self._changes = activity.changes(entries)
        if answer.has(EventsNeed()):
            self._events = answer.of(EventsNeed())
        if answer.has(self._trash_need):
            self._kept = answer.of(self._trash_need)

    def acted(self, outcome: Outcome) -> None:
        """What the trash holds has changed."""
        self._trash_need = TrashNeed(self._trash_need.turn + 1)

    def chosen(self) -> Chosen | None:
        """The operation under the cursor, to be undone."""
        key = self.query_one("#activity-rows", RowTable).cursor_key
        if self._tab == "events" or key is None:
            return None
        return Chosen("trash", f"operation {safe(raw_of(key))}", operation=key)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#entry", TextView).can_focus = False
        self.console_app.ask()

    def show(self, session: Session) -> None:
        if session.snapshot is None:
            return
        now = session.snapshot.taken_at
        self.query_one("#activity-title", Line).show(
            [
                chip("Activity", "muted"),
                chip("›", "faint"),
                *(
                    chip(f" {name} ", "tab" if name == self._tab else "muted", action=f"screen.show_tab('{name}')")
                    for name in activity.TABS
                ),
            ]
        )
        rows = {
            "changes": activity.change_rows(self._changes or (), now),
            "events": activity.event_rows(self._events or (), now),
            "trash": activity.kept_rows(self._kept or (), now),
        }[self._tab]
        table = self.query_one("#activity-rows", RowTable)
        table.set_columns(activity.COLUMNS[self._tab])
        table.show(Rows(rows), fresh=self._turned)
        self._show_entry(now)
        self._turned = False

    def _show_entry(self, now: datetime) -> None:
        """The entry under the cursor; a sentence where there is none."""
        key = self.query_one("#activity-rows", RowTable).cursor_key
        title, lines = "", list[tuple[Cell, ...]]()
        if self._tab == "changes":
            for change in self._changes or ():
                if change.operation == key:
                    title, lines = f"{change.action} {change.operation}", activity.change_lines(change, now)
        elif self._tab == "events":
            event = self._event()
            if event is not None:
                title, lines = event.job_id, activity.event_lines(event, now)
        else:
            for kept in self._kept or ():
                if kept.name == key:
                    title, lines = f"{kept.action} {safe(raw_of(kept.name))}", activity.kept_lines(kept, now)
        read = {"changes": self._changes, "events": self._events, "trash": self._kept}[self._tab] is not None
        empty = chip(activity.EMPTY[self._tab] if read else "reading ...", "muted")
        self.query_one("#entry-title", Heading).show([chip(title, "strong") if title else empty])
        self.query_one("#entry", TextView).show(lines)

    def _event(self) -> Event | None:
        """The event under the cursor."""
        key = self.query_one("#activity-rows", RowTable).cursor_key
        return next((event for event in self._events or () if event.entry == key), None)

    def action_tab(self, step: int) -> None:
        """Changes, events, trash."""
        tabs = activity.TABS
        self.action_show_tab(tabs[(tabs.index(self._tab) + step) % len(tabs)])

    def action_show_tab(self, name: str) -> None:
        """The list of this name."""
        self._tab, self._turned = name, True
        self.query_one(KeyBar).name_keys((*self.SCOPES, *self.more_scopes()), self.HERE)
        self.paint()
        self.console_app.ask()

    @on(RowTable.Highlighted, "#activity-rows")
    def _highlighted(self, event: RowTable.Highlighted) -> None:
        self.paint()

    @on(RowTable.Chosen, "#activity-rows")
    async def action_open(self) -> None:
        """The job of the event under the cursor."""
        event = self._event() if self._tab == "events" else None
        if event is not None:
            await self.console_app.go_to_job(name_of(event.raw_id))
