"""Pure: numbers as areas of braille dots or as a row of blocks, always from zero, so that a flat line looks flat."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"
#: Dots of the left and of the right half of a cell, from the bottom up and from the top down.
_UP = ((0x40, 0x44, 0x46, 0x47), (0x80, 0xA0, 0xB0, 0xB8))
_DOWN = ((0x01, 0x03, 0x07, 0x47), (0x08, 0x18, 0x38, 0xB8))
_BLANK = " "
#: Where nothing is known.
GAP = "·"


def area(values: Sequence[float | None], width: int, height: int, top: float, *, down: bool = False) -> tuple[str, ...]:
    """Lines of an area chart, the newest value at the right end; two values and four levels a cell.

    Args:
        values: oldest first; only the last `2 * width` are shown. None is not known, and shown as a dot on the line.
        width, height: cells.
        top: value of the full height.
        down: hang from the top line instead of standing on the bottom one.
    """
    shown = list(values)[-2 * width :]
    levels = [0] * (2 * width - len(shown)) + [_level(value or 0, top, height * 4) for value in shown]
    lines = [_line(levels, floor * 4, _DOWN if down else _UP) for floor in range(height)]
    if None in shown:
        unknown = [False] * (2 * width - len(shown)) + [value is None for value in shown]
        pairs = zip(lines[0], unknown[::2], unknown[1::2], strict=True)
        lines[0] = "".join(GAP if left and right else cell for cell, left, right in pairs)
    return tuple(lines if down else reversed(lines))


def _level(value: float, top: float, levels: int) -> int:
    if value <= 0 or top <= 0:
        return 0
    # What is there at all is seen, however small beside the rest.
    return max(1, round(min(1.0, value / top) * levels))


def _line(levels: Sequence[int], floor: int, dots: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
    cells: list[str] = []
    for left, right in zip(levels[::2], levels[1::2], strict=True):
        bits = (dots[0][min(left - floor, 4) - 1] if left > floor else 0) | (
            dots[1][min(right - floor, 4) - 1] if right > floor else 0
        )
        cells.append(chr(0x2800 + bits) if bits else _BLANK)
    return "".join(cells)


def blocks(values: Sequence[float | None], width: int, top: float | None = None) -> str:
    """One line of blocks of eight heights, the newest at the right end.

    Args:
        values: oldest first; only the last `width` are shown. None is not known, and shown as a dot.
        width: cells.
        top: value of the full height, the greatest value when left out.
    """
    shown = list(values)[-width:]
    if top is None:
        top = most(*shown)
    return "".join(GAP if value is None else _BLOCKS[_level(value, top, 8)] for value in shown).rjust(width)


def ceiling(value: float) -> float:
    """The next round number (1, 2 or 5 times a power of ten) that is not below `value`, 1 at least."""
    top = 1.0
    while True:
        for step in (1, 2, 5):
            if step * top >= value:
                return step * top
        top *= 10


def most(*values: float | None) -> float:
    """The greatest of those that are known; 0 where none is."""
    return max((value for value in values if value is not None), default=0.0)


def smoothed(values: Sequence[float | None], reach: int) -> list[float | None]:
    """Each value as the mean of itself and up to `reach - 1` values before it; what is not known stays so."""
    means: list[float | None] = []
    for place, value in enumerate(values):
        part = [one for one in values[max(0, place - reach + 1) : place + 1] if one is not None]
        means.append(None if value is None else sum(part) / len(part))
    return means
