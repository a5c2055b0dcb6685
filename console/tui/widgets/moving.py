"""Moving through rows of a table, by key, by wheel and by click."""

from __future__ import annotations

from textual import events

from console.tui.present.viewport import Viewport

_WHEEL_LINES = 3


class Moving:
    """The part of a table that moves: actions of the keys of scope `rows`."""

    _view: Viewport
    _header: int

    def opened(self) -> None:
        """The row under the cursor was asked for by a double click."""

    def move_to(self, place: int) -> None:
        """The table puts the cursor on the row at this position and brings it into view."""

    def scroll_rows(self, lines: int) -> None:
        """The table shows other rows, the cursor going with them only as far as it must."""

    def action_cursor(self, step: int) -> None:
        self.move_to(self._view.cursor + step)

    def action_page(self, step: int) -> None:
        self.move_to(self._view.cursor + step * max(1, self._view.height - 1))

    def action_edge(self, end: int) -> None:
        self.move_to(self._view.count - 1 if end else 0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(_WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-_WHEEL_LINES)

    def on_click(self, event: events.Click) -> None:
        line = event.y - self._header
        if line < 0:
            return
        bar = event.widget is not None and event.x >= event.widget.size.width - 1
        if bar and self._view.overflows:
            self.scroll_rows(self._view.at_bar(line) - self._view.top)
        elif self._view.top + line < self._view.count:
            self.move_to(self._view.top + line)
            if event.chain == 2:
                self.opened()
