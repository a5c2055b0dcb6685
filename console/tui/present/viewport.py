"""Pure: which rows of a long list are visible, and where the cursor is among them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Viewport:
    """The visible part of a list.

    Attributes:
        count: rows there are.
        height: rows that are visible.
        top: the first visible one.
        cursor: the row under the cursor.
    """

    count: int = 0
    height: int = 1
    top: int = 0
    cursor: int = 0

    def resize(self, height: int) -> None:
        """Show so many rows; the cursor stays visible."""
        self.height = max(1, height)
        self._clamp()
        self.reveal()

    def replace(self, count: int, place: int | None) -> None:
        """The rows are others now.

        Args:
            count: how many.
            place: where the row under the cursor is now; None when that is not known: the cursor keeps its position.
        """
        moved = 0 if place is None else place - self.cursor
        self.count = count
        self.cursor += moved
        if self.top:
            # The row stays on its line of the screen; what came in above it is out of sight.
            self.top += moved
        self._clamp()
        if moved:
            self.reveal()

    def move_to(self, place: int) -> None:
        """Put the cursor on this row and bring it into view."""
        self.cursor = place
        self._clamp()
        self.reveal()

    def scroll(self, lines: int) -> None:
        """Show other rows and leave the cursor where it is."""
        self.top += lines
        self._clamp()

    def reveal(self) -> None:
        """Bring the cursor into view."""
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self.height:
            self.top = self.cursor - self.height + 1

    def _clamp(self) -> None:
        self.cursor = max(0, min(self.cursor, self.count - 1))
        self.top = max(0, min(self.top, self.count - self.height))

    @property
    def stop(self) -> int:
        """The row after the last visible line, also when there are fewer rows."""
        return self.top + self.height

    @property
    def overflows(self) -> bool:
        """Whether there are more rows than can be seen."""
        return self.count > self.height

    def thumb(self) -> range:
        """The lines of the scroll bar that stand for what is visible; none when all is."""
        if not self.overflows:
            return range(0)
        size = max(1, round(self.height * self.height / self.count))
        room = self.height - size
        hidden = self.count - self.height
        first = round(self.top / hidden * room)
        # Only the very ends look like ends.
        if 0 < self.top < hidden and room > 1:
            first = max(1, min(room - 1, first))
        return range(first, first + size)

    def at_bar(self, line: int) -> int:
        """The first visible row when the scroll bar is taken at this line."""
        return round((self.count - self.height) * line / max(1, self.height - 1))
