"""How each function fares: runs, failures, run and waiting times, by what PantryWorkers count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType

from console.tui.address import SORTS, Address, plain_at
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.counting import Counted, FunctionsNeed
from console.tui.keys import Scope, bindings
from console.tui.present import functions
from console.tui.present.cells import Chip, Column, Row
from console.tui.screens.listing import Entry, Listing
from console.tui.source import Answer, Needs
from console.tui.widgets.row_table import RowTable
from pantry_queue.monitor.wire import name_of

if TYPE_CHECKING:
    from datetime import datetime

    from pantry_queue.monitor.functions import FunctionStat


class Functions(Listing):
    """The functions of the last ten minutes, hour, six hours or day."""

    PLACE = "Functions"
    TABS = functions.TABS
    SCOPES: ClassVar[tuple[Scope, ...]] = ("functions", "mode", "app")
    HERE = "go.functions"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("functions")]

    def __init__(self) -> None:
        super().__init__()
        self.tab = functions.FIRST
        self._turn = 0
        self._sort = 0
        self._found: Counted | None = None

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "why")

    def _need(self) -> FunctionsNeed:
        return FunctionsNeed(functions.SPANS[self.tab], self._turn)

    def needs(self) -> Needs:
        return Needs(also=(self._need(),))

    def accept(self, answer: Answer) -> None:
        if answer.has(self._need()):
            self._found = answer.of(self._need())
            if not self._found.whole:
                self.call_later(self.console_app.ask)

    def again(self) -> None:
        """Count anew."""
        self._turn += 1

    def job_key(self) -> str | None:
        """The slowest run of the function under the cursor."""
        stat = self._stat()
        return name_of(stat.slowest.raw_id) if stat is not None and stat.slowest is not None else None

    def view_address(self) -> Address:
        return plain_at("functions", self.tab, SORTS["functions"][self._sort])

    def copyable(self) -> list[Copyable]:
        """The function under the cursor, and all of them."""
        from console.documents.deployment import function_json

        stat, found = self._stat(), self._found
        name = [texts.copyable("function", stat.func)] if stat is not None else []
        every = [function_json(one) for one in found.functions.functions] if found is not None else []
        return [*name, *super().copyable(), texts.as_json(every, "functions")]

    # -- what it shows ----------------------------------------------------------------------------------
    def columns(self) -> Sequence[Column]:
        return functions.COLUMNS

    def rows(self, now: datetime) -> Sequence[Row] | None:
        return None if self._found is None else functions.function_rows(self._found, functions.SORTS[self._sort])

    def entry(self, key: str, now: datetime) -> Entry | None:
        stat = self._stat()
        return None if stat is None else Entry(stat.func, functions.function_lines(stat, now), "enter: its jobs")

    def nothing(self, now: datetime) -> Entry:
        title, lines = functions.nothing(self.tab)
        return Entry(title, lines, tone="muted")

    def beside(self, now: datetime) -> tuple[Sequence[Chip], Sequence[Chip]]:
        return ((), ()) if self._found is None else functions.beside(self._found, functions.SORTS[self._sort])

    def _stat(self) -> FunctionStat | None:
        """The function under the cursor."""
        key = self.table.cursor_key
        found = self._found.functions.functions if self._found is not None else ()
        return next((stat for stat in found if stat.func == key), None)

    # -- keys -------------------------------------------------------------------------------------------
    def action_show_tab(self, name: str) -> None:
        """Look back as far as this."""
        self._found = None
        super().action_show_tab(name)

    def action_sort(self) -> None:
        """The next way to sort."""
        self._sort = (self._sort + 1) % len(functions.SORTS)
        self.paint()

    def sort_by(self, name: str) -> None:
        """See `ConsoleScreen.sort_by`."""
        self._sort = SORTS["functions"].index(name)
        self.paint()

    async def action_slowest(self) -> None:
        """The slowest run that is still known."""
        key = self.job_key()
        if key is not None:
            await self.console_app.go_to_job(key)
        else:
            self.console_app.tell("No run of it is among the events that are kept.")

    @on(RowTable.Chosen, "#list-rows")
    async def action_open(self) -> None:
        """Its jobs: those that failed where some have, else those that finished."""
        stat = self._stat()
        if stat is None:
            return
        if stat.func == functions.OTHER:
            self.console_app.tell("These are all functions beyond those a worker tells apart.")
            return
        await self.console_app.go_to_jobs(
            "failed" if stat.failures else "finished", None, functions.filter_for(stat.func)
        )
