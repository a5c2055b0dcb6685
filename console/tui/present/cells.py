"""Pure: the values everything on screen is made of.

A screen is built from cells, never from markup, so nothing that came from Redis can be read as an instruction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

#: Names of the ways a cell may look; `console.tui.themes` gives each a colour and a weight.
TONES = (
    "muted",
    "faint",
    "strong",
    "key",
    "badge",
    "notice",
    "alarm",
    "warning",
    "tab",
    "trend",
    "out",
    "in",
    "queued",
    "started",
    "finished",
    "failed",
    "stopped",
    "waiting",
    "scheduled",
    "canceled",
)


class Cell(NamedTuple):
    """Printable text, and the name of how it looks ("" is plain)."""

    text: str
    tone: str = ""


class Row(NamedTuple):
    """One line of a table. `key` says which thing it is, whatever its position."""

    key: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        width: the least number of terminal cells it can live with.
        most: how wide it may grow to show its longest text; `width` when left out.
        rank: columns of the highest rank go first when the terminal is narrow; 0 never goes.
        grow: its share of what is left over when every column has what it wants.
        turn: when it gets what it wants beyond `width`, lowest first; `rank` when left out.
    """

    label: str
    width: int
    most: int = 0
    align: Literal["left", "right"] = "left"
    rank: int = 0
    grow: int = 0
    turn: int = 0


class RowWindow(Protocol):
    """Rows a table shows a part of; it may be of any length and hold only a part of them."""

    @property
    def row_count(self) -> int:
        """Rows there are in all."""

    def rows(self, start: int, stop: int) -> Sequence[Row | None]:
        """The rows from `start` up to `stop`, shorter at the end; None for one that is not there yet."""

    def index_of(self, key: str) -> int | None:
        """Where the row of this key stands, None when it is not among the rows held."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A window that holds everything it shows."""

    items: tuple[Row, ...] = ()
    _index: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._index.update((row.key, place) for place, row in enumerate(self.items))

    @property
    def row_count(self) -> int:
        return len(self.items)

    def rows(self, start: int, stop: int) -> Sequence[Row | None]:
        return self.items[start:stop]

    def index_of(self, key: str) -> int | None:
        return self._index.get(key)


class Chip(NamedTuple):
    """A piece of a line that is left out whole when there is no room.

    Attributes:
        rank: chips of the highest rank go first; 0 never goes, and is cut when it must.
        action: what a click on it does, as a Textual action; empty for nothing.
    """

    cells: tuple[Cell, ...]
    rank: int = 0
    action: str = ""


def chip(text: str, tone: str = "", *, rank: int = 0, action: str = "") -> Chip:
    """A chip of one cell."""
    return Chip((Cell(text, tone),), rank, action)


def key_chip(key: str, what: str, *, rank: int = 0, action: str = "") -> Chip:
    """A key and what it does."""
    return Chip((Cell(key, "key"), Cell(f" {what}", "muted")), rank, action)
