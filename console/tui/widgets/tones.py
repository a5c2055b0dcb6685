"""How cells become strips: one place where a tone turns into a style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.tui.present.cells import TONES, Cell

TONE_CLASSES = frozenset(f"tone--{tone}" for tone in TONES)

#: What each tone is made of; the variables are the themes' (`console.tui.themes`).
_RULES = {
    "muted": "color: $muted;",
    "faint": "color: $faint;",
    "strong": "text-style: bold;",
    "key": "color: $key; text-style: bold;",
    "badge": "color: $badge-text; background: $badge; text-style: bold;",
    "notice": "color: $state-scheduled;",
    "alarm": "color: $alarm-text; background: $alarm; text-style: bold;",
    "warning": "color: $state-waiting; text-style: bold;",
    "tab": "color: $tab-text; background: $tab; text-style: bold;",
    "trend": "color: $trend;",
    "out": "color: $rate-out;",
    "in": "color: $rate-in;",
    "queued": "color: $state-queued;",
    "started": "color: $state-started;",
    "finished": "color: $state-finished;",
    "failed": "color: $state-failed; text-style: bold;",
    "stopped": "color: $state-failed;",
    "waiting": "color: $state-waiting;",
    "scheduled": "color: $state-scheduled;",
    "canceled": "color: $muted;",
}


def tone_css(widget: str) -> str:
    """The style sheet of all tones for one widget class."""
    return "\n".join(f"{widget} > .tone--{tone} {{ {rule} }}" for tone, rule in _RULES.items())


class Palette:
    """The styles of a widget's tones, looked up once until the theme or the focus changes."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str, Style] = {}

    def clear(self) -> None:
        """Forget all styles; call it from `notify_style_update`."""
        self._styles.clear()

    def style(self, name: str) -> Style:
        """The style of a component class."""
        found = self._styles.get(name)
        if found is None:
            found = self._widget.get_component_rich_style(name, partial=True)
            self._styles[name] = found
        return found

    def strip(self, cells: Iterable[Cell], width: int, under: Style) -> Strip:
        """Cells side by side, cut or filled to `width`. Neighbours that look the same become one segment, and a
        blank goes with either neighbour: each segment less saves 30 bytes of escape sequences."""
        segments: list[Segment] = []
        text, style = "", under
        for cell in cells:
            look = under + self.style(f"tone--{cell.tone}") if cell.tone else under
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
