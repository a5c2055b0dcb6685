"""The last line of a screen: what its keys do, made from the table of keys."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.keys import Key, Scope, footer
from console.tui.present.cells import Cell, Chip
from console.tui.widgets.line import Line


class KeyBar(Line):
    """Names the keys of these scopes; a click does what the key does."""

    DEFAULT_CSS = "KeyBar { height: 1; background: $header; }"

    _scopes: tuple[Scope, ...] = ()
    _here = ""
    _acts: tuple[Key, ...] = ()

    def name_keys(self, scopes: Sequence[Scope], here: str) -> None:
        """Show the keys.

        Args:
            scopes: where they apply.
            here: id of the key that leads to this screen, which is marked.
        """
        self._scopes, self._here = tuple(scopes), here
        self._refill()

    def name_acts(self, acts: Sequence[Key]) -> None:
        """Show these keys, which change something, too."""
        if tuple(acts) != self._acts:
            self._acts = tuple(acts)
            self._refill()

    def _refill(self) -> None:
        keys, here = [*self._acts, *footer(self._scopes)], self._here
        places = [key for key in keys if key.id.startswith("go.")]
        acts = [key for key in keys if key not in places]
        right = [_chip(key, here) for key in acts if key.group == "Console"]
        left = [_chip(key, here) for key in acts if key.group != "Console"]
        right.reverse()
        self.show([*(_chip(key, here) for key in places), *left], right)


def _chip(key: Key, here: str) -> Chip:
    marked = key.id == here
    label = "strong" if marked else "muted" if key.works else "faint"
    cells = (Cell(key.display, "key" if key.works else "faint"), Cell(f" {key.label}", label))
    return Chip(cells, key.rank, key.action if key.action.startswith("app.") else _owner(key) + key.action)


def _owner(key: Key) -> str:
    return "app." if key.scope == "app" else "screen."
