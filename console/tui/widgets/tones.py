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
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if align == "right" else text + padding


def longest(texts: Sequence[str]) -> int:
    """Cells the longest of them takes."""
    return max((len(text) if text.isascii() else cell_len(text) for text in texts), default=0)
