"""Asking what jobs do: told by PantryWorkers where they run, seen in the lists of jobs for the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from console.tui.source import Need, Reading

if TYPE_CHECKING:
    from pantry_queue.control.audit import Entry
    from pantry_queue.monitor.differences import Differences
    from pantry_queue.monitor.events import Event

T = TypeVar("T")
#: Events that are kept, and read at a time: starts and ends of 500 jobs a second and some more, in about 40 ms.
KEPT, _AT_A_TIME = 2000, 1500
#: Lines of the audit that are read.
_CHANGES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Happening:
    """What happened.

    Attributes:
        events: the newest first.
        changes: what operators did, lines of the audit, oldest first.
        told, seen: there are ends of jobs that were told, that were seen.
        missed: more happened than could be followed.
    """

    events: tuple[Event, ...] = ()
    changes: tuple[Entry, ...] = ()
    told: bool = False
    seen: bool = False
    missed: bool = False


@dataclass(slots=True)
class _Followed:
    differences: Differences
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    tellers: set[str] = field(default_factory=set)
    last: str = ""
    #: What may not be read is asked for once: each refusal leaves a line in the server's ACL log.
    refused: set[str] = field(default_factory=set)
    found: Happening = field(default_factory=Happening)


@dataclass(frozen=True, slots=True)
class HappeningNeed(Need[Happening]):
    """The last starts and ends of jobs and acts of operators, those of before the first reading as far as they are
    still known. Who may not read what workers and operators told sees the lists alone."""

    def read(self, reading: Reading) -> Happening:
        """See `Need.read`."""
        from pantry_queue.monitor import differences

        kept: _Followed = reading.kept.setdefault(HappeningNeed, _Followed(differences.Differences()))
        # First the lists: what a PantryWorker has put there by now it has told by now.
        seen = differences.look(reading.client, reading.keys, kept.differences.running)
        nothing: tuple[tuple[Event, ...], bool] = ((), False)
        told, skipped = _asked(kept, "events", lambda: _told(reading, kept.last), nothing)
        nobody: tuple[Entry, ...] = ()
        changes = _asked(kept, "audit", lambda: _changes(reading), nobody)
        kept.last = told[-1].entry if told else kept.last or ("" if "events" in kept.refused else "0-0")
        kept.tellers |= {str(event.worker) for event in told}
        unasked = differences.untold(kept.differences.between(seen), kept.tellers)
        fresh = [*told, *unasked]
        # What was not seen is no loss where it is told.
        before, missed = kept.found, skipped or (kept.differences.missed and bool(unasked))
        if fresh or missed != before.missed or _ids(changes) != _ids(before.changes):
            kept.events.extend(sorted(fresh, key=lambda event: event.at))
            ends = [event for event in kept.events if event.kind != "started"]
            kept.found = Happening(
                # Turned round and not sorted the other way, which would leave those of one moment oldest first.
                tuple(sorted(kept.events, key=lambda event: event.at)[::-1]),
                changes,
                told=any(event.told for event in ends),
                seen=any(not event.told for event in ends),
                missed=missed,
            )
        return kept.found


def _asked(kept: _Followed, what: str, ask: Callable[[], T], instead: T) -> T:
    """What is asked for, or something instead where it may not be read."""
    from pantry_queue.monitor import wire

    if what in kept.refused:
        return instead
    try:
        return ask()
    except Exception as error:
        if not wire.is_refusal(error):
            raise
        kept.refused.add(what)
        return instead


def _told(reading: Reading, last: str) -> tuple[tuple[Event, ...], bool]:
    """Events behind the last one; when they are too many the newest, and that some were passed over."""
    from pantry_queue.monitor import events

    found = events.after(reading.client, reading.keys, last, _AT_A_TIME) if last else ()
    if last and len(found) < _AT_A_TIME:
        return found, False
    return events.newest(reading.client, reading.keys, _AT_A_TIME), bool(last)


def _changes(reading: Reading) -> tuple[Entry, ...]:
    from pantry_queue.control import audit

    return tuple(audit.newest(reading.client, reading.keys, _CHANGES))


def _ids(changes: Sequence[Entry]) -> tuple[int, str]:
    return len(changes), changes[-1].id if changes else ""
