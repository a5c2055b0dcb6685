"""What an action of the visible screen would be done to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.tui.present.words import amount
from pantry_queue.control.actions import PLACES, Noun
from pantry_queue.control.plan import Selection
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe


@dataclass(frozen=True, slots=True)
class Chosen:
    """The marked rows of a screen, else the row under its cursor.

    Attributes:
        noun: what they are.
        words: what is chosen, for people: `3 marked jobs`, `queue ocr`, `36 jobs that failed with TimeoutError`.
        selection: the same for `control.select.plan`; ids and queues as Redis holds them.
        states: RQ's states of the jobs in it; an action applies if it applies to any of them. Empty for other nouns.
        operation: the operation of the trash, for `trash.undo`.
    """

    noun: Noun
    words: str
    selection: Selection = field(default_factory=Selection)
    states: frozenset[str] = frozenset()
    operation: str | None = None


def chosen_jobs(keys: Sequence[str], known: Mapping[str, str], place: str) -> Chosen | None:
    """Jobs by their ids in Redis; None without any.

    Args:
        known: their states, as far as they were read.
        place: the list (`model.STATES`) they stand in, for those that were not.
    """
    if not keys:
        return None
    states = {known[key] for key in keys if key in known} or states_of(place)
    words = f"job {safe(raw_of(keys[0]))}" if len(keys) == 1 else f"{amount(len(keys), 'marked job')}"
    return Chosen("jobs", words, Selection(ids=tuple(keys)), frozenset(states))


def whole_list(place: str, queue: str | None, number: int, where: str = "") -> Chosen:
    """All of a list (`model.STATES`), also what was never read.

    Args:
        queue: one queue by its name in Redis, all when None.
        number: entries it had when it was seen.
        where: a filter (`monitor.query`).
    """
    of = f" of {safe(raw_of(queue))}" if queue is not None else ""
    words = f"all {amount(number, f'{place} job')}{of}"
    selection = Selection(states=(place,), queues=(queue,) if queue is not None else (), where=where)
    return Chosen("jobs", words, selection, states_of(place))


def states_of(place: str) -> frozenset[str]:
    """RQ's states of the jobs in a list (`model.STATES`)."""
    return frozenset(state for state, of in PLACES.items() if of == place)
