"""A line of chips: what does not fit is left out whole, and a click on a chip does what it says."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.tui.present.cells import Cell, Chip
from console.tui.present.line import chip_width, fitted, joined
from console.tui.widgets.tones import Palette, changed_until


class Line(Widget):
    """One line with chips at the left and at the right. `show` repaints only when something changed."""

    DEFAULT_CSS = "Line { height: 1; }"
    GAP = 2
    MARGIN = 1

    def __init__(
        self, *, id: str | None = None, classes: str | None = None, left: Sequence[Chip] = (), center: bool = False
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._palette = Palette(self)
        self._center = center
        self._left: tuple[Chip, ...] = tuple(left)
        self._right: tuple[Chip, ...] = ()

    def show(self, left: Sequence[Chip], right: Sequence[Chip] = ()) -> None:
        """Show these chips.

        Args:
            left, right: chips of each side.
        """
        if (tuple(left), tuple(right)) != (self._left, self._right):
            before = self._cells()
            self._left, self._right = tuple(left), tuple(right)
            if until := changed_until(before, self._cells(), self.size.width):
                self.refresh(Region(0, 0, until, 1))

    def _placed(self) -> list[tuple[int, Chip]]:
        """The chips that fit and where each begins."""
        width = self.size.width - 2 * self.MARGIN
        left, right = fitted(self._left, self._right, width, cell_len, self.GAP)
        placed: list[tuple[int, Chip]] = []
        used = sum(chip_width(chip, cell_len) for chip in left) + self.GAP * max(0, len(left) - 1)
        x = self.MARGIN + (max(0, (width - used) // 2) if self._center else 0)
        for chip in left:
            placed.append((x, chip))
            x += chip_width(chip, cell_len) + self.GAP
        x = self.MARGIN + width
        for chip in reversed(right):
            x -= chip_width(chip, cell_len)
            placed.append((x, chip))
            x -= self.GAP
        return sorted(placed, key=lambda item: item[0])

    def _cells(self) -> list[Cell]:
        """The whole line from its first cell; it may be longer than there is room."""
        cells: list[Cell] = []
        x = 0
        for start, chip in self._placed():
            cells.append(Cell(" " * max(0, start - x)))
            cells.extend(chip.cells)
            x = max(x, start) + chip_width(chip, cell_len)
        return [*cells, Cell(" " * (self.size.width - x))]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        cells = self._cells() if y == 0 else []
        x = sum(cell_len(cell.text) for cell in cells)
        if x <= width:
            return self._palette.strip(cells, width, self.rich_style)
        cut = self._palette.strip(cells, x, self.rich_style).crop(0, width - 1)
        return Strip.join([cut, self._palette.strip([Cell("…", "muted")], 1, self.rich_style)])

    async def on_click(self, event: events.Click) -> None:
        for start, chip in self._placed():
            if chip.action and start <= event.x < start + chip_width(chip, cell_len):
                event.stop()
                await self.app.run_action(chip.action, self.screen)
                return


class Heading(Line):
    """A title with a rule to the right end of the line."""

    DEFAULT_CSS = "Heading { height: 1; }"
    MARGIN = 0

    def _cells(self) -> list[Cell]:
        width = self.size.width
        left, right = fitted(self._left, self._right, width - 6, cell_len, self.GAP)
        head, tail = joined(left, self.GAP), joined(right, self.GAP)
        used = sum(cell_len(cell.text) for cell in head + tail) + 3 + (2 if tail else 1)
        rule = [Cell("─ ", "faint"), *head, Cell(" " + "─" * max(1, width - used), "faint")]
        return [*rule, Cell(" ", "faint"), *tail] if tail else rule

    def render_line(self, y: int) -> Strip:
        return self._palette.strip(self._cells(), self.size.width, self.rich_style)
