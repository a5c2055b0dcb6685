"""What an action of the visible screen would be done to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pantry_queue.control.actions import Noun
from pantry_queue.control.plan import Selection


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
