"""Charts from the history: two mirrored areas that share one scale, or one area, or a single line of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.tui.present.cells import Cell
from console.tui.present.chart import area, ceiling, most
from console.tui.present.words import reach
from console.tui.widgets.tones import Palette, fit

AXIS = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """What a chart shows.

    Attributes:
        up, down: values of the area above and, where there is one, below the axis, oldest first; None is not known.
        up_tone, down_tone: how they look.
        span: seconds from the left end to the right one.
    """

    up: tuple[float | None, ...] = ()
    up_tone: str = "out"
    down: tuple[float | None, ...] | None = None
    down_tone: str = "in"
    span: float = 0.0


class Chart(Widget):
    """The chart; it repaints only the lines that look different."""

    DEFAULT_CSS = "Chart { height: 1fr; }"

    class Resized(Message):
        """Another number of values fits now."""

        def __init__(self, chart: Chart) -> None:
            super().__init__()
            self.chart = chart

        @property
        def control(self) -> Chart:
            return self.chart

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._palette = Palette(self)
        self._picture = Picture()
        self._lines: list[tuple[Cell, ...]] | None = None

    @property
    def points(self) -> int:
        """How many values fit."""
        return max(2, 2 * (self.size.width - AXIS))

    def show(self, picture: Picture) -> None:
        """Show this picture."""
        self._picture = picture
        before, self._lines = self._lines, self._painted()
        if before is None or len(before) != len(self._lines):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        self._lines = None
        self.refresh()
        self.post_message(self.Resized(self))

    def render_line(self, y: int) -> Strip:
        if self._lines is None:
            self._lines = self._painted()
        cells: Sequence[Cell] = self._lines[y] if y < len(self._lines) else ()
        return self._palette.strip(cells, self.size.width, self.rich_style)

    def _painted(self) -> list[tuple[Cell, ...]]:
        picture, width, height = self._picture, self.size.width - AXIS, self.size.height - 1
        if width < 4 or height < 1:
            return []
        top = ceiling(most(*picture.up, *(picture.down or ())))
        if picture.down is None:
            lines = self._area(picture.up, width, height, top, picture.up_tone, down=False)
        else:
            above = (height + 1) // 2
            lines = self._area(picture.up, width, above, top, picture.up_tone, down=False)
            if height > above:
                lines += self._area(picture.down, width, height - above, top, picture.down_tone, down=True)
        return [*lines, self._times(width)]

    def _area(
        self, values: Sequence[float | None], width: int, height: int, top: float, tone: str, *, down: bool
    ) -> list[tuple[Cell, ...]]:
        lines: list[tuple[Cell, ...]] = []
        for place, text in enumerate(area(values, width, height, top, down=down)):
            at_top, at_zero = (place == height - 1, False) if down else (place == 0, place == height - 1)
            label = _number(top) if at_top else "0" if at_zero else ""
            if height == 1 and not down:
                label = _number(top)
            lines.append((Cell(fit(label, AXIS - 1, "right") + " ", "faint"), Cell(text, tone)))
        return lines

    def _times(self, width: int) -> tuple[Cell, ...]:
        span = self._picture.span
        left = f"-{reach(span)}" if span else ""
        middle = f"-{reach(span / 2)}" if span and width > 40 else ""
        text = fit(left, width // 2 - len(middle) // 2) + middle
        return (Cell(" " * AXIS + fit(text, width - 3) + "now", "faint"),)


def _number(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
