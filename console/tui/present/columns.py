"""Pure: how wide each column of a table is, and which ones have to go."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.present.cells import Column


def layout(columns: Sequence[Column], longest: Sequence[int], width: int, gap: int = 2) -> tuple[tuple[int, int], ...]:
    """Places and widths of the columns that fit.

    Args:
        columns: in the order shown.
        longest: cells the longest text seen in each takes.
        width: cells of the whole line, without margins.
        gap: cells between two columns.

    Returns:
        pairs of (place in `columns`, width).
    """
    kept = list(range(len(columns)))

    def least() -> int:
        return sum(columns[i].width for i in kept) + gap * (len(kept) - 1)

    while len(kept) > 1 and least() > width and (goes := max(kept, key=lambda i: (columns[i].rank, i))) is not None:
        if columns[goes].rank == 0:
            break
        kept.remove(goes)
    widths = {i: columns[i].width for i in kept}
    spare = width - least()
    for i in sorted(kept, key=lambda i: columns[i].turn or columns[i].rank):
        wanted = min(max(longest[i], columns[i].width), columns[i].most or columns[i].width)
        more = min(spare, wanted - widths[i])
        if more > 0:
            widths[i] += more
            spare -= more
    _share(widths, {i: columns[i].grow for i in kept if columns[i].grow}, spare)
    return tuple((i, widths[i]) for i in kept)


def _share(widths: dict[int, int], growing: dict[int, int], spare: int) -> None:
    shares = sum(growing.values())
    for place, (i, share) in enumerate(growing.items()):
        if spare <= 0:
            return
        last = place == len(growing) - 1
        more = spare if last else spare * share // shares
        widths[i] += more
        spare -= more
        shares -= share
