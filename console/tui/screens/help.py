"""The keys of one screen, from the table of keys."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.tui.acting.offers import Offer
from console.tui.keys import Key, Scope, bindings, help_sections
from console.tui.present.cells import Cell, chip
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.text_view import TextView
from console.wording import verb_words

_KEY_WIDTH = 15
_WIDTH = 54
_VERB_WIDTH = 16


class Help(ModalScreen[None]):
    """Lies over the screen whose keys it tells.

    Args:
        scopes: of that screen.
        offers: its keys that change something.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("help")]
    AUTO_FOCUS = "#help-text"

    def __init__(self, scopes: Sequence[Scope], offers: Sequence[Offer] = ()) -> None:
        super().__init__()
        self._scopes = tuple(scopes)
        self._offers = tuple(offers)

    def compose(self) -> ComposeResult:
        with Vertical(id="help-box"):
            yield Heading(id="help-title", left=[chip("Keys here", "strong")])
            yield TextView(id="help-text")
            yield Line(id="help-end", left=[chip("esc closes", "muted")])

    def on_mount(self) -> None:
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        sections = [_section(title, keys) for title, keys in help_sections(self._scopes) if keys]
        two = self.app.size.width >= 2 * _WIDTH + 8
        self.query_one("#help-box").styles.width = (2 if two else 1) * _WIDTH + 6
        lines = _side_by_side(sections) if two else [line for section in sections for line in (*section, ())]
        acts = _acts(self._offers, (2 if two else 1) * _WIDTH)
        self.query_one(TextView).show([*acts, *lines])


def _acts(offers: Sequence[Offer], width: int) -> list[tuple[Cell, ...]]:
    """What can be changed here; what cannot now is faint, with the reason."""
    lines: list[tuple[Cell, ...]] = [(Cell("Change", "strong"),)] if offers else []
    for offer in offers:
        action = offer.action or offer.meant or offer.actions[0]
        said, tone = (action.what, "") if offer.action else (offer.reason, "faint")
        verb = verb_words(action).ljust(_VERB_WIDTH)
        for place, part in enumerate(wrap(said, width - 6 - _VERB_WIDTH)):
            key, name = (offer.key, verb) if place == 0 else (" ", " " * _VERB_WIDTH)
            lines.append((Cell("  "), Cell(key, "key" if offer.action else "faint"), Cell(f"  {name}{part}", tone)))
    return [*lines, ()] if lines else []


def _section(title: str, keys: Sequence[Key]) -> list[tuple[Cell, ...]]:
    lines: list[tuple[Cell, ...]] = [(Cell(title, "strong"),)]
    for key in keys:
        gap = " " * max(1, _KEY_WIDTH - cell_len(key.display))
        for place, part in enumerate(wrap(key.what, _WIDTH - _KEY_WIDTH - 4)):
            shown, before = (key.display, gap) if place == 0 else ("", " " * _KEY_WIDTH)
            lines.append((Cell("  "), Cell(shown, "key"), Cell(before + part)))
    return lines


def _side_by_side(sections: Sequence[Sequence[tuple[Cell, ...]]]) -> list[tuple[Cell, ...]]:
    """Two columns of about the same length, the sections in order."""
    total = sum(len(section) + 1 for section in sections)
    columns: list[list[tuple[Cell, ...]]] = [[], []]
    for section in sections:
        side = columns[0] if len(columns[0]) + len(section) <= total // 2 + 2 and not columns[1] else columns[1]
        side += [*section, ()]
    lines: list[tuple[Cell, ...]] = []
    for place in range(max(map(len, columns))):
        left = columns[0][place] if place < len(columns[0]) else ()
        right = columns[1][place] if place < len(columns[1]) else ()
        pad = Cell(" " * max(0, _WIDTH - sum(cell_len(cell.text) for cell in left)))
        lines.append((*left, pad, *right))
    return lines
