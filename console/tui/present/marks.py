"""Pure: which rows of a table are marked, by key, so that nothing that happens to the list moves a mark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.tui.present.cells import Row


class Marks:
    """The marks of one table; all of a list is marked as such, since most of it was never read."""

    def __init__(self) -> None:
        self.all = False
        self._keys: dict[str, None] = {}
        self._last: str | None = None

    def __contains__(self, row: object) -> bool:
        return isinstance(row, Row) and (self.all or row.key in self._keys)

    def __bool__(self) -> bool:
        return self.all or bool(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of marked rows in the order they were marked; none while all of the list is."""
        return tuple(self._keys)

    def turn(self, key: str | None) -> None:
        """Mark a row, or take its mark away; with all marked, only this one is then."""
        if key is None:
            return
        self.all, self._last = False, key
        if key in self._keys:
            del self._keys[key]
        else:
            self._keys[key] = None

    def reach(self, held: Sequence[str], key: str | None) -> None:
        """Mark all rows of `held` from the one marked last to this one."""
        if key is None or key not in held:
            return
        first = held.index(self._last) if self._last in held else held.index(key)
        low, high = sorted((first, held.index(key)))
        self.all, self._last = False, key
        self._keys.update(dict.fromkeys(held[low : high + 1]))

    def take_all(self) -> None:
        """Mark all of the list."""
        self.clear()
        self.all = True

    def keep(self, keys: Iterable[str]) -> None:
        """Of all marks only those of these rows stay."""
        wanted = [key for key in keys if self.all or key in self._keys]
        self.clear()
        self._keys.update(dict.fromkeys(wanted))

    def clear(self) -> None:
        """Take all marks away."""
        self.all, self._last = False, None
        self._keys.clear()
