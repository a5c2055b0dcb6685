"""How cells become strips: one place where a tone turns into a style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from console.tui.present.cells import Cell


class _Look(NamedTuple):
    """Colour and ground as names of the themes' variables (`console.tui.themes`); empty is what lies under it."""

    colour: str = ""
    ground: str = ""
    bold: bool = False


#: What each tone is made of.
MADE_OF: dict[str, _Look] = {
    "muted": _Look("muted"),
    "faint": _Look("faint"),
    "strong": _Look(bold=True),
    "key": _Look("key", bold=True),
    "badge": _Look("badge-text", "badge", bold=True),
    "notice": _Look("state-scheduled"),
    "alarm": _Look("alarm-text", "alarm", bold=True),
    "warning": _Look("state-waiting", bold=True),
    "tab": _Look("tab-text", "tab", bold=True),
    "trend": _Look("trend"),
    "out": _Look("rate-out"),
    "in": _Look("rate-in"),
    "queued": _Look("state-queued"),
    "started": _Look("state-started"),
    "finished": _Look("state-finished"),
    "failed": _Look("state-failed", bold=True),
    "stopped": _Look("state-failed"),
    "waiting": _Look("state-waiting"),
    "scheduled": _Look("state-scheduled"),
    "canceled": _Look("muted"),
}


@lru_cache(maxsize=256)
def _style(colour: str, ground: str, bold: bool) -> Style:
    return Style(
        color=Color.parse(colour).rich_color if colour else None,
        bgcolor=Color.parse(ground).rich_color if ground else None,
        bold=bold or None,
    )


class Palette:
    """The styles of the tones in the theme of the app.

    Made from the theme itself and not from component classes: Textual works those out for every widget whenever
    anything about it changes, and twenty of them in each were a third of the work of opening a screen.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._variables: Mapping[str, str] = {}
        self._styles: dict[str, Style] = {}

    def _tones(self) -> Mapping[str, Style]:
        variables = self._widget.app.theme_variables
        if variables is not self._variables:
            self._variables = variables
            self._styles = {
                tone: _style(variables.get(look.colour, ""), variables.get(look.ground, ""), look.bold)
                for tone, look in MADE_OF.items()
            }
        return self._styles

    def strip(self, cells: Iterable[Cell], width: int, under: Style) -> Strip:
        """Cells side by side, cut or filled to `width`. Neighbours that look the same become one segment, and a
        blank goes with either neighbour: each segment less saves 30 bytes of escape sequences."""
        segments: list[Segment] = []
        text, style, tones = "", under, self._tones()
        for cell in cells:
            look = under + tones[cell.tone] if cell.tone else under
            if look == style or (_is_blank(cell.text) and _same_ground(look, style)):
                text += cell.text
                continue
            if _is_blank(text) and _same_ground(look, style):
                text, style = text + cell.text, look
                continue
            segments.append(Segment(text, style))
            text, style = cell.text, look
        if text:
            segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(width, under)


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def _same_ground(one: Style, other: Style) -> bool:
    """Whether blanks of both look the same."""
    return one.bgcolor == other.bgcolor and one.reverse == other.reverse and one.strike == other.strike


def fit(text: str, width: int, align: str = "left") -> str:
    """`text` in exactly `width` terminal cells, its cut marked with an ellipsis."""
    length = _length(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if align == "right" else text + padding


def changed_until(old: Sequence[Cell], new: Sequence[Cell], width: int) -> int:
    """How many terminal cells from the left have to be painted for `new` to stand where `old` stood; 0 for none.

    What lies right of the last difference is not sent again; left of the first it is, since Textual paints a line from
    the beginning of its widget.

    Args:
        old, new: two lines from the same cell on.
        width: of the widget.
    """
    if sum(_length(cell.text) for cell in old) != sum(_length(cell.text) for cell in new):
        return width
    same = 0
    while same < min(len(old), len(new)) and old[-1 - same] == new[-1 - same]:
        same += 1
    return min(width, sum(_length(cell.text) for cell in new[: len(new) - same]))


def longest(texts: Sequence[str]) -> int:
    """Cells the longest of them takes."""
    return max(map(_length, texts), default=0)


def _length(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)
