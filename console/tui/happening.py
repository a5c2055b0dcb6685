"""Asking what jobs do: told by PantryWorkers where they run, seen in the lists of jobs for the rest."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.monitor.differences import Differences
    from pantry_queue.monitor.events import Event

#: Events that are kept, and read at a time.
KEPT, _AT_A_TIME = 2000, 400


@dataclass(frozen=True, slots=True, eq=False)
class Happening:
    """What happened.

    Attributes:
        events: the newest first.
        told, seen: there are ends of jobs that were told, that were seen.
        missed: more happened than could be followed.
    """

    events: tuple[Event, ...] = ()
    told: bool = False
    seen: bool = False
    missed: bool = False


@dataclass(slots=True)
class _Followed:
    differences: Differences
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    tellers: set[str] = field(default_factory=set)
    last: str = ""
    found: Happening = field(default_factory=Happening)


@dataclass(frozen=True, slots=True)
class HappeningNeed(Need[Happening]):
    """The last starts and ends of jobs, those of before the first reading as far as they are still known."""

    def read(self, reading: Reading) -> Happening:
        """See `Need.read`."""
        from pantry_queue.monitor import differences

        kept: _Followed = reading.kept.setdefault(HappeningNeed, _Followed(differences.Differences()))
        # First the lists: what a PantryWorker has put there by now it has told by now.
        seen = differences.look(reading.client, reading.keys, kept.differences.running)
        told, skipped = self._told(reading, kept)
        kept.tellers |= {str(event.worker) for event in told}
        fresh = [*told, *differences.untold(kept.differences.between(seen), kept.tellers)]
        missed = skipped or kept.differences.missed
        if fresh or missed != kept.found.missed:
            kept.events.extend(sorted(fresh, key=lambda event: event.at))
            newest_first = tuple(sorted(kept.events, key=lambda event: event.at, reverse=True))
            ends = [event for event in kept.events if event.kind != "started"]
            kept.found = Happening(
                newest_first,
                told=any(event.told for event in ends),
                seen=any(not event.told for event in ends),
                missed=missed,
            )
        return kept.found

    def _told(self, reading: Reading, kept: _Followed) -> tuple[tuple[Event, ...], bool]:
        """Events behind the last one; when they are too many the newest, and that some were passed over."""
        from pantry_queue.monitor import events, wire

        skipped = False
        try:
            found = events.after(reading.client, reading.keys, kept.last, _AT_A_TIME) if kept.last else ()
            if not kept.last or len(found) == _AT_A_TIME:
                skipped = bool(kept.last)
                found = events.newest(reading.client, reading.keys, _AT_A_TIME)
        except Exception as error:
            if not wire.is_refusal(error):
                raise
            return (), False  # who may not read what workers tell, sees the lists
        kept.last = found[-1].entry if found else kept.last or "0-0"
        return found, skipped
