"""The saved views, to open one, delete one, or save the one that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from console import views
from console.tui.keys import bindings
from console.tui.present.cells import Cell, Column, Row, Rows, chip, key_chip
from console.tui.widgets.filter_bar import PlainInput
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

_COLUMNS = (Column("NAME", 8, most=40), Column("VIEW", 20, grow=1))


class Asked(NamedTuple):
    """What shall be done with the view of a name."""

    what: str
    name: str


class SavedViews(ModalScreen[Asked | None]):
    """The list; answered with `open`, `save` or `forget` and a name.

    Args:
        known: the saved views, address by name.
        present: the address of the view that is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("views")]
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    SavedViews { align: center middle; background: $background 60%; }
    SavedViews #views { max-height: 14; background: $surface; margin-bottom: 1; }
    """

    def __init__(self, known: Mapping[str, str], present: str) -> None:
        super().__init__()
        self._known = dict(known)
        self._present = present

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(left=[chip("Saved views", "strong")])
            yield RowTable(_COLUMNS, id="views")
            yield Line(left=[chip("this view", "strong"), chip(safe(self._present, 200), "muted", rank=1)])
            yield PlainInput(id="answer", compact=True, placeholder="a name, to save it under")
            yield Static(id="confirm-wrong", markup=False)
            keys = [key_chip("enter", "opens, or saves", action="screen.open"), key_chip("tab", "list, name")]
            keys.append(key_chip("d", "deletes", action="screen.forget"))
            yield Line(left=[*keys, key_chip("esc", "closes", action="screen.cancel")])

    def on_mount(self) -> None:
        table = self.query_one(RowTable)
        rows = (Row(name, (Cell(name, "strong"), Cell(safe(kept, 200)))) for name, kept in self._known.items())
        table.styles.height = len(self._known) + 1
        table.show(Rows(tuple(rows)))
        (table if self._known else self.query_one(PlainInput)).focus()

    @on(RowTable.Chosen)
    def action_open(self) -> None:
        """Go to the view under the cursor."""
        name = self.query_one(RowTable).cursor_key
        if name is not None:
            self.dismiss(Asked("open", name))

    def action_forget(self) -> None:
        """Delete the view under the cursor."""
        name = self.query_one(RowTable).cursor_key
        if name is not None:
            self.dismiss(Asked("forget", name))

    @on(Input.Submitted, "#answer")
    def _named(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(Asked("save", views.checked(event.value)))
        except PantryError as error:
            self.query_one("#confirm-wrong", Static).update(Content(str(error)))

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(None)
