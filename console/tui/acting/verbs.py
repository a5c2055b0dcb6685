"""Actions as words behind `:`, the verbs and options of the command line: `requeue --to low --at-front`. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.tui.acting import new_job
from console.tui.acting.choices import ON
from console.tui.acting.chosen import Chosen
from console.tui.acting.offers import fitting, nouns_of, unfit
from console.tui.session import Session
from pantry_queue.control.actions import ACTIONS, Action
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

#: Options by what they fill in; those of the second line stand alone.
_OPTIONS = {"--to": "to", "--at": "due", "--in": "due", "--for": "seconds", "--reason": "reason"}
_SWITCHES = {"--at-front": "at_front", "--dependents": "dependents", "--parents": "parents", "--all": "everything"}
#: As the command line says it, where a verb alone would not do.
_TWO_WORDS = {
    ("failures", "clear"): "all.clear-failures",
    ("trash", "empty"): "trash.empty",
}
#: What the command line calls another verb of the table, by noun.
_ALSO = {("workers", "stop"): "shutdown"}
VERBS = tuple(dict.fromkeys(action.verb for action in ACTIONS.values()))


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be done to what is chosen.

    Attributes:
        verb: of the table of actions.
        name: the action, where the words name one; empty otherwise.
        given: what is said about how, see `choices`.
    """

    verb: str
    name: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


def understand(text: str) -> Said | None:
    """The words as an action; None when they begin with no verb.

    Raises:
        PantryError: one sentence that says what is wrong.
    """
    first, _, rest = text.strip().partition(" ")
    second = rest.strip().partition(" ")[0]
    if (joined := f"{first}-{second}") in VERBS:  # as keys and help write it: `retry now`
        first, text = joined, joined + rest.strip().removeprefix(second)
    two = _TWO_WORDS.get((first, second))
    if first not in VERBS and two is None:
        return None
    try:
        words = shlex.split(text)
    except ValueError:
        raise PantryError("These quotes are never closed.") from None
    if two is not None:
        everything = {"everything": ON} if two == "trash.empty" else {}
        return Said(ACTIONS[two].verb, two, {**everything, **_given(second, words[2:])})
    if first == "enqueue":
        return Said(first, "jobs.enqueue", new_job.understand(words[1:]))
    return Said(first, "", _given(first, words[1:]))


def _given(verb: str, words: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    left = iter(words)
    for word in left:
        name, _, value = word.partition("=")
        if name in _SWITCHES:
            given[_SWITCHES[name]] = ON
        elif name in _OPTIONS:
            value = value or next(left, "")
            if not value:
                raise PantryError(f"{name} needs a value behind it.")
            given[_OPTIONS[name]] = value
        else:
            raise PantryError(f"{verb} does not know {safe(word, 40)!r}: it is done to what is chosen.")
    return given


def options_of(verb: str) -> list[str]:
    """The options that go with a verb."""
    takes = {name for action in ACTIONS.values() if action.verb == verb for name in action.options}
    found = [word for word, name in {**_SWITCHES, **_OPTIONS}.items() if name in takes]
    return [*found, "--reason"] if takes or any(a.verb == verb and a.asks for a in ACTIONS.values()) else found


def ways(text: str, queues: Sequence[str]) -> list[str]:
    """Whole texts that words behind a verb may become, for completion."""
    head, _, begun = text.rpartition(" ")
    words = queues if head.endswith(" --to") else options_of(head.partition(" ")[0])
    return [f"{head} {word}" for word in words if word.startswith(begun) and f" {word} " not in f"{head} "]


def action_of(said: Said, chosen: Chosen | None, session: Session) -> Action:
    """The action of the table that is meant, on what is chosen.

    Raises:
        PantryError: it cannot be done here, or not so; the sentence says why.
    """
    reason = session.cannot_write()
    if reason:
        raise PantryError(reason)
    if said.name:
        found = ACTIONS[said.name]
    else:
        named = [(noun, _ALSO.get((noun, said.verb), said.verb)) for noun in nouns_of(chosen)]
        rows = [ACTIONS[name] for pair in named if (name := ".".join(pair)) in ACTIONS]
        if not rows:
            of = sorted({action.noun for action in ACTIONS.values() if action.verb == said.verb})
            raise PantryError(f"{said.verb} is done to {' or '.join(of)}: put the cursor on what it shall be done to.")
        fits = [action for action in (fitting([row], chosen, session) for row in rows) if action is not None]
        if not fits:
            raise PantryError(unfit((rows[0],), chosen))
        found = fits[0]
    if found.name == "jobs.enqueue":
        return found
    missing = [name for name in said.given if name not in (*found.options, "reason", "everything")]
    if missing:
        known = ", ".join(options_of(found.verb)) or "no options"
        raise PantryError(f"{found.noun} {found.verb} takes {known}.")
    return found
