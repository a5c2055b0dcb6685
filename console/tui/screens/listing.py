"""Lists under one title, of which one is shown, and all that is known about its entry under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.address import Address, plain_at
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope
from console.tui.present.cells import Cell, Chip, Column, Row, Rows, RowWindow, chip
from console.tui.screens.base import ConsoleScreen
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from datetime import datetime

    from console.tui.session import Session


class Entry(NamedTuple):
    """What is told about an entry: its name, all of it, and a word at the end of the line that names it."""

    title: str
    lines: Sequence[tuple[Cell, ...]] = ()
    more: str = ""
    tone: str = "strong"


class Listing(ConsoleScreen):
    """Base of such screens: they say what their lists hold, and this shows it."""

    #: What the screen is called.
    PLACE: ClassVar[str] = ""
    #: Names of its lists; none where there is but one.
    TABS: ClassVar[tuple[str, ...]] = ()
    #: The cursor stays on the first row while rows come in above it.
    FOLLOW_TOP: ClassVar[bool] = False
    #: What is told of an entry may be long: it can be gone to and scrolled.
    SCROLLS: ClassVar[bool] = False
    AUTO_FOCUS = "#list-rows"

    def __init__(self) -> None:
        super().__init__()
        self.tab = self.TABS[0] if self.TABS else ""
        self._turned = True

    # -- what a screen says -----------------------------------------------------------------------------
    def columns(self) -> Sequence[Column]:
        """The columns of the list that is shown."""
        return ()

    def rows(self, now: datetime) -> Sequence[Row] | RowWindow | None:
        """Its rows, or a window that makes those that are seen; None before anything was read."""
        return None

    def entry(self, key: str, now: datetime) -> Entry | None:
        """What is known about the row of this key; None when there is no such row any more."""
        return None

    def nothing(self, now: datetime) -> Entry:
        """What is told where the list is empty."""
        return Entry("nothing is here", tone="muted")

    def tab_word(self, name: str) -> str:
        """How the title names a list."""
        return name

    def beside(self, now: datetime) -> tuple[Sequence[Chip], Sequence[Chip]]:
        """What the title tells besides, at the left and at the right."""
        return (), ()

    def view_address(self) -> Address:
        return plain_at(self.HERE.removeprefix("go."), self.tab)

    def readable(self) -> Copyable | None:
        """What is told about the entry under the cursor."""
        lines = self.query_one("#entry", TextView).lines
        return texts.shown("entry", lines) if lines else None

    def copyable(self) -> list[Copyable]:
        entry = self.readable()
        return [*super().copyable(), *([entry] if entry is not None else [])]

    # -- what is shown ----------------------------------------------------------------------------------
    def body(self) -> Iterable[Widget]:
        yield Line(id="list-title")
        yield from self.above()
        yield RowTable(self.columns(), follow_top=self.FOLLOW_TOP, id="list-rows")
        with Vertical(id="entry-pane"):
            yield Heading(id="entry-title")
            yield TextView(id="entry")

    def above(self) -> Iterable[Widget]:
        """What stands between title and list."""
        return ()

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows",)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#entry", TextView).can_focus = self.SCROLLS
        self.console_app.ask()

    @property
    def table(self) -> RowTable:
        """The list that is shown."""
        return self.query_one("#list-rows", RowTable)

    def show(self, session: Session) -> None:
        if session.snapshot is None:
            return
        now = session.snapshot.taken_at
        rows = self.rows(now)
        left, right = self.beside(now)
        self.query_one("#list-title", Line).show([*self._place(), *left], right)
        self.table.set_columns(self.columns())
        window = Rows(tuple(rows)) if isinstance(rows, Sequence) else rows
        self.table.show(window if window is not None else Rows(), fresh=self._turned)
        self._turned = False
        key = self.table.cursor_key
        told = self.entry(key, now) if key is not None else None
        if told is None:
            told = Entry("reading ...", tone="muted") if rows is None else self.nothing(now)
        more = [chip(told.more, "faint", rank=1)] if told.more else []
        self.query_one("#entry-title", Heading).show([chip(told.title, told.tone)], more)
        self.query_one("#entry", TextView).show(told.lines)

    def _place(self) -> list[Chip]:
        tabs = [
            chip(
                f" {self.tab_word(name)} ",
                "tab" if name == self.tab else "muted",
                action=f"screen.show_tab('{name}')",
            )
            for name in self.TABS
        ]
        return [chip(self.PLACE, "muted"), chip("›", "faint"), *tabs]

    # -- keys -------------------------------------------------------------------------------------------
    def action_tab(self, step: int) -> None:
        """The next list, or the one before."""
        self.action_show_tab(self.TABS[(self.TABS.index(self.tab) + step) % len(self.TABS)])

    def action_show_tab(self, name: str) -> None:
        """The list of this name."""
        self.tab, self._turned = name, True
        self.name_keys()
        self.paint()
        self.console_app.ask()

    @on(RowTable.Highlighted, "#list-rows")
    def _highlighted(self) -> None:
        self.paint()
