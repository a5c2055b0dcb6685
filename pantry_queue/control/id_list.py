"""Very many ids of jobs in little memory. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from pantry_queue.monitor.wire import name_of, raw_of


class IdList(Sequence[str]):
    """Ids one behind the other, each with 8 bytes for where it ends: half of what a tuple of them takes, or less.

    Args:
        ids: as Redis holds them (`wire.name_of`).
    """

    __slots__ = ("_ends", "_text")

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._text = bytearray()
        self._ends = array("Q")
        for job_id in ids:
            self.append(job_id)

    def append(self, job_id: str) -> None:
        """One more, at the end."""
        self._text += raw_of(job_id)
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...

    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple(self._at(place) for place in range(*at.indices(len(self))))
        return self._at(range(len(self))[at])

    def __iter__(self) -> Iterator[str]:
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdList | tuple):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it grows

    def _at(self, place: int) -> str:
        return name_of(bytes(self._text[self._ends[place - 1] if place else 0 : self._ends[place]]))
