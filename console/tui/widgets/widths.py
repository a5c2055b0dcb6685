"""How wide the columns of a table are: as wide as the longest text seen in each, as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.present.cells import Cell, Column, Row
from console.tui.present.columns import layout
from console.tui.widgets.tones import changed_until, fit, longest

#: Cells beside the columns: the pointer and the scroll bar.
_MARGIN = 3
#: Width of a table from which on its columns stand further apart.
_WIDE = 100


class Widths:
    """The columns of one list; another list begins anew.

    Args:
        columns: in the order shown.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._longest = [len(column.label) for column in self.columns]
        self._places: tuple[tuple[int, int], ...] | None = None
        self._gap = " "

    def outgrown(self, rows: Sequence[Row | None]) -> bool:
        """Whether a text of these rows is longer than any before it in a column that could still grow."""
        grew = False
        for place, column in enumerate(self.columns):
            if column.most and self._longest[place] < column.most:
                texts = [row.cells[place].text for row in rows if row is not None and place < len(row.cells)]
                length = min(column.most, longest(texts))
                if length > self._longest[place]:
                    self._longest[place] = length
                    grew = grew or length > column.width
        return grew

    def stale(self) -> None:
        """The table has another size, or a column has outgrown its place: find the places anew."""
        self._places = None

    def changed_until(self, old: Row, new: Row, width: int) -> int:
        """How many terminal cells of the columns have to be painted when a row became another; 0 for none."""
        return changed_until(self.spread(old.cells, width), self.spread(new.cells, width), width)

    def spread(self, cells: Sequence[Cell], width: int) -> list[Cell]:
        """The cells of a row, each in its column, with the gaps between them.

        Args:
            cells: one a column, in the order of `columns`.
            width: terminal cells of the whole table.
        """
        if self._places is None:
            gap = 2 if width >= _WIDE else 1
            self._places = layout(self.columns, self._longest, width - _MARGIN, gap)
            self._gap = " " * gap
        line: list[Cell] = []
        for place, room in self._places:
            cell = cells[place] if place < len(cells) else Cell("")
            line += [Cell(fit(cell.text, room, self.columns[place].align), cell.tone), Cell(self._gap)]
        return line
