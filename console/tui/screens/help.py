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
from console.tui.key_map import as_moved
from console.tui.keys import Key, Scope, bindings, help_sections
from console.tui.present.cells import Cell, chip
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.text_view import TextView
from console.wording import verb_words

_KEY_WIDTH = 15
#: Cells of a column at least, and at most: wider lines are hard to read.
_LEAST, _MOST = 50, 78
#: Cells of the box beside its text, and between two columns.
_FRAME, _GAP = 7, 2
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
        room = self.app.size.width * 96 // 100 - _FRAME
        two = room >= 2 * _LEAST + _GAP
        width = min(_MOST, (room - _GAP) // 2 if two else room)
        whole = 2 * width + _GAP if two else width
        self.query_one("#help-box").styles.width = whole + _FRAME
        listed = [(title, as_moved(keys, self.app)) for title, keys in help_sections(self._scopes) if keys]
        if two:
            lines = _side_by_side(listed, whole)
        else:
            lines = [line for title, keys in listed for line in (*_section(title, keys, width), ())]
        self.query_one(TextView).show([*_acts(self._offers, whole), *lines])


def _acts(offers: Sequence[Offer], width: int) -> list[tuple[Cell, ...]]:
    """What can be changed here; what cannot now is faint, with the reason."""
    lines: list[tuple[Cell, ...]] = [(Cell("Change", "strong"),)] if offers else []
    for offer in offers:
        action = offer.action or offer.meant or offer.actions[0]
        said, tone = (action.what, "") if offer.action else (offer.reason, "faint")
        verb = verb_words(action).ljust(_VERB_WIDTH)
        for place, part in enumerate(wrap(said, max(1, width - 6 - _VERB_WIDTH))):
            key, name = (offer.key, verb) if place == 0 else (" ", " " * _VERB_WIDTH)
            lines.append((Cell("  "), Cell(key, "key" if offer.action else "faint"), Cell(f"  {name}{part}", tone)))
    return [*lines, ()] if lines else []


def _section(title: str, keys: Sequence[Key], width: int) -> list[tuple[Cell, ...]]:
    lines: list[tuple[Cell, ...]] = [(Cell(title, "strong"),)]
    for key in keys:
        gap = " " * max(1, _KEY_WIDTH - cell_len(key.display))
        for place, part in enumerate(wrap(key.what, max(1, width - _KEY_WIDTH - 2))):
            shown, before = (key.display, gap) if place == 0 else ("", " " * _KEY_WIDTH)
            lines.append((Cell("  "), Cell(shown, "key"), Cell(before + part)))
    return lines


def _side_by_side(listed: Sequence[tuple[str, Sequence[Key]]], whole: int) -> list[tuple[Cell, ...]]:
    """Two columns of about the same length, the sections in order; the left one no wider than its texts."""
    total = sum(len(keys) + 2 for _, keys in listed)
    sides: tuple[list[tuple[str, Sequence[Key]]], ...] = ([], [])
    length = 0
    for title, keys in listed:
        length += len(keys) + 2
        sides[0 if length <= total // 2 + 2 and not sides[1] else 1].append((title, keys))
    longest = max((len(key.what) for _, keys in sides[0] for key in keys), default=0)
    width = min(whole - _LEAST - _GAP, longest + _KEY_WIDTH + 2)
    rooms = (width, whole - width - _GAP)
    left, right = (
        [line for title, keys in side for line in (*_section(title, keys, room), ())]
        for side, room in zip(sides, rooms, strict=True)
    )
    lines: list[tuple[Cell, ...]] = []
    for place in range(max(len(left), len(right))):
        first = left[place] if place < len(left) else ()
        pad = Cell(" " * (width + _GAP - sum(cell_len(cell.text) for cell in first)))
        lines.append((*first, pad, *(right[place] if place < len(right) else ())))
    return lines
