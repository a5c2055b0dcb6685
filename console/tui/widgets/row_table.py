"""A table that shows a window of any number of rows and repaints only the lines that differ.

Textual's DataTable repaints itself whole for every cell, 19 KB over the line; this one sends what changed. It never
owns rows: it asks a `RowWindow` for those it shows. The cursor stays on its row, by key, whatever moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.tui.keys import bindings
from console.tui.present.cells import Cell, Column, Row, Rows, RowWindow
from console.tui.present.columns import layout
from console.tui.widgets.tones import TONE_CLASSES, Palette, fit, longest, tone_css

_CACHED_STRIPS = 1000
_MARGIN = 2
_POINTER = Cell("❯ ", "key")
_NO_POINTER = Cell("  ")


class RowTable(ScrollView, can_focus=True):
    """The table.

    Args:
        columns: what it shows of each row.
        header: whether the first line names the columns.
        follow_top: while the cursor is on the first row it stays there when rows come in above, as wanted in a
            list that grows at its head; else it stays with its row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("rows")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--header", "rows--cursor", *TONE_CLASSES}
    DEFAULT_CSS = """
    RowTable { overflow-x: hidden; scrollbar-size-vertical: 1; }
    RowTable > .rows--header { color: $muted; background: $header; text-style: bold; }
    RowTable > .rows--cursor { background: $cursor-blurred; }
    RowTable:focus > .rows--cursor { background: $cursor; text-style: bold; }
    RowTable:ansi:focus > .rows--cursor { text-style: reverse; }
    """ + tone_css("RowTable")

    class Highlighted(Message):
        """The cursor went to another row; `key` is None when there is none."""

        def __init__(self, table: RowTable, key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            return self.table

    class Chosen(Highlighted):
        """Enter, or a click on the row under the cursor."""

    class Moved(Message):
        """Other rows are visible now: `table.visible_range`."""

        def __init__(self, table: RowTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> RowTable:
            return self.table

    def __init__(
        self, columns: Sequence[Column], *, id: str | None = None, header: bool = True, follow_top: bool = False
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._longest = [len(column.label) for column in self._columns]
        self._header = 1 if header else 0
        self._follow_top = follow_top
        self._window: RowWindow = Rows()
        self._cursor = 0
        self._key: str | None = None
        self._painted: dict[int, tuple[Row | None, bool]] = {}
        self._visible: Sequence[Row | None] = ()
        self._palette = Palette(self)
        self._strips: dict[tuple[Row, bool], Strip] = {}
        self._places: tuple[tuple[int, int], ...] | None = None

    # -- what is shown ----------------------------------------------------------------------------------
    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor."""
        return self._key

    @property
    def cursor_place(self) -> int:
        """Position of the cursor among all rows."""
        return self._cursor

    @property
    def hidden_above(self) -> int:
        """Rows above the first visible one."""
        return self.scroll_offset.y

    @property
    def visible_range(self) -> tuple[int, int]:
        """First visible row and the one after the last."""
        top = self.scroll_offset.y
        return top, top + max(1, self.size.height - self._header)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; widths are found anew."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self._longest = [len(column.label) for column in self._columns]
            self._relayout()

    def show(self, window: RowWindow, *, cursor_to: str | None = None, fresh: bool = False) -> int:
        """Show these rows and keep the cursor on its row.

        Args:
            window: the rows.
            cursor_to: key of a row to put the cursor on instead.
            fresh: another list: cursor to its first row, widths found anew.

        Returns:
            how many lines had to be repainted.
        """
        if fresh:
            self._key, self._cursor = None, 0
            self._longest = [len(column.label) for column in self._columns]
            self._places = None
        grown = window.row_count != self._window.row_count
        self._window = window
        if grown:
            self.virtual_size = Size(self.size.width, window.row_count + self._header)
        self._place_cursor(cursor_to, fresh)
        return self._repaint_changed()

    def _place_cursor(self, cursor_to: str | None, fresh: bool) -> None:
        count, key = self._window.row_count, cursor_to or self._key
        at_top = self._follow_top and self._cursor == 0 and self.scroll_offset.y == 0 and cursor_to is None
        place = None if key is None or at_top else self._window.index_of(key)
        if place is None:
            place = max(0, min(self._cursor, count - 1))
        moved, self._cursor = place - self._cursor, place
        top = self.scroll_offset.y
        if fresh:
            self.scroll_to(y=0, animate=False)
        elif cursor_to is not None:
            self._scroll_to_cursor()
        elif moved and top:
            # The row stays on its line of the screen; what came in above is out of sight.
            self.scroll_to(y=top + moved, animate=False)
        self._note_key()

    def _note_key(self) -> None:
        row = self._row_at(self._cursor)
        key = row.key if row else (self._key if self._cursor < self._window.row_count else None)
        if key != self._key:
            self._key = key
            self.post_message(self.Highlighted(self, key))

    def _row_at(self, place: int) -> Row | None:
        rows = self._window.rows(place, place + 1)
        return rows[0] if rows else None

    def _repaint_changed(self) -> int:
        top, stop = self.visible_range
        rows = self._window.rows(top, stop)
        if self._outgrown(rows):
            self._relayout()
            return stop - top
        dirty = 0
        for line in range(stop - top):
            row = rows[line] if line < len(rows) else None
            if self._painted.get(line) != (row, top + line == self._cursor):
                self.refresh(Region(0, line + self._header, self.size.width, 1))
                dirty += 1
        return dirty

    def _outgrown(self, rows: Sequence[Row | None]) -> bool:
        """Whether a text is longer than any before it in a column that could still grow."""
        grew = False
        cells = [row.cells for row in rows if row is not None]
        for place, column in enumerate(self._columns):
            if column.most and self._longest[place] < column.most:
                length = min(column.most, longest([row[place].text for row in cells if place < len(row)]))
                if length > self._longest[place]:
                    self._longest[place] = length
                    grew = grew or length > column.width
        return grew

    def _relayout(self) -> None:
        self._places = None
        self._strips.clear()
        self._painted.clear()
        self.refresh()

    # -- painting ---------------------------------------------------------------------------------------
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette.clear()
        self._strips.clear()
        self._painted.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        # One look into the window for a whole paint, not one a line.
        self._visible = self._window.rows(*self.visible_range)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self._header:
            under = self.rich_style + self._palette.style("rows--header")
            labels = tuple(Cell(column.label) for column in self._columns)
            return self._palette.strip(self._cells(labels, _NO_POINTER), width, under)
        line = y - self._header
        row = self._visible[line] if line < len(self._visible) else None
        place = self.scroll_offset.y + line
        on_cursor = place == self._cursor
        self._painted[line] = (row, on_cursor)
        if row is None:
            waiting = place < self._window.row_count
            return self._palette.strip([Cell("  ···" if waiting else "", "faint")], width, self.rich_style)
        found = self._strips.get((row, on_cursor))
        if found is None:
            if len(self._strips) >= _CACHED_STRIPS:
                self._strips.clear()
            found = self._strips[row, on_cursor] = self._row_strip(row, on_cursor, width)
        return found

    def _row_strip(self, row: Row, on_cursor: bool, width: int) -> Strip:
        under = self.rich_style + self._palette.style("rows--cursor") if on_cursor else self.rich_style
        return self._palette.strip(self._cells(row.cells, _POINTER if on_cursor else _NO_POINTER), width, under)

    def _cells(self, cells: Sequence[Cell], pointer: Cell) -> list[Cell]:
        if self._places is None:
            gap = 2 if self.size.width >= 100 else 1
            room = self.size.width - _MARGIN - 1
            self._places = layout(self._columns, self._longest, room, gap)
            self._gap = " " * gap
        line = [pointer]
        for place, width in self._places:
            cell = cells[place] if place < len(cells) else Cell("")
            line.append(Cell(fit(cell.text, width, self._columns[place].align), cell.tone))
            line.append(Cell(self._gap))
        return line

    # -- moving -----------------------------------------------------------------------------------------
    def move_to(self, place: int) -> None:
        """Put the cursor on the row at this position and bring it into view."""
        place = max(0, min(place, self._window.row_count - 1))
        if place != self._cursor:
            for line in (self._cursor, place):
                self.refresh(Region(0, line - self.scroll_offset.y + self._header, self.size.width, 1))
            self._cursor = place
            self._key = None
        self._scroll_to_cursor()
        self._note_key()

    def _scroll_to_cursor(self) -> None:
        top, stop = self.visible_range
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= stop:
            self.scroll_to(y=self._cursor - (stop - top) + 1, animate=False)

    def action_cursor(self, step: int) -> None:
        self.move_to(self._cursor + step)

    def action_page(self, step: int) -> None:
        top, stop = self.visible_range
        self.move_to(self._cursor + step * max(1, stop - top - 1))

    def action_edge(self, end: int) -> None:
        self.move_to(self._window.row_count - 1 if end else 0)
        if not end:
            self.scroll_to(y=0, animate=False)

    def choose(self) -> None:
        """Open the row under the cursor."""
        if self._key is not None:
            self.post_message(self.Chosen(self, self._key))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Moved(self))

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(self.size.width, self._window.row_count + self._header)
        self._relayout()
        self.post_message(self.Moved(self))

    def on_click(self, event: events.Click) -> None:
        place = self.scroll_offset.y + event.y - self._header
        if event.y < self._header or place >= self._window.row_count:
            return
        if place == self._cursor and self.has_focus and event.chain > 1:
            self.choose()
        self.move_to(place)
