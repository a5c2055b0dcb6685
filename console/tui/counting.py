"""Asking how functions fare from the console: a piece each reading, so that the reader never waits long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.monitor.functions import Functions

#: Seconds of reading in one reading.
_PIECE_SECONDS = 0.1
#: Seconds after which all of it is read anew, and how many times as long as it took the server has rest.
_LASTS, _REST = 5.0, 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What is known of the functions so far; `whole` when all of the time asked for was read."""

    functions: Functions
    whole: bool


@dataclass(slots=True)
class _Begun:
    need: FunctionsNeed
    steps: Iterator[Functions]
    latest: Functions | None = None
    found: Counted | None = None
    took: float = 0.0
    rests_until: float | None = None


@dataclass(frozen=True, slots=True)
class FunctionsNeed(Need[Counted]):
    """How each function fared in the last `since` seconds; until a second look is done the first one stands.

    Attributes:
        turn: another number begins anew, however lately that was done.
    """

    since: float
    turn: int = 0

    def read(self, reading: Reading) -> Counted:
        """See `Need.read`."""
        kept: _Begun | None = reading.kept.get(FunctionsNeed)
        if kept is not None and kept.need != self:
            kept = None
        if kept is not None and kept.rests_until is not None:
            if time.monotonic() < kept.rests_until and kept.found is not None:
                return kept.found
            kept.steps, kept.took, kept.rests_until = self._begin(reading), 0.0, None
        if kept is None:
            kept = reading.kept[FunctionsNeed] = _Begun(self, self._begin(reading))
        self._go_on(kept)
        assert kept.found is not None  # there is always a first step
        return kept.found

    def _begin(self, reading: Reading) -> Iterator[Functions]:
        from pantry_queue.monitor import functions

        return functions.reading(reading.client, reading.keys, self.since)

    def _go_on(self, kept: _Begun) -> None:
        began = time.monotonic()
        for so_far in kept.steps:
            kept.latest = so_far
            if time.monotonic() - began >= _PIECE_SECONDS:
                break
        else:
            kept.rests_until = time.monotonic() + max(_LASTS, _REST * (kept.took + time.monotonic() - began))
        kept.took += time.monotonic() - began
        assert kept.latest is not None
        whole = kept.rests_until is not None
        # A look that is repeated replaces what was known when it is done: numbers must not fall and rise again.
        if whole or kept.found is None or not kept.found.whole:
            kept.found = Counted(kept.latest, whole)
