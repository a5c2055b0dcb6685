"""Pure: which pieces of a line fit into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.tui.present.cells import Cell, Chip


def fitted(
    left: Sequence[Chip], right: Sequence[Chip], width: int, cell_len: Callable[[str], int], gap: int = 2
) -> tuple[list[Chip], list[Chip]]:
    """The chips of both sides that fit, those of the highest rank left out first.

    Args:
        left, right: in the order shown.
        width: cells of the line.
        cell_len: cells a text takes.
        gap: cells between two chips.
    """
    left, right = list(left), list(right)

    def needed() -> int:
        chips = left + right
        return sum(chip_width(chip, cell_len) for chip in chips) + gap * max(0, len(chips) - 1)

    while needed() > width:
        rank = max((chip.rank for chip in left + right), default=0)
        if rank == 0:
            break
        side = left if any(chip.rank == rank for chip in left) else right
        last = max(place for place, chip in enumerate(side) if chip.rank == rank)
        del side[last]
    return left, right


def chip_width(chip: Chip, cell_len: Callable[[str], int]) -> int:
    """Cells a chip takes."""
    return sum(cell_len(cell.text) for cell in chip.cells)


def joined(chips: Sequence[Chip], gap: int = 2) -> list[Cell]:
    """The cells of chips with gaps between."""
    cells: list[Cell] = []
    for place, chip in enumerate(chips):
        if place:
            cells.append(Cell(" " * gap))
        cells.extend(chip.cells)
    return cells
