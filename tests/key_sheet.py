"""The key sheet of the docs, made from the tables of keys and of actions: `python -m tests.key_sheet` writes it."""

from __future__ import annotations

from pathlib import Path

from console.tui.acting.offers import by_key
from console.tui.key_map import FIXED
from console.tui.keys import KEYS
from pantry_queue.control.actions import ACTIONS

SHEET = Path(__file__).parents[1] / "docs" / "keys.md"
#: Scope -> where that is, for people; keys of one heading stand together.
PLACES = {
    "app": "Everywhere",
    "mode": "Everywhere",
    "rows": "In lists",
    "marks": "In lists",
    "detail": "On one job",
    "job": "On one job",
    "text": "In texts",
    "dialog": "In dialogs",
    "confirm": "In dialogs",
    "tick": "In dialogs",
    "edit": "In dialogs",
    "enqueue": "In dialogs",
    "choice": "In dialogs",
    "progress": "In dialogs",
    "filter": "In the filter",
    "past": "On history",
    "event": "On activity",
    "due": "On schedule",
    "remedy": "On doctor",
    "why": "On one job",
    "answer": "On why",
    "command": "In the command line",
}

_OWN = """## Keys of your own

In the config file (`~/.config/pantry-console/config.toml`, or `PANTRY_CONFIG`), for keys that look and move:

```toml
[keys]
"queue.sort" = "o"            # instead of s
move = "down e"               # all keys of it, with blanks between; "move.back" is its opposite
```

A key is a letter or sign, `ctrl+` and a letter (not h, i, j, m, q: classic terminals cannot tell those apart), `f1` to
`f12`, or one of `up down left right home end pageup pagedown enter tab shift+tab space escape backspace delete insert`.
Footer and `?` show your keys. What something else on the same screen has is refused before anything is drawn, by a
sentence that names both; two may change places. Keys that change Redis are the same for everyone, and so are those of
dialogs and of the filter line.
"""


def sheet() -> str:
    """The page."""
    parts = ["# Keys\n\nLower case looks, upper case changes; `?` on a screen shows what applies there, and why not.\n"]
    places = dict.fromkeys(PLACES.get(key.scope, f"On {key.scope}") for key in KEYS)
    for place in places:
        rows = [key for key in KEYS if PLACES.get(key.scope, f"On {key.scope}") == place]
        lines = [f"| {_keys(key.display)} | {key.what} |" for key in rows]
        parts.append(f"## {place}\n\n| keys | what they do |\n| --- | --- |\n" + "\n".join(dict.fromkeys(lines)) + "\n")
    head = "| key | on | action | what it does | undo |\n| --- | --- | --- | --- | --- |"
    parts.append(f"## What changes Redis\n\n{head}")
    reached = {action.name for actions in by_key().values() for action in actions}
    for action in ACTIONS.values():
        if action.key and action.name in reached:
            name = f"{action.noun} | {action.verb.replace('-', ' ')}"
            parts.append(f"| `{action.key}` | {name} | {action.what} | {action.undo_says or '-'} |")
    return "\n".join([*parts, "", _OWN, *_names()]) + "\n"


def _names() -> list[str]:
    """What each key that may be moved is called in a config file."""
    rows = ["| name | key | what it does |", "| --- | --- | --- |"]
    for key in KEYS:
        if key.scope not in FIXED:
            ids = f"`{key.id}`" + (f" `{key.id}.back`" if key.opposite else "")
            rows.append(f"| {ids} | {_keys(key.display)} | {key.what} |")
    return rows


def _keys(shown: str) -> str:
    names = {"escape": "esc", "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]"}
    return " ".join(f"`{names.get(key, key)}`" for key in shown.split())


if __name__ == "__main__":
    SHEET.write_text(sheet(), "utf-8")
