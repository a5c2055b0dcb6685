"""What is due, what repeats, and who sees to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType

from console.tui.acting.chosen import Chosen, chosen_jobs
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, bindings
from console.tui.needs import ScheduleNeed
from console.tui.present import schedule
from console.tui.present.cells import Chip, Column, Row
from console.tui.present.words import count
from console.tui.screens.listing import Entry, Listing
from console.tui.source import Answer, Needs
from console.tui.widgets.row_table import RowTable
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from pantry_queue.monitor.model import Due
    from pantry_queue.monitor.model import Schedule as Found


class Schedule(Listing):
    """Three lists: jobs that are due, entries that repeat, schedulers."""

    PLACE = "Schedule"
    TABS = schedule.TABS
    SCOPES: ClassVar[tuple[Scope, ...]] = ("schedule", "mode", "app")
    HERE = "go.schedule"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("schedule"), *bindings("due")]

    def __init__(self) -> None:
        super().__init__()
        self._found: Found | None = None

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "due", "why") if self.tab == "due" else ("rows",)

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

    def job_key(self) -> str | None:
        one = self._due()
        return schedule.due_key(one) if one is not None else None

    def copyable(self) -> list[Copyable]:
        """The job under the cursor, as the schedule knows it."""
        from console.documents.jobs import due_json

        one = self._due()
        return [*super().copyable(), *([texts.as_json(due_json(one), f"job-{one.row.id}")] if one is not None else [])]

    # -- what it shows ----------------------------------------------------------------------------------
    def columns(self) -> Sequence[Column]:
        return schedule.COLUMNS[self.tab]

    def rows(self, now: datetime) -> Sequence[Row] | None:
        found = self._found
        if found is None:
            return None
        if self.tab == "cron":
            return schedule.cron_rows(found.cron, found.at)
        return schedule.due_rows(found) if self.tab == "due" else schedule.scheduler_rows(found)

    def entry(self, key: str, now: datetime) -> Entry | None:
        found = self._found
        if found is None:
            return None
        if self.tab == "schedulers":
            queue = safe(raw_of(key[1:]))
            return Entry(f"queue {queue}", schedule.trouble_lines(found, queue))
        one = self._due()
        if one is not None:
            troubles = schedule.trouble_lines(found, one.row.queue)
            return Entry(one.row.id, [*schedule.due_lines(one, found.at), *troubles])
        for place, entry in enumerate(found.cron):
            if self.tab == "cron" and schedule.cron_key(place) == key:
                title = entry.name or entry.func or "entry without a name"
                troubles = schedule.trouble_lines(found, entry.queue, entry.scheduler)
                return Entry(title, [*schedule.cron_lines(entry, found.at), *troubles])
        return None

    def nothing(self, now: datetime) -> Entry:
        lines = schedule.trouble_lines(self._found) if self._found is not None else []
        return Entry(schedule.EMPTY[self.tab], lines, tone="muted")

    def tab_word(self, name: str) -> str:
        found = self._found
        if found is None:
            return name
        totals = {"due": found.total, "cron": len(found.cron), "schedulers": len(found.schedulers)}
        return f"{name} {count(totals[name])}"

    def beside(self, now: datetime) -> tuple[Sequence[Chip], Sequence[Chip]]:
        return ((), ()) if self._found is None else schedule.beside(self._found)

    def _due(self) -> Due | None:
        """The job under the cursor."""
        key = self.table.cursor_key
        if self.tab != "due" or self._found is None:
            return None
        return next((one for one in self._found.due if schedule.due_key(one) == key), None)

    @on(RowTable.Chosen, "#list-rows")
    async def action_open(self) -> None:
        """The job under the cursor."""
        one = self._due()
        if one is not None:
            await self.console_app.go_to_job(schedule.due_key(one))
