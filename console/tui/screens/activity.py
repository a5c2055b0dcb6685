"""What went on: changes that were made, jobs that started and ended, operations that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType

from console.tui.acting.chosen import Chosen
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, bindings
from console.tui.needs import ChangesNeed, EventsNeed, TrashNeed
from console.tui.present import activity
from console.tui.present.cells import Column, Row
from console.tui.screens.listing import Entry, Listing
from console.tui.source import Answer, Need, Needs
from console.tui.widgets.row_table import RowTable
from pantry_queue.control.plan import Selection
from pantry_queue.monitor.wire import name_of, raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from pantry_queue.control.outcome import Outcome
    from pantry_queue.control.trash import Kept
    from pantry_queue.monitor.events import Event


class Activity(Listing):
    """Three lists: changes, events, what is in the trash."""

    PLACE = "Activity"
    TABS = activity.TABS
    FOLLOW_TOP = True
    SCOPES: ClassVar[tuple[Scope, ...]] = ("activity", "mode", "app")
    HERE = "go.activity"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("activity"), *bindings("event")]

    def __init__(self) -> None:
        super().__init__()
        self._trash_need = TrashNeed()
        self._changes: tuple[activity.Change, ...] | None = None
        self._events: tuple[Event, ...] | None = None
        self._kept: tuple[Kept, ...] | None = None

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "event", "why") if self.tab == "events" else ("rows",)

    def needs(self) -> Needs:
        wanted: dict[str, Need[Any]] = {"changes": ChangesNeed(), "events": EventsNeed(), "trash": self._trash_need}
        return Needs(also=(wanted[self.tab],))

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
        """The operation under the cursor, to be undone or deleted for good."""
        key = self.table.cursor_key
        if self.tab == "events" or key is None:
            return None
        # Only what is shown in the trash is emptied from it.
        selection = Selection(ids=(key,)) if self.tab == "trash" else Selection()
        return Chosen("trash", f"operation {safe(raw_of(key))}", selection, operation=key)

    def job_key(self) -> str | None:
        event = self._event() if self.tab == "events" else None
        return name_of(event.raw_id) if event is not None else None

    def copyable(self) -> list[Copyable]:
        """The name of what is under the cursor, and all that is told of it."""
        key, event = self.table.cursor_key, self._event() if self.tab == "events" else None
        name = event.job_id if event is not None else safe(raw_of(key)) if key is not None else ""
        return [*([texts.copyable("id", name)] if name else []), *super().copyable()]

    # -- what it shows ----------------------------------------------------------------------------------
    def columns(self) -> Sequence[Column]:
        return activity.COLUMNS[self.tab]

    def rows(self, now: datetime) -> Sequence[Row] | None:
        if self.tab == "changes":
            return None if self._changes is None else activity.change_rows(self._changes, now)
        if self.tab == "events":
            return None if self._events is None else activity.event_rows(self._events, now)
        return None if self._kept is None else activity.kept_rows(self._kept, now)

    def entry(self, key: str, now: datetime) -> Entry | None:
        if self.tab == "events":
            event = self._event()
            return None if event is None else Entry(event.job_id, activity.event_lines(event, now))
        if self.tab == "changes":
            for change in self._changes or ():
                if change.operation == key:
                    return Entry(f"{change.action} {change.operation}", activity.change_lines(change, now))
            return None
        for kept in self._kept or ():
            if kept.name == key:
                return Entry(f"{kept.action} {safe(raw_of(kept.name))}", activity.kept_lines(kept, now))
        return None

    def nothing(self, now: datetime) -> Entry:
        return Entry(activity.EMPTY[self.tab], tone="muted")

    def _event(self) -> Event | None:
        """The event under the cursor."""
        key = self.table.cursor_key
        return next((event for event in self._events or () if event.entry == key), None)

    @on(RowTable.Chosen, "#list-rows")
    async def action_open(self) -> None:
        """The job of the event under the cursor."""
        key = self.job_key()
        if key is not None:
            await self.console_app.go_to_job(key)
