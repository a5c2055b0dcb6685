"""How far an action is, and what it did. Pure: no Redis in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pantry_queue.control.actions import Action
from pantry_queue.errors import RedisUnavailable
from pantry_queue.text import SafeText

#: Jobs that were left alone are named up to this many; all of them are counted.
NAMED = 10_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    total: int
    looked: int
    done: int
    skipped: int
    failed: int


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What was done.

    Attributes:
        operation: its name, for undo and audit; None when nothing was changed.
        action: of the table.
        done: jobs (queues, workers) it was done to.
        emptied: entries that were no jobs any more and were taken out.
        skipped: how many were left alone, by reason.
        left: those, by id and reason, `NAMED` at most.
        failed: what Redis refused to do, by id and sentence.
        remaining: not looked at, because it was stopped or broke off.
        stopped: it was stopped.
        broken: why it broke off; running it again does the rest.
        undoable: `undoing.undo` can undo it.
        made: ids of new jobs.
        seconds: it took so long.
    """

    operation: str | None
    action: Action
    done: int = 0
    emptied: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    left: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, SafeText], ...] = ()
    remaining: int = 0
    stopped: bool = False
    broken: RedisUnavailable | None = None
    undoable: bool = False
    made: tuple[str, ...] = ()
    seconds: float = 0.0
