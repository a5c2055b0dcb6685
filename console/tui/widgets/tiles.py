"""Numbers with their names above, or beside them where there is only one line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.tui.present.cells import Cell
from console.tui.present.totals import Tile
from console.tui.widgets.tones import Palette, changed_until, fit


class Tiles(Widget):
    """Tiles side by side, evenly spaced; repaints only when a number changed."""

    DEFAULT_CSS = "Tiles { height: 2; }"
    _GAP = 2

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._palette = Palette(self)
        self._tiles: tuple[Tile, ...] = ()

    def show(self, tiles: Sequence[Tile]) -> None:
        """Show these tiles."""
        if tuple(tiles) != self._tiles:
            lines = range(self.size.height)
            before = [self._cells(y) for y in lines]
            self._tiles = tuple(tiles)
            for y in lines:
                if until := changed_until(before[y], self._cells(y), self.size.width):
                    self.refresh(Region(0, y, until, 1))

    def _placed(self) -> list[tuple[Tile, int]]:
        """Tiles that fit, with the width of each."""
        room = self.size.width - 2
        tiles = list(self._tiles)
        while tiles and sum(self._width(tile) + self._GAP for tile in tiles) - self._GAP > room:
            rank = max(tile.rank for tile in tiles)
            if rank == 0 and len(tiles) == 1:
                break
            tiles.remove(next(tile for tile in reversed(tiles) if tile.rank == rank))
        if self.size.height < 2:
            return [(tile, self._width(tile) + self._GAP + 1) for tile in tiles]
        spare = room - sum(self._width(tile) + self._GAP for tile in tiles) + self._GAP
        more = min(6, spare // len(tiles)) if tiles else 0
        return [(tile, self._width(tile) + self._GAP + more) for tile in tiles]

    def _width(self, tile: Tile) -> int:
        label, value = cell_len(tile.label.text), sum(cell_len(cell.text) for cell in tile.value)
        return label + 1 + value if self.size.height < 2 else max(label, value)

    def _cells(self, y: int) -> list[Cell]:
        cells = [Cell(" ")]
        for tile, width in self._placed():
            if self.size.height < 2:
                parts = [tile.label, Cell(" "), *tile.value]
            else:
                parts = [tile.label] if y == 0 else list(tile.value)
            cells += parts
            cells.append(Cell(fit("", max(0, width - sum(cell_len(cell.text) for cell in parts)))))
        return cells

    def render_line(self, y: int) -> Strip:
        return self._palette.strip(self._cells(y), self.size.width, self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        x = 1
        for tile, width in self._placed():
            if x <= event.x < x + width and tile.action:
                event.stop()
                await self.app.run_action(tile.action, self.screen)
                return
            x += width
