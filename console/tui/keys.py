"""The table of keys: bindings, footer, help and palette are made from it, nothing is listed twice.

Lower case looks, upper case changes (none does yet). Only keys that classic terminals can tell apart are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from textual.binding import Binding

Scope = Literal["app", "mode", "detail", "rows", "overview", "jobs", "job", "text", "workers", "help"]
Group = Literal["Look at", "Move", "Go to", "Console"]
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

    @property
    def display(self) -> str:
        """The keys as people write them."""
        return self.shown or self.keys[0]


class _Row(NamedTuple):
    """A line of the table below; the fields are those of `Key`, its keys with blanks between."""

    id: str
    keys: str
    action: str
    what: str
    label: str = ""
    rank: int = 0
    shown: str = ""
    back_keys: str = ""
    back_action: str = ""
    palette: bool = False


_NEXT, _LAST = "right_square_bracket right l", "left_square_bracket left h"
_DOWN, _UP = "pagedown ctrl+d", "pageup ctrl+u"

_TABLE: tuple[tuple[Scope, Group, tuple[_Row, ...]], ...] = (
    (
        "overview",
        "Look at",
        (
            _Row("queue.open", "enter", "open", "jobs of this queue, or what needs you", "open", 2),
            _Row("queue.sort", "s", "sort", "sort by name, queued, oldest, failed", "sort", 12),
        ),
    ),
    (
        "jobs",
        "Look at",
        (
            _Row("job.open", "enter", "open", "everything about this job", "open", 2),
            _Row("job.state", _NEXT, "state(1)", "next, previous state", "state", 7, "[ ]", _LAST, "state(-1)"),
            _Row(
                "job.queue",
                "greater_than_sign",
                "queue(1)",
                "next, previous queue, or all",
                "queue",
                11,
                "< >",
                "less_than_sign",
                "queue(-1)",
            ),
            _Row("job.order", "s", "order", "newest or oldest first", "order", 12),
        ),
    ),
    (
        "job",
        "Look at",
        (
            _Row(
                "job.tab",
                f"{_NEXT} tab",
                "tab(1)",
                "next, previous text",
                "next",
                7,
                "[ ]",
                f"{_LAST} shift+tab",
                "tab(-1)",
            ),
            _Row("text.wrap", "w", "wrap", "wrap long lines, or cut them", "wrap", 12),
        ),
    ),
    ("workers", "Look at", (_Row("worker.open", "enter", "open", "the job this worker runs", "its job", 2),)),
    (
        "rows",
        "Move",
        (
            _Row("move", "down j", "cursor(1)", "down, up", "", 0, "j k", "up k", "cursor(-1)"),
            _Row("move.page", _DOWN, "page(1)", "a page down, up", "", 0, "ctrl+d ctrl+u", _UP, "page(-1)"),
            _Row("move.edge", "g home", "edge(0)", "first, last row", "", 0, "g G", "G end", "edge(1)"),
        ),
    ),
    (
        "text",
        "Move",
        (
            _Row("scroll", "down j", "scroll_by(1)", "down, up", "scroll", 13, "j k", "up k", "scroll_by(-1)"),
            _Row(
                "scroll.page",
                f"{_DOWN} space",
                "scroll_page(1)",
                "a page down, up",
                "",
                0,
                "ctrl+d ctrl+u",
                _UP,
                "scroll_page(-1)",
            ),
            _Row(
                "scroll.edge", "g home", "scroll_edge(0)", "first, last line", "", 0, "g G", "G end", "scroll_edge(1)"
            ),
        ),
    ),
    (
        "overview",
        "Move",
        (
            _Row(
                "pane",
                "tab",
                "app.focus_next",
                "next, previous pane",
                "pane",
                13,
                "tab",
                "shift+tab",
                "app.focus_previous",
            ),
        ),
    ),
    (
        "app",
        "Go to",
        (
            _Row("go.overview", "1", "go('overview')", "queues, workers, what needs you", "Overview", 3),
            _Row("go.jobs", "2", "go('jobs')", "jobs by state and queue", "Jobs", 4),
            _Row("go.failures", "3", "go('failures')", "jobs that failed", "Failures", 5),
            _Row("go.workers", "4", "go('workers')", "workers and how each one is", "Workers", 6),
        ),
    ),
    ("mode", "Go to", (_Row("back", "escape backspace", "back", "back one step", "", 0, "esc"),)),
    ("detail", "Go to", (_Row("back.detail", "escape backspace q", "back", "back", "back", 3, "esc"),)),
    (
        "app",
        "Console",
        (
            _Row("refresh", "r", "refresh_now", "read Redis now", palette=True),
            _Row("pause", "p", "pause", "hold the picture, or go on", "pause", 14, palette=True),
            _Row("pace", "plus equals_sign", "pace(-1)", "read more, less often", "", 0, "+ -", "minus", "pace(1)"),
            _Row("theme", "t", "next_theme", "dark, light, the terminal's colours", palette=True),
            _Row("repaint", "ctrl+l", "repaint", "draw everything again", palette=True),
            _Row("palette", "colon ctrl+k ctrl+p", "palette", "find anything by its name", "find", 10, ":"),
            _Row("help", "question_mark", "help", "the keys of this screen", "keys", 1, "?"),
        ),
    ),
    ("mode", "Console", (_Row("quit", "q", "app.quit", "leave the console", "quit", 8),)),
    ("app", "Console", (_Row("quit.now", "ctrl+c ctrl+q", "quit", "leave the console at once"),)),
    (
        "help",
        "Console",
        (_Row("help.close", "escape question_mark q enter backspace", "app.pop_screen", "close this help"),),
    ),
)


def _made(scope: Scope, group: Group, row: _Row) -> Key:
    opposite = (tuple(row.back_keys.split()), row.back_action) if row.back_keys else None
    keys = tuple(row.keys.split())
    return Key(row.id, keys, row.action, scope, group, row.what, row.label, row.rank, row.shown, opposite, row.palette)


KEYS: tuple[Key, ...] = tuple(_made(scope, group, row) for scope, group, rows in _TABLE for row in rows)


def bindings(scope: Scope) -> list[Binding]:
    """The bindings of a scope, each with its id, so that a user's key map can move it."""
    made: list[Binding] = []
    for key in KEYS:
        if key.scope == scope:
            # Leaving at once must work behind every dialog, also those of Textual.
            priority = key.id == "quit.now"
            made.append(Binding(",".join(key.keys), key.action, key.what, id=key.id, show=False, priority=priority))
            if key.opposite:
                keys, action = key.opposite
                made.append(Binding(",".join(keys), action, key.what, id=f"{key.id}.back", show=False))
    return made


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
