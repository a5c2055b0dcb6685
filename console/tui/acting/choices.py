"""How an action can be done, as a dialog asks it: switches and fields, made from the options its row names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console import durations
from pantry_queue.control.actions import Action
from pantry_queue.control.plan import Options

#: What is typed or switched on before the dialog opens, by the name of the option.
Given = Mapping[str, str]
#: What a switch is given as when it is on.
ON = "on"


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is so or not.

    Attributes:
        name: of the option; the key is that of `confirm.<name>` in the table of keys.
        says: what it means when it is on.
    """

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Field:
    """Something that is typed.

    Attributes:
        name: of the option.
        label: what is wanted.
        hint: how it is written, and what nothing means.
        read: text -> value; raises ValueError with a sentence that says what is wrong.
        first: the dialog begins with it: without it the action makes little sense.
        queues: names of queues are suggested.
    """

    name: str
    label: str
    hint: str
    read: Callable[[str], Any]
    first: bool = False
    queues: bool = False


_FRONT = Switch("at_front", "next in the queue, before all that wait")
_OTHERS = {
    "cancel": Switch("dependents", "let the jobs that wait for them go on"),
    "delete": Switch("dependents", "delete the jobs that wait for them, too"),
}
_RESUMED = "until it is resumed"
_UNTIL = {"acknowledge": "1h"}
_PARENTS = Switch("parents", "drop them from the jobs they wait for")


def choices(action: Action) -> tuple[Switch | Field, ...]:
    """What can be chosen, in the order of the row."""
    moved = action.verb == "move"
    home = "empty: within their own queue" if moved else "empty: each to its own"
    found = {
        "at_front": _FRONT,
        "dependents": _OTHERS.get(action.verb),
        "parents": _PARENTS,
        "to": Field("to", "To queue", home, _queue, first=moved, queues=True),
        "due": Field("due", "To run", "in 10m or 2h30m, or at 2026-12-01T08:00 (UTC)", _due, first=True),
        "seconds": Field(
            "seconds", "For", f"10m, 2h, 1d; empty: {_UNTIL.get(action.verb, _RESUMED)}", _lasting, first=True
        ),
    }
    return tuple(choice for name in action.options if (choice := found.get(name)) is not None)


def options(action: Action, given: Given) -> Options:
    """What was chosen.

    Raises:
        ValueError: one sentence that says what is wrong.
    """
    values: dict[str, Any] = {}
    for choice in choices(action):
        said = given.get(choice.name, "").strip()
        values[choice.name] = bool(said) if isinstance(choice, Switch) else choice.read(said)
    return Options(**values)


def _queue(text: str) -> str | None:
    if text and (not text.isprintable() or "," in text):
        raise ValueError("the name of a queue should be printable, without commas")
    return text or None


def _lasting(text: str) -> int | None:
    return durations.seconds(text) if text else None


def _due(text: str) -> Any:
    if not text:
        raise ValueError("say when they shall run")
    return durations.due(text)
