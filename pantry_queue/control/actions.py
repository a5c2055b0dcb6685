"""The table of actions: everything that can be done to jobs, queues and the deployment, each listed once.

Command line, keys, help, confirmation, read-only refusal and audit are derived from it or checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pantry_queue.control.action_table import ENDED, TABLE, WAITING, Noun, Undo

__all__ = ["ACTIONS", "ENDED", "PLACES", "WAITING", "Action", "Noun", "Undo", "applicable"]

#: The list (`model.STATES`) that names jobs of a state.
PLACES: dict[str, str] = {
    "failed": "failed",
    "stopped": "failed",
    "finished": "finished",
    "canceled": "canceled",
    "queued": "queued",
    "scheduled": "scheduled",
    "deferred": "deferred",
    "ready_to_enqueue": "ready",
    "started": "started",
}

#: Command lines that are not noun and verb.
_TYPED = {
    "all.clear-failures": ("failures", "clear"),
    "workers.shutdown": ("workers", "stop"),
    "jobs.enqueue": ("enqueue",),
    "trash.undo": ("undo",),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    Attributes:
        name: stable, as audit and key maps know it: `<noun>.<verb>`.
        noun: what it is done to.
        verb: the subcommand of the noun.
        states: RQ's states of jobs it applies to; empty where it is not done to jobs.
        what: what it does, in one sentence.
        done: the verb in the past, for outcomes.
        loses: what it can lose, or does not undo; empty when nothing.
        undo: what undo puts back, empty when it cannot be undone; `undo_says` tells it to people.
        asks: it destroys or stops something, so it is confirmed first.
        key: its key in the console.
        options: names of `plan.Options` it takes.
        script: the bulk script it runs; empty where it is done in another way.
        drains: the jobs it is done to leave the list they stood in, so a whole list can be chosen inside the script.
    """

    name: str
    noun: Noun
    verb: str
    states: tuple[str, ...]
    what: str
    done: str
    loses: str
    undo: Undo
    undo_says: str
    asks: bool
    key: str
    options: tuple[str, ...]
    script: str
    drains: bool

    @property
    def typed(self) -> tuple[str, ...]:
        """The words of its command line, which for what is done to all have no noun."""
        return _TYPED.get(self.name) or ((self.verb,) if self.noun == "all" else (self.noun, self.verb))

    @property
    def places(self) -> tuple[str, ...]:
        """The lists (`model.STATES`) whose jobs it can be done to."""
        return tuple(dict.fromkeys(PLACES[state] for state in self.states if state in PLACES))


ACTIONS: dict[str, Action] = {
    f"{noun}.{row.verb}": Action(f"{noun}.{row.verb}", noun, **row._asdict())
    for noun, rows in TABLE.items()
    for row in rows
}


def applicable(noun: Noun, state: str | None = None) -> tuple[Action, ...]:
    """The actions of a noun, in their order; with a state of RQ only those that apply to jobs in it."""
    found = (action for action in ACTIONS.values() if action.noun == noun)
    return tuple(action for action in found if state is None or state in action.states)
