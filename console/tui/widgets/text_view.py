"""Lines of cells to scroll through, long ones wrapped or cut; only what is visible is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.keys import bindings
from console.tui.present.cells import Cell
from console.tui.widgets.tones import Palette, changed_until

_INDENT = "  "
#: A line that begins with a muted word so wide, blanks and all, is one of a column of names and values.
_LEAST_COLUMN = 8
#: Lines of these alone point at something above them; wrapped they would point nowhere.
_RULE = frozenset("^~- ")


class TextView(ScrollView, can_focus=True):
    """The lines."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("text")]
    DEFAULT_CSS = """
    TextView {
        overflow-x: hidden; scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._palette = Palette(self)
        self._lines: tuple[tuple[Cell, ...], ...] = ()
        self._wrapped: list[tuple[Cell, ...]] = []
        self._wrap = True

    @property
    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """The lines shown, not wrapped."""
        return self._lines

    @property
    def wrap(self) -> bool:
        """Whether long lines are wrapped."""
        return self._wrap

    @wrap.setter
    def wrap(self, on: bool) -> None:
        if on != self._wrap:
            self._wrap = on
            self._fold()

    def show(self, lines: Sequence[tuple[Cell, ...]], *, from_top: bool = False) -> None:
        """Show these lines.

        Args:
            lines: cells of each.
            from_top: another text: scroll to its first line.
        """
        wanted, held = tuple(lines), len(self._lines)
        if wanted != self._lines:
            # A log grows at its end: what is there is not wrapped again each second.
            grown = held if 0 < held < len(wanted) and wanted[:held] == self._lines else 0
            self._lines = wanted
            self._fold(grown)
        if from_top:
            self.scroll_to(y=0, animate=False)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as all lines, where the style sheet says `height: auto`."""
        return len(self._folded(width))

    def _folded(self, width: int, first: int = 0) -> list[tuple[Cell, ...]]:
        room = max(8, width - 1)
        return [part for line in self._lines[first:] for part in (folded(line, room) if self._wrap else [line])]

    def _fold(self, first: int = 0) -> None:
        """Wrap the lines, from the first one on that is not wrapped yet."""
        before, wrapped = self._wrapped, self._folded(self.size.width, first)
        self._wrapped = [*before, *wrapped] if first else wrapped
        size = Size(self.size.width, len(self._wrapped))
        if len(self._wrapped) == len(before) and size == self.virtual_size:
            self._repaint(before)
            return
        if len(self._wrapped) != len(before) and self.styles.height and self.styles.height.is_auto:
            self.refresh(layout=True)
        self.virtual_size = size
        self.refresh()

    def _repaint(self, before: Sequence[tuple[Cell, ...]]) -> None:
        """Only the lines that differ from what is painted: for one word a pane would cost kilobytes each second."""
        width = self.size.width
        for place, (old, new) in enumerate(zip(before, self._wrapped, strict=True), -self.scroll_offset.y):
            if old != new and 0 <= place < self.size.height:
                self.refresh(Region(0, place, changed_until(old, new, width) or width, 1))

    def on_resize(self, event: events.Resize) -> None:
        self._fold()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        place = self.scroll_offset.y + y
        cells = self._wrapped[place] if place < len(self._wrapped) else ()
        return self._palette.strip(cells, self.size.width, self.rich_style)

    def action_scroll_by(self, step: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)

    def action_scroll_page(self, step: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + step * max(1, self.size.height - 1), animate=False)

    def action_scroll_edge(self, end: int) -> None:
        self.scroll_to(y=self.max_scroll_y if end else 0, animate=False)


def folded(line: tuple[Cell, ...], width: int) -> list[tuple[Cell, ...]]:
    """A line as several that fit, broken at blanks where there are some.

    What follows the first is set in a little, or stands beside the label that the line begins with.
    """
    if sum(cell_len(cell.text) for cell in line) <= width or all(set(cell.text) <= _RULE for cell in line):
        return [line]
    indent = _indent(line, width)
    folded: list[tuple[Cell, ...]] = []
    current: list[Cell] = []
    room = width
    for cell in line:
        text = cell.text
        while cell_len(text) > room:
            head = _head(text, room, width - len(indent))
            current.append(Cell(head, cell.tone))
            text = text[len(head) :].lstrip(" ")
            folded.append(tuple(current))
            current, room = [Cell(indent)], width - len(indent)
        if text:
            current.append(Cell(text, cell.tone))
            room -= cell_len(text)
    return [*folded, tuple(current)] if len(current) > 1 or not folded else folded


def _indent(line: tuple[Cell, ...], width: int) -> str:
    label, *rest = line
    room = width - cell_len(label.text)
    column = label.tone == "muted" and label.text.endswith(" ") and _LEAST_COLUMN <= cell_len(label.text) <= width // 2
    whole = all(cell_len(word) <= room for cell in rest for word in cell.text.split())
    return " " * cell_len(label.text) if column and whole else _INDENT


def _head(text: str, room: int, whole: int) -> str:
    """As much of `text` as fits into `room`: up to its last blank, or nothing when its first word fits into the
    `whole` of the next line; a longer word is cut."""
    head = chop_cells(text, room)[0] if room > 0 else ""
    blank = head.rfind(" ")
    if text[len(head) : len(head) + 1] == " ":
        return head
    if head.strip() and blank >= 0 and head[:blank].strip():
        return head[: blank + 1]
    return "" if room < whole and cell_len(text.split(" ", 1)[0]) <= whole else head
