"""Keys of the operator's own, from the table `[keys]` of the config file: checked before anything is shown.

    [keys]
    "queue.sort" = "o"            # instead of s
    move = "down e"               # all keys of it, with blanks between; `move.back` is its opposite

Keys that change Redis are the same for everyone, and so are those of dialogs. Textual itself lets a user's key steal
another one's without a word.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from textual.app import App
from textual.binding import Binding, InvalidBinding

from console.tui.acting.offers import by_key
from console.tui.key_dialogs import DIALOGS
from console.tui.keys import KEYS, Key
from pantry_queue.errors import ConfigError
from pantry_queue.text import safe

#: Scopes whose keys are fixed: what lies over a screen, and the line a filter is typed into.
FIXED = {scope for scope, _, _ in DIALOGS} | {"filter"}
#: Screens of which one is shown at a time, and parts of just one of them.
_ALONE = frozenset("overview jobs job past failures workers schedule activity doctor functions answer".split())
_PART_OF = {"due": "schedule", "event": "activity"}
#: Never on at once: what has the focus is a list or a text; a screen is a place or a detail of one.
_APART = ({"rows", "text"}, {"marks", "text"}, {"mode", "detail"})
#: What classic terminals can tell apart; ctrl with h, i, j and m is backspace, tab and enter to them.
_KNOWN = re.compile(
    r"[!-~]|ctrl\+[a-gk-lnopr-z]|up|down|left|right|home|end|pageup|pagedown|enter|tab|shift\+tab|space|escape|"
    r"backspace|delete|insert|f([1-9]|1[0-2])"
)


#: As people write Textual's names, where they differ.
_SHORT = {"escape": "esc", "left_square_bracket": "[", "right_square_bracket": "]", "question_mark": "?"}


def understood(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The keys of each entry that has own ones, by its id, as they were written.

    Raises:
        ConfigError: one sentence that names what cannot be, and for a clash both sides.
    """
    known = {id: key for key in KEYS if key.scope not in FIXED for id in _ids(key)}
    own = {id: _keys(id, written, known) for id, written in table.items()}
    for id, keys in own.items():
        for key in keys:
            _free(key, id, known, own)
    return own


class Mapped(App[int]):
    """The part of the app that knows the operator's own keys.

    Attributes:
        key_map: as `understood` found them.
    """

    key_map: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def heed_keys(self, table: Mapping[str, Any]) -> None:
        """Take what the config file says of keys.

        Raises:
            ConfigError: see `understood`.
        """
        self.key_map = understood(table)
        self.set_keymap({id: ",".join(map(_name, keys)) for id, keys in self.key_map.items()})


def as_moved(keys: Iterable[Key], app: App[Any]) -> list[Key]:
    """The same, shown with the operator's own keys where there are any."""
    own = app.key_map if isinstance(app, Mapped) else {}
    return [replace(key, shown=_shown(key, own)) if own.keys() & _ids(key) else key for key in keys]


def _shown(key: Key, own: Mapping[str, tuple[str, ...]]) -> str:
    # The last one: of the table's own keys, arrows come first and letters behind them.
    there, back = own.get(key.id, key.keys), own.get(f"{key.id}.back", key.opposite[0] if key.opposite else ())
    return " ".join(_SHORT.get(keys[-1], keys[-1]) for keys in (there, back) if keys)


def _ids(key: Key) -> tuple[str, ...]:
    return (key.id, f"{key.id}.back") if key.opposite else (key.id,)


def _keys(id: str, written: Any, known: Mapping[str, Key]) -> tuple[str, ...]:
    if id not in known:
        near = difflib.get_close_matches(id, known, 1)
        hint = f"did you mean {near[0]}?" if near else "the key sheet (docs/keys.md) has all names."
        raise ConfigError(f"In [keys], {safe(id, 40)} is nothing that can have another key: {hint}")
    keys = tuple(written.split()) if isinstance(written, str) else ()
    for key in keys:
        if not _KNOWN.fullmatch(key):
            raise ConfigError(
                f'In [keys], {id} = "{safe(key, 40)}" is no key every terminal has: name a letter or sign, ctrl+letter '
                "(not h, i, j, m, q), f1 to f12, or one as enter, tab, space, up."
            )
    if not keys:
        raise ConfigError(f'In [keys], {id} should be its keys with blanks between, as in {id} = "down e".')
    return keys


def _free(key: str, id: str, known: Mapping[str, Key], own: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse a key that something else on the same screen has."""
    changing = [actions[0] for (_, name), actions in by_key().items() if _name(name) == _name(key)]
    if changing:
        raise ConfigError(
            f'In [keys], {id} = "{key}" clashes with {changing[0].verb}, which changes Redis: choose another key.'
        )
    for other, entry in known.items():
        if other != id and _meet(known[id].scope, entry.scope):
            taken = own.get(other) or (entry.opposite[0] if other != entry.id and entry.opposite else entry.keys)
            if _name(key) in map(_name, taken):
                raise ConfigError(
                    f'In [keys], {id} = "{key}" clashes with {other} ({entry.what}): choose another key, or give '
                    f"{other} one too."
                )


def _meet(one: str, other: str) -> bool:
    """Whether keys of two scopes can be on at once."""
    homes = {_PART_OF.get(one, one), _PART_OF.get(other, other)}
    return not (len(homes) == 2 and homes <= _ALONE) and {one, other} not in _APART


def _name(key: str) -> str:
    """Textual's name of a key."""
    try:
        return next(iter(Binding.make_bindings([Binding(key, "none")]))).key if key != "," else "comma"
    except InvalidBinding:
        return key
