"""How much of a line has to be painted when it changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size

from console.tui.present.cells import Cell
from console.tui.widgets.tones import changed_until

_TEXT = st.text(st.sampled_from("ab 日✗"), max_size=4)
_LINE = st.lists(st.builds(Cell, _TEXT, st.sampled_from(("", "key"))), max_size=5)


def looks(line: list[Cell]) -> list[tuple[str, str]]:
    """What each terminal cell shows; the second half of a wide character is empty."""
    return [
        part for cell in line for char in cell.text for part in [(char, cell.tone), ("", cell.tone)][: cell_len(char)]
    ]


@given(_LINE, _LINE)
def test_what_is_painted_over_the_old_line_makes_the_new_one(old: list[Cell], new: list[Cell]) -> None:
    width = 40
    old, new = ([*line, Cell(" " * (width - len(looks(line))))] for line in (old, new))
    until = changed_until(old, new, width)
    assert looks(new)[:until] + looks(old)[until:] == looks(new)
    assert until == 0 or old != new


def test_nothing_is_sent_for_what_is_right_of_the_last_difference() -> None:
    before = [Cell("queue-01"), Cell("  100", "queued"), Cell(" " * 20), Cell("no worker", "failed")]
    after = [before[0], Cell("  101", "queued"), *before[2:]]
    assert changed_until(before, after, 42) == len("queue-01  101")
    assert changed_until(before, [*before[:3], Cell(set_cell_size("late", 9), "failed")], 42) == 42
    assert changed_until(before, after[:2], 42) == 42
