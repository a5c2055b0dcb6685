"""The last line of a screen: what its keys do, made from the table of keys."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from console.tui.key_map import as_moved
from console.tui.keys import Key, Scope, footer
from console.tui.present.cells import Cell, Chip
from console.tui.present.line import fitted
from console.tui.widgets.line import Line

#: Left out after what can be done here, before what is less used.
_PLACES_RANK = 4
#: What has at most this rank is worth more than the names of places.
_MUCH_USED = 9


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

    def on_resize(self) -> None:
        self._refill()

    def _refill(self) -> None:
        """All places by name where they leave room for what is most used here; else one chip for all of them."""
        keys = [*self._acts, *as_moved(footer(self._scopes), self.app)]
        places = [key for key in keys if key.id.startswith("go.")]
        left = [_chip(key, self._here) for key in keys if key not in places and key.group != "Console"]
        right = [_chip(key, self._here) for key in keys if key not in places and key.group == "Console"]
        right.sort(key=lambda one: -one.rank)
        named = [_chip(key, self._here)._replace(rank=_PLACES_RANK) for key in places]
        room = self.size.width - 2 * self.MARGIN
        fitting = [one for side in fitted([*named, *left], right, room, cell_len, self.GAP) for one in side]
        if all(one in fitting for one in (*named, *left, *right) if one.rank <= _MUCH_USED):
            self.show([*named, *left], right)
        else:
            self.show(left, sorted([*right, _all_of(places)], key=lambda one: -one.rank) if places else right)


def _all_of(places: Sequence[Key]) -> Chip:
    """The keys of all places, as `1-8 screens`; a click shows them."""
    cells = (Cell(f"{places[0].display}-{places[-1].display}", "key"), Cell(" screens", "muted"))
    return Chip(cells, _PLACES_RANK, "app.help")


def _chip(key: Key, here: str) -> Chip:
    marked = key.id == here
    label = "strong" if marked else "muted" if key.works else "faint"
    cells = (Cell(key.display, "key" if key.works else "faint"), Cell(f" {key.label}", label))
    return Chip(cells, key.rank, key.action if key.action.startswith("app.") else _owner(key) + key.action)


def _owner(key: Key) -> str:
    return "app." if key.scope == "app" else "screen."
