"""A table that shows a window of any number of rows and repaints only the lines that differ.

Textual's DataTable repaints itself whole for every cell, 19 KB over the line; this one sends what changed. It never
owns rows: it asks a `RowWindow` for those it shows. It scrolls by itself, since Textual lays the screen out anew
whenever a scrollable size changes, which in a live list is every second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.tui.keys import bindings
from console.tui.present.cells import Cell, Column, Row, Rows, RowWindow
from console.tui.present.marks import Marks
from console.tui.present.viewport import Viewport
from console.tui.widgets.marking import Marking
from console.tui.widgets.moving import Moving
from console.tui.widgets.tones import Palette, fit
from console.tui.widgets.widths import Widths

_CACHED_STRIPS = 1000
_NO_POINTER = Cell("  ")
#: Cells before the columns: pointer and mark.
_SIGNS = 2
_THUMB, _NO_THUMB = Cell("▐", "faint"), Cell(" ")
#: A row, whether the cursor is on it, the scroll bar's thumb, a mark.
_Painted = tuple[Row | None, bool, bool, bool]
_NOTHING: _Painted = (None, False, False, False)


class RowTable(Marking, Moving, Widget, can_focus=True):
    """The table.

    Args:
        columns: what it shows of each row.
        header: whether the first line names the columns.
        markable: rows can be marked, with the keys of scope `marks`.
        follow_top: while the cursor is on the first row it stays there when rows come in above, as wanted in a
            list that grows at its head; else it stays with its row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("rows"), *bindings("marks")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--header", "rows--cursor"}
    DEFAULT_CSS = """
    RowTable > .rows--header { color: $muted; background: $header; text-style: bold; }
    RowTable > .rows--cursor { background: $cursor-blurred; }
    RowTable:focus > .rows--cursor { background: $cursor; text-style: bold; }
    RowTable:ansi:focus > .rows--cursor { text-style: reverse; }
    """

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
        """A double click on a row."""

    class Marked(Highlighted):
        """Marks came or went: `table.marks`."""

    class Moved(Highlighted):
        """Other rows are visible now: `table.visible_range`."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str | None = None,
        header: bool = True,
        follow_top: bool = False,
        markable: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._widths = Widths(columns)
        self._header = 1 if header else 0
        self._follow_top = follow_top
        self._markable = markable
        self.marks = Marks()
        self._window: RowWindow = Rows()
        self._view = Viewport()
        self._key: str | None = None
        self._visible: Sequence[Row | None] = ()
        self._painted: list[_Painted] = []
        self._palette = Palette(self)
        self._strips: dict[tuple[Row, bool, bool, bool], Strip] = {}

    # -- what is shown ----------------------------------------------------------------------------------
    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor."""
        return self._key

    @property
    def cursor_place(self) -> int:
        """Position of the cursor among all rows."""
        return self._view.cursor

    @property
    def hidden_above(self) -> int:
        """Rows above the first visible one."""
        return self._view.top

    @property
    def visible_range(self) -> tuple[int, int]:
        """First visible row and the one after the last."""
        return self._view.top, self._view.stop

    @property
    def follow_top(self) -> bool:
        """Whether the cursor stays on the first row while rows come in above it."""
        return self._follow_top

    @follow_top.setter
    def follow_top(self, on: bool) -> None:
        self._follow_top = on

    @property
    def at_top(self) -> bool:
        """Whether cursor and view are at the first row."""
        return self._view.cursor == 0 and self._view.top == 0

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; widths are found anew."""
        if tuple(columns) != self._widths.columns:
            self._begin(columns)

    def _begin(self, columns: Sequence[Column]) -> None:
        self._widths = Widths(columns)
        self._forget_strips()
        self.refresh()

    def show(self, window: RowWindow, *, cursor_to: str | None = None, fresh: bool = False) -> None:
        """Show these rows and keep the cursor on its row.

        Args:
            window: the rows.
            cursor_to: key of a row to put the cursor on instead.
            fresh: another list: cursor to its first row, widths found anew.
        """
        if fresh:
            self._key = None
            self.marks.clear()
            self._view.top = self._view.cursor = 0
            self._begin(self._widths.columns)
        if window.row_count != self._window.row_count and self.styles.height and self.styles.height.is_auto:
            self.refresh(layout=True)
        self._window = window
        key = cursor_to or self._key
        at_top = self._follow_top and self.at_top and cursor_to is None
        self._view.replace(window.row_count, None if key is None or at_top else window.index_of(key))
        if cursor_to is not None:
            self._view.reveal()
        self._update()

    def _update(self) -> None:
        """Look at the window again and repaint what differs."""
        self._visible = self._window.rows(*self.visible_range)
        if self._widths.outgrown(self._visible):
            self._forget_strips()
            self.refresh()
        thumb = self._view.thumb()
        wanted = [self._line(line, thumb) for line in range(self._view.height)]
        if len(wanted) != len(self._painted):
            self.refresh()
        else:
            for line, (old, new) in enumerate(zip(self._painted, wanted, strict=True)):
                if old != new and (until := self._changed_until(old, new)):
                    self.refresh(Region(0, line + self._header, until, 1))
        self._painted = wanted
        self._note_key()

    def _changed_until(self, old: _Painted, new: _Painted) -> int:
        """How many terminal cells of a line have to be painted anew."""
        width, (before, after) = self.size.width, (old[0], new[0])
        if old[1:] != new[1:] or before is None or after is None:
            return width
        until = self._widths.changed_until(before, after, width)
        return min(width, _SIGNS + until) if until else 0

    def _line(self, line: int, thumb: range) -> _Painted:
        """What a line shows: its row, whether the cursor is on it, the scroll bar's thumb, a mark."""
        row = self._visible[line] if line < len(self._visible) else None
        return (
            row,
            self._view.top + line == self._view.cursor and self._view.count > 0,
            line in thumb,
            row in self.marks,
        )

    def _note_key(self) -> None:
        rows = self._window.rows(self._view.cursor, self._view.cursor + 1)
        row = rows[0] if rows else None
        key = row.key if row else self._key if rows else None
        if key != self._key:
            self._key = key
            self.post_message(self.Highlighted(self, key))

    def _forget_strips(self) -> None:
        self._widths.stale()
        self._strips.clear()

    # -- painting ---------------------------------------------------------------------------------------
    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as all rows, where the style sheet says `height: auto`."""
        return self._window.row_count + self._header

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self._header:
            under = self.rich_style + self.get_component_rich_style("rows--header", partial=True)
            labels = tuple(Cell(column.label) for column in self._widths.columns)
            return self._palette.strip([_NO_POINTER, *self._widths.spread(labels, width)], width, under)
        line = y - self._header
        row, on_cursor, on_thumb, marked = self._painted[line] if line < len(self._painted) else _NOTHING
        if row is None:
            unread = self._view.top + line < self._view.count
            text = Cell(fit("  ···" if unread else "", width - 1), "faint")
            return self._palette.strip([text, _THUMB if on_thumb else _NO_THUMB], width, self.rich_style)
        found = self._strips.get((row, on_cursor, on_thumb, marked))
        if found is None:
            if len(self._strips) >= _CACHED_STRIPS:
                self._strips.clear()
            found = self._strips[row, on_cursor, on_thumb, marked] = self._row_strip(row, on_cursor, on_thumb, marked)
        return found

    def _row_strip(self, row: Row, on_cursor: bool, on_thumb: bool, marked: bool) -> Strip:
        width = self.size.width
        under = (
            self.rich_style + self.get_component_rich_style("rows--cursor", partial=True)
            if on_cursor
            else self.rich_style
        )
        pointer = "❯" if on_cursor and self.has_focus else " "
        sign = [Cell(pointer, "key"), Cell("+" if marked else " ", "warning")]
        cells = [*sign, *self._widths.spread(row.cells, width)]
        if under.reverse:
            # Each colour reversed would make a motley of the line.
            cells = [Cell(cell.text) for cell in cells]
        if not on_thumb:
            return self._palette.strip(cells, width, under)
        bar = self._palette.strip([_THUMB], 1, self.rich_style)
        return Strip.join([self._palette.strip(cells, width - 1, under), bar])

    def marked(self, step: int) -> None:
        """See `Marking.marked`."""
        self.move_to(self._view.cursor + step)
        self.post_message(self.Marked(self, self._key))

    # -- moving -----------------------------------------------------------------------------------------
    def move_to(self, place: int) -> None:
        """Put the cursor on the row at this position and bring it into view."""
        top, cursor = self._view.top, self._view.cursor
        self._view.move_to(place)
        if self._view.cursor != cursor:
            self._key = None
        self._seen(top)

    def _seen(self, top: int) -> None:
        self._update()
        if self._view.top != top:
            self.post_message(self.Moved(self, self._key))

    def scroll_rows(self, lines: int) -> None:
        top = self._view.top
        self._view.scroll(lines)
        self._seen(top)

    def on_resize(self, event: events.Resize) -> None:
        top = self._view.top
        self._view.resize(event.size.height - self._header)
        self._forget_strips()
        self.refresh()
        self._seen(top)
        self.post_message(self.Moved(self, self._key))

    def opened(self) -> None:
        """See `Moving.opened`."""
        if self._key is not None:
            self.post_message(self.Chosen(self, self._key))
