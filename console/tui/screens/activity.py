"""What went on: changes that were made, what jobs and operators do, operations that can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from console.tui.acting.chosen import Chosen
from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.happening import Happening, HappeningNeed
from console.tui.keys import Scope, bindings
from console.tui.needs import ChangesNeed, TrashNeed
from console.tui.present import activity, happening
from console.tui.present.cells import Chip, Column, Row, RowWindow
from console.tui.present.happening import Item, ItemRows
from console.tui.screens.filtered import Filtered
from console.tui.screens.listing import Entry, Listing
from console.tui.source import Answer, Need, Needs
from console.tui.widgets.filter_bar import FilterBar
from console.tui.widgets.row_table import RowTable
from pantry_queue.control.plan import Selection
from pantry_queue.monitor.query import EVERYTHING, parse
from pantry_queue.monitor.wire import name_of, raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from pantry_queue.control.outcome import Outcome
    from pantry_queue.control.trash import Kept


class Activity(Listing, Filtered):
    """Three lists: changes, the stream of what happens, what is in the trash."""

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
        self._happening: Happening | None = None
        self._kept: tuple[Kept, ...] | None = None
        self._query = EVERYTHING
        self._items: ItemRows | None = None
        self._made_of: tuple[object, ...] = ()
        #: The newest entry that was seen while the list followed.
        self._newest: str | None = None

    def above(self) -> Iterable[Widget]:
        yield FilterBar(self.seen_values, id="filter")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "event", "why") if self.tab == "events" else ("rows",)

    def needs(self) -> Needs:
        wanted: dict[str, tuple[Need[Any], ...]] = {
            "changes": (ChangesNeed(),),
            "events": (HappeningNeed(),),
            "trash": (self._trash_need,),
        }
        return Needs(also=wanted[self.tab])

    def accept(self, answer: Answer) -> None:
        if answer.has(ChangesNeed()):
            entries = answer.of(ChangesNeed())
            self._changes = activity.changes(entries)
        if answer.has(HappeningNeed()):
            self._happening = answer.of(HappeningNeed())
        if answer.has(self._trash_need):
            self._kept = answer.of(self._trash_need)

    def acted(self, outcome: Outcome) -> None:
        """What the trash holds has changed."""
        self.again()

    def again(self) -> None:
        """Look into the trash anew."""
        self._trash_need = TrashNeed(self._trash_need.turn + 1)

    def chosen(self) -> Chosen | None:
        """The operation under the cursor, to be undone or deleted for good."""
        key, item = self.table.cursor_key, self._item()
        if self.tab == "events":
            key = item.change.operation if item is not None and item.change is not None else None
        if key is None:
            return None
        selection = Selection(ids=(key,)) if self.tab == "trash" else Selection()
        return Chosen("trash", f"operation {safe(raw_of(key))}", selection, operation=key)

    def job_key(self) -> str | None:
        item = self._item()
        return name_of(item.event.raw_id) if item is not None and item.event is not None else None

    def view_address(self) -> Address:
        found = super().view_address()
        return replace(found, where=self.filter_text) if self.tab == "events" else found

    def copyable(self) -> list[Copyable]:
        """The name of what is under the cursor, and all that is told of it."""
        key, item = self.table.cursor_key, self._item()
        name = item.id if item is not None else safe(raw_of(key)) if key is not None else ""
        return [*([texts.copyable("id", name)] if name else []), *super().copyable()]

    # -- what it shows ----------------------------------------------------------------------------------
    def columns(self) -> Sequence[Column]:
        return happening.COLUMNS if self.tab == "events" else activity.COLUMNS[self.tab]

    def rows(self, now: datetime) -> Sequence[Row] | RowWindow | None:
        if self.tab == "changes":
            return None if self._changes is None else activity.change_rows(self._changes, now)
        if self.tab == "events":
            return self._stream(now)
        return None if self._kept is None else activity.kept_rows(self._kept, now)

    def _stream(self, now: datetime) -> ItemRows | None:
        if self._happening is None:
            return None
        made_of = (self._happening, self._query, now.date())
        if self._items is None or self._made_of != made_of:
            fits = (lambda item: self._query.matches(item, now)) if self.filter_text else None
            self._items = ItemRows(happening.stream(self._happening, fits), now)
            self._made_of = made_of
        return self._items

    def entry(self, key: str, now: datetime) -> Entry | None:
        if self.tab == "events":
            item = self._item()
            return None if item is None else Entry(safe(item.id), happening.item_lines(item, now))
        if self.tab == "changes":
            for change in self._changes or ():
                if change.operation == key:
                    return Entry(activity.change_title(change), activity.change_lines(change, now))
            return None
        for kept in self._kept or ():
            if kept.name == key:
                return Entry(f"{kept.action} {safe(raw_of(kept.name))}", activity.kept_lines(kept, now))
        return None

    def nothing(self, now: datetime) -> Entry:
        if self.tab != "events":
            return Entry(activity.EMPTY[self.tab], tone="muted")
        return Entry("nothing of it fits the filter" if self.filter_text else happening.EMPTY, tone="muted")

    def beside(self, now: datetime) -> tuple[Sequence[Chip], Sequence[Chip]]:
        if self.tab != "events" or self._happening is None or self._items is None:
            return (), ()
        follows = self.table.follow_top and (self.table.at_top or self._turned)
        first = self._items.items[0].key if self._items.items else None
        if follows:
            self._newest = first
        new = (self._items.index_of(self._newest) or 0) if self._newest is not None else 0
        where, paused = safe(self.filter_text, 200), self.session.paused
        chips = happening.following(self._happening, follows=follows, paused=paused, new=new, where=where)
        return [happening.source_chip(self._happening)], chips

    def _item(self) -> Item | None:
        """What happened in the row under the cursor."""
        if self.tab != "events" or self._items is None:
            return None
        return self._items.item(self.table.cursor_key)

    # -- filtering; see `Filtered` ----------------------------------------------------------------------
    @property
    def filter_text(self) -> str:
        return self._query.text

    def look_for(self, where: str) -> None:
        self._query = parse(where)
        self._turned = True
        self.paint()

    def seen_values(self) -> Mapping[str, set[str]]:
        events = self._happening.events if self._happening is not None else ()
        return {
            "func": {event.func for event in events},
            "queue": {event.queue for event in events},
            "worker": {event.worker for event in events},
        }

    def action_filter(self) -> None:
        """Let a filter of the stream be typed."""
        if self.tab != "events":
            self.action_show_tab("events")
        super().action_filter()

    # -- keys -------------------------------------------------------------------------------------------
    def action_follow(self) -> None:
        """Go to the newest and stay there, or hold still."""
        table = self.table
        if table.follow_top and table.at_top:
            table.follow_top = False
        else:
            table.follow_top = True
            table.move_to(0)
        self.paint()

    def action_failure(self, step: int) -> None:
        """The next failure further down, or further up."""
        place = self._items.next_bad(self.table.cursor_place, step) if self._items is not None else None
        if place is None:
            self.console_app.tell(f"There is no failure further {'down' if step > 0 else 'up'}.")
        else:
            self.table.move_to(place)

    @on(RowTable.Chosen, "#list-rows")
    async def action_open(self) -> None:
        """The job of the event under the cursor."""
        key = self.job_key()
        if key is not None:
            await self.console_app.go_to_job(key)

    async def action_back(self) -> None:
        """A filter goes first."""
        if self.tab == "events" and self.filter_text:
            self.look_for("")
        else:
            await super().action_back()
