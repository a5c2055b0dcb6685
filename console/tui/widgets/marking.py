"""Marking rows of a table; what is marked is held by key."""

from __future__ import annotations

from console.tui.present.cells import RowWindow
from console.tui.present.marks import Marks


class Marking:
    """The part of a table that marks rows: actions of the keys of scope `marks`."""

    marks: Marks
    _markable: bool
    _key: str | None
    _window: RowWindow

    def marked(self, step: int) -> None:
        """Marks came or went; the table repaints, with the cursor `step` rows on."""

    @property
    def chosen_keys(self) -> tuple[str, ...]:
        """Keys of the marked rows, else of the row under the cursor."""
        return self.marks.keys or (() if self._key is None else (self._key,))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows are marked only where something can be done to several."""
        return self._markable or not action.startswith("mark")

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next."""
        self.marks.turn(self._key)
        self.marked(1)

    def action_mark_range(self) -> None:
        """Mark from the row marked last to this one; of what lies between only rows that are read."""
        held = [row.key for row in self._window.rows(0, self._window.row_count) if row is not None]
        self.marks.reach(held, self._key)
        self.marked(0)

    def action_mark_all(self) -> None:
        """Mark all of the list, also what is not read."""
        if self._window.row_count:
            self.marks.take_all()
            self.marked(0)

    def action_mark_none(self) -> None:
        """Take all marks away."""
        self.marks.clear()
        self.marked(0)
