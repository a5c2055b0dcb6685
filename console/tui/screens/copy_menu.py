"""What is shown here as texts to take away, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.tui.copying.texts import Copyable, one_line
from console.tui.keys import bindings
from console.tui.present.cells import Cell, Column, Row, Rows, chip, key_chip
from console.tui.present.words import count
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable

Way = Literal["clipboard", "select", "file", "pager", "editor"]

_COLUMNS = (
    Column("", 1),
    Column("TEXT", 9, most=14),
    Column("SIZE", 12, most=16, align="right", rank=2),
    Column("BEGINS WITH", 10, grow=1, rank=1),
)
_SHOWN: dict[Way, tuple[str, str]] = {
    "clipboard": ("enter", "clipboard"),
    "select": ("s", "show to select"),
    "file": ("w", "file"),
    "pager": ("o", "pager"),
    "editor": ("e", "editor"),
}


class Wanted(NamedTuple):
    """A text and where it shall go."""

    text: Copyable
    way: Way


class CopyMenu(ModalScreen[Wanted | None]):
    """The texts; the keys name where one goes.

    Args:
        texts: at least one.
        ways: where they may go here.
        caveat: what has to be so for the clipboard to work; empty where nothing is known to stand in the way.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("copy")]
    AUTO_FOCUS = "#copy-texts"
    DEFAULT_CSS = """
    CopyMenu { align: center middle; background: $background 60%; }
    CopyMenu #copy-texts { height: auto; max-height: 16; background: $surface; }
    CopyMenu #copy-caveat { margin-top: 1; }
    """

    def __init__(self, texts: Sequence[Copyable], ways: Sequence[Way], caveat: str = "") -> None:
        super().__init__()
        self._texts = tuple(texts)
        self._ways = tuple(ways)
        self._caveat = caveat

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(left=[chip("Copy", "strong")])
            yield RowTable(_COLUMNS, id="copy-texts")
            said = self._caveat if "clipboard" in self._ways else "the terminal's clipboard is switched off"
            yield Line(id="copy-caveat", left=[chip(said, "muted")] if said else [])
            keys = [key_chip(*_SHOWN[way], action=f"screen.copy('{way}')") for way in self._ways]
            keys.append(key_chip("esc", "closes", rank=1, action="screen.cancel"))
            yield Line(id="copy-keys", left=keys)

    def on_mount(self) -> None:
        table = self.query_one(RowTable)
        table.styles.height = len(self._texts) + 1
        table.show(Rows(tuple(_row(place, text) for place, text in enumerate(self._texts))))

    @on(RowTable.Chosen)
    def _double_clicked(self) -> None:
        self.action_copy("clipboard")

    def action_copy(self, way: Way) -> None:
        """The text under the cursor goes there; without a clipboard it is shown."""
        key = self.query_one(RowTable).cursor_key
        if way == "clipboard" and way not in self._ways:
            way = "select"
        if key is not None and way in self._ways:
            self.dismiss(Wanted(self._texts[int(key)], way))

    def action_pick(self, place: int) -> None:
        """The text of this number goes to the clipboard, at once."""
        if place <= len(self._texts):
            self.query_one(RowTable).show(
                Rows(tuple(_row(at, text) for at, text in enumerate(self._texts))), cursor_to=str(place - 1)
            )
            self.action_copy("clipboard")

    def action_cancel(self) -> None:
        """Nothing is copied."""
        self.dismiss(None)


def _row(place: int, text: Copyable) -> Row:
    lines = f"{count(text.line_count)} lines" if text.line_count > 1 else f"{count(text.size)} B"
    number = Cell(str(place + 1) if place < 9 else "", "key")
    return Row(str(place), (number, Cell(text.name, "strong"), Cell(lines, "muted"), Cell(one_line(text))))
