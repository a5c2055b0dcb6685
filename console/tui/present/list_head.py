"""Pure: the line above a list of jobs: which list it is, and where in it the operator is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.tui.present.cells import Chip, chip
from console.tui.present.jobs import marked_chip, order_word
from console.tui.present.marks import Marks
from console.tui.present.words import count


@dataclass(frozen=True, slots=True)
class Head:
    """What is known about a list.

    Attributes:
        state: the list.
        where: of which queue.
        newest_first: its order.
        marks: what is marked in it.
        rows: how many there are.
        place: of the row under the cursor, from 0.
        new_above: rows that came in above the first visible one.
        read: whether it was read at all.
    """

    state: str
    where: str
    newest_first: bool
    marks: Marks
    rows: int
    place: int
    new_above: int
    read: bool

    def title(self, searched: Sequence[Chip] | None = None) -> list[Chip]:
        """The left side.

        Args:
            searched: how far a search in it has come; None without one.
        """
        chips = [chip("Jobs", "muted"), chip("›", "faint"), chip(self.where, "strong")]
        marked = marked_chip(self.marks)
        if marked is not None:
            chips.append(marked)
        if searched is not None:
            chips += searched
        elif not self.read:
            chips.append(chip("reading ...", "muted"))
        elif not self.rows:
            chips.append(chip(f"nothing is {self.state} here", "muted"))
        return chips

    def position(self) -> list[Chip]:
        """The right side."""
        chips = [chip(order_word(self.state, newest_first=self.newest_first), "muted", rank=2, action="screen.order")]
        if self.new_above > 0:
            chips.insert(0, chip(f" {count(self.new_above)} new above: g ", "tab", rank=1))
        if self.rows:
            chips.append(chip(f"{count(self.place + 1)} of {count(self.rows)}"))
        return chips
