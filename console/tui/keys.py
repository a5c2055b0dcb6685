"""The table of keys: bindings, footer, help and palette are made from it, nothing is listed twice.

Lower case looks, upper case changes; the keys that change come from the table of actions. Only keys that classic
terminals can tell apart are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.binding import Binding

from console.tui.acting.offers import Offer, by_key
from console.tui.key_table import TABLE, Group, Row, Scope
from console.wording import verb_words

__all__ = [
    "GROUPS",
    "KEYS",
    "Key",
    "Scope",
    "act_bindings",
    "act_key",
    "bindings",
    "footer",
    "help_sections",
    "offered",
    "written",
]

#: Keys the app takes before the widget in focus does. Leaving at once must work behind every dialog, also those of
#: Textual; and what is typed right behind the key of the filter, or behind the one that leads to the next field, in
#: one packet of a slow line, belongs to the filter or to that field. A switch beside fields is turned from
#: within them.
_FIRST = ("quit.now", "job.filter", "dialog.next", "confirm.at_front", "enqueue.front")
GROUPS: tuple[Group, ...] = ("Look at", "Move", "Go to", "Console")


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a key does, or one thing and its opposite.

    Attributes:
        id: stable name, for users' key maps; the opposite is `id.back`.
        keys: Textual's names.
        action: Textual action.
        scope: where it applies.
        group: heading in the help.
        what: for the help, what it does in plain words.
        label: for the footer; empty is not shown there.
        rank: in the footer the highest is left out first.
        shown: how the keys are written; the first of `keys` when left out.
        opposite: keys and action of the other direction.
        palette: offered in the command palette.
        works: it does something now; otherwise it is shown faint, and says why when it is pressed.
    """

    id: str
    keys: tuple[str, ...]
    action: str
    scope: Scope
    group: Group
    what: str
    label: str = ""
    rank: int = 0
    shown: str = ""
    opposite: tuple[tuple[str, ...], str] | None = None
    palette: bool = False
    works: bool = True

    @property
    def display(self) -> str:
        """The keys as people write them."""
        return self.shown or self.keys[0]


def _made(scope: Scope, group: Group, row: Row) -> Key:
    opposite = (tuple(row.back_keys.split()), row.back_action) if row.back_keys else None
    keys = tuple(row.keys.split())
    return Key(row.id, keys, row.action, scope, group, row.what, row.label, row.rank, row.shown, opposite, row.palette)


KEYS: tuple[Key, ...] = tuple(_made(scope, group, row) for scope, group, rows in TABLE for row in rows)


def written(id: str) -> str:
    """The keys of an entry of the table, as people write them."""
    return next(key.display for key in KEYS if key.id == id)


def bindings(scope: Scope) -> list[Binding]:
    """The bindings of a scope, each with its id, so that a user's key map can move it."""
    made: list[Binding] = []
    for key in KEYS:
        if key.scope == scope:
            priority = key.id in _FIRST
            made.append(Binding(",".join(key.keys), key.action, key.what, id=key.id, show=False, priority=priority))
            if key.opposite:
                keys, action = key.opposite
                made.append(
                    Binding(",".join(keys), action, key.what, id=f"{key.id}.back", show=False, priority=priority)
                )
    return made


def act_bindings() -> list[Binding]:
    """One binding for each noun and key of the table of actions, for every screen; `act` knows whether it applies."""
    return [
        Binding(key, f"act('{noun}', '{key}')", actions[0].what, id=f"act.{actions[0].name}", show=False)
        for (noun, key), actions in by_key().items()
    ]


def act_key(offer: Offer) -> Key:
    """A key that changes something, as footer and palette show it."""
    action = offer.action or offer.meant or offer.actions[0]
    verb = verb_words(action)
    what = f"{verb}: {action.what}"
    return Key(
        f"act.{action.name}",
        (offer.key,),
        f"act('{offer.noun}', '{offer.key}')",
        "mode",
        "Look at",
        what,
        verb,
        3,
        works=offer.action is not None,
    )


def footer(scopes: Iterable[Scope]) -> list[Key]:
    """The keys the footer names on a screen with these scopes, in the order of the table."""
    wanted = set(scopes)
    return [key for key in KEYS if key.scope in wanted and key.label]


def help_sections(scopes: Sequence[Scope]) -> list[tuple[Group, list[Key]]]:
    """Groups of keys that apply on a screen with these scopes."""
    wanted = set(scopes)
    return [(group, [key for key in KEYS if key.scope in wanted and key.group == group]) for group in GROUPS]


def offered() -> list[Key]:
    """What the command palette offers besides queues, workers and jobs."""
    return [key for key in KEYS if key.palette or key.id.startswith("go.")]
