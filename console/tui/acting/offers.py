"""Which actions there are here, and why one cannot be done now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.tui.acting.chosen import Chosen
from console.tui.session import Session
from console.wording import verb_words
from pantry_queue.control.actions import ACTIONS, Action, Noun
from pantry_queue.monitor.wire import raw_of

#: What is acted on with a dialog that is not a key's, or from the command line alone (`trash empty`).
_NOT_BY_KEY = frozenset({"jobs.copy", "jobs.enqueue", "trash.empty"})

#: Why it cannot be done to a worker it is not for.
_WORKERS_ONLY = {
    "workers.forget": "For workers whose record is gone; this one still has one.",
    "workers.shutdown": "Nobody listens to commands there: end it on its machine, with SIGTERM.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One key of a screen that changes something.

    Attributes:
        noun: of the table of actions.
        key: as it is pressed.
        actions: what it can do, in the order of the table.
        action: what it does now; None when nothing.
        reason: why it does nothing now, in one sentence; empty when it does something.
        meant: what it would do if anything might be changed now; None where it does not apply.
    """

    noun: Noun
    key: str
    actions: tuple[Action, ...]
    action: Action | None
    reason: str = ""
    meant: Action | None = None


def by_key() -> dict[tuple[Noun, str], tuple[Action, ...]]:
    """The actions of each key, in the order of the table."""
    found: dict[tuple[Noun, str], tuple[Action, ...]] = {}
    for action in ACTIONS.values():
        place = (action.noun, action.key)
        found[place] = (*found.get(place, ()), action)
    return found


def nouns_of(chosen: Chosen | None) -> tuple[Noun, ...]:
    """What keys of a screen may be about: what is chosen, all of it, and the last thing done."""
    return (
        (chosen.noun, "all", "trash")
        if chosen is not None and chosen.noun not in ("all", "trash")
        else ("all", "trash")
    )


def offers(chosen: Chosen | None, session: Session) -> list[Offer]:
    """The keys that change something here; each key once, what is chosen before all of it."""
    table = by_key()
    found: dict[str, Offer] = {}
    for noun in nouns_of(chosen):
        for (of, key), actions in table.items():
            if of == noun and key not in found and not _elsewhere(noun, actions, chosen):
                found[key] = _offer(noun, key, actions, chosen, session)
    for (of, key), actions in table.items():
        if key not in found and not actions[0].states and of == "jobs":  # what is not done to anything is done anywhere
            found[key] = _offer(of, key, actions, chosen, session)
    return list(found.values())


def _elsewhere(noun: Noun, actions: Iterable[Action], chosen: Chosen | None) -> bool:
    """Keys that would be out of place: failures are cleared where failures are, the trash is emptied in the trash."""
    names = {action.name for action in actions}
    if names == {"trash.empty"}:
        return chosen is None or chosen.noun != "trash" or not chosen.selection.ids
    failing = chosen is not None and bool(chosen.states & {"failed", "stopped"})
    return names == {"all.clear-failures"} and not failing


def _offer(noun: Noun, key: str, actions: tuple[Action, ...], chosen: Chosen | None, session: Session) -> Offer:
    action = fitting(actions, chosen, session)
    reason = session.cannot_write()
    if not reason and action is None:
        reason = unfit(actions, chosen)
    return Offer(noun, key, actions, None if reason else action, reason, meant=action)


def fitting(actions: Iterable[Action], chosen: Chosen | None, session: Session) -> Action | None:
    """The action of a key that fits what is chosen: of several the one for the most of its states."""
    states = chosen.states if chosen is not None else frozenset()
    best: Action | None = None
    for action in actions:
        if not _now(action, chosen, session):
            continue
        here = states & set(action.states)
        if action.noun == "jobs" and action.states and not here:
            continue
        if best is None or len(here) >= len(states & set(best.states)):
            best = action
    return best


def _now(action: Action, chosen: Chosen | None, session: Session) -> bool:
    """Of pause and resume only one makes sense at a time."""
    snapshot = session.snapshot
    if action.noun == "all" and action.verb in ("suspend", "resume"):
        return (action.verb == "resume") == bool(snapshot and snapshot.suspended)
    if action.noun == "queues" and action.verb in ("pause", "resume") and chosen is not None and snapshot is not None:
        wanted = {raw_of(name) for name in chosen.selection.queues}
        paused = any(queue.paused for queue in snapshot.queues if queue.raw_name in wanted)
        return (action.verb == "resume") == paused
    if action.noun == "alerts" and chosen is not None and snapshot is not None:
        acks = session.kept.acks
        answered = any(key in acks and acks[key].until > snapshot.taken_at for key in chosen.selection.ids)
        return (action.verb == "unacknowledge") == answered
    if action.noun == "workers" and chosen is not None and snapshot is not None:
        wanted = {raw_of(name) for name in chosen.selection.ids}
        found = [worker for worker in snapshot.workers if worker.raw_name in wanted]
        if action.verb == "forget":
            return any(worker.verdict == "ghost" for worker in found)
        return any(worker.verdict != "ghost" and worker.subscribed is not False for worker in found)
    return True


def unfit(actions: tuple[Action, ...], chosen: Chosen | None) -> str:
    """Why none of these can be done to what is chosen."""
    states = tuple(dict.fromkeys(state for action in actions for state in action.states))
    verb = verb_words(actions[0])
    if chosen is None:
        return f"Nothing is chosen to {verb}."
    if actions[0].name in _WORKERS_ONLY:
        return _WORKERS_ONLY[actions[0].name]
    if not states:
        return f"{verb} cannot be done here."
    listed = " or ".join([", ".join(states[:-1]), states[-1]] if len(states) > 1 else states).replace("_", " ")
    here = ", ".join(sorted(chosen.states)).replace("_", " ")
    return f"For {listed} jobs; {'this one is' if len(chosen.selection.ids) == 1 else 'these are'} {here or 'none'}."
