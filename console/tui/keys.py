"""The table of keys: bindings, footer, help and palette are made from it, nothing is listed twice.

Lower case looks, upper case changes (none does yet). Only keys that classic terminals can tell apart are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Scope = Literal["app", "mode", "detail", "rows", "overview", "jobs", "job", "text", "workers", "help"]
Group = Literal["Go to", "Move", "Look at", "Console"]
GROUPS: tuple[Group, ...] = ("Look at", "Move", "Go to", "Console")


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a key does.

    Attributes:
        id: stable name, for users' key maps.
        keys: Textual's names; the first ones are shown.
        label: for the footer.
        what: for the help, what it does in plain words.
        action: Textual action.
        scope: where it applies.
        footer: place in the footer, lowest first and last to be left out; 0 is not shown there.
        shown: how the keys are written, made from `keys` when left out.
        palette: offered in the command palette.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    what: str
    action: str
    scope: Scope
    group: Group
    footer: int = 0
    shown: str = ""
    palette: bool = False

    @property
    def display(self) -> str:
        """The keys as people write them."""
        return self.shown or " ".join(_NAMES.get(key, key) for key in self.keys[:2])


_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
}

KEYS: tuple[Key, ...] = (
    # -- what can be looked at on each screen
    Key("queue.open", ("enter",), "jobs", "open the jobs of this queue", "open", "overview", "Look at", 1),
    Key("pane.next", ("tab",), "next pane", "go to the next pane", "app.focus_next", "overview", "Move", 3),
    Key("pane.previous", ("shift+tab",), "", "go to the pane before", "app.focus_previous", "overview", "Move"),
    Key("queue.sort", ("s",), "sort", "sort by name, depth, age, failed", "sort", "overview", "Look at", 4),
    Key("job.open", ("enter",), "open", "open this job", "open", "jobs", "Look at", 1),
    Key(
        "state.next",
        ("right_square_bracket", "right", "l"),
        "state",
        "next and previous state",
        "state(1)",
        "jobs",
        "Look at",
        2,
        "[ ]",
    ),
    Key("state.previous", ("left_square_bracket", "left", "h"), "", "", "state(-1)", "jobs", "Look at"),
    Key(
        "queue.next",
        ("greater_than_sign",),
        "queue",
        "next and previous queue; before the first are all",
        "queue(1)",
        "jobs",
        "Look at",
        4,
        "< >",
    ),
    Key("queue.previous", ("less_than_sign",), "", "", "queue(-1)", "jobs", "Look at"),
    Key("jobs.order", ("s",), "order", "newest or oldest first", "order", "jobs", "Look at", 5),
    Key(
        "job.tab",
        ("right", "l", "right_square_bracket", "tab"),
        "tab",
        "next and previous tab",
        "tab(1)",
        "job",
        "Look at",
        2,
        "← →",
    ),
    Key("job.tab.previous", ("left", "h", "left_square_bracket", "shift+tab"), "", "", "tab(-1)", "job", "Look at"),
    Key("text.wrap", ("w",), "wrap", "wrap long lines, or cut them", "wrap", "job", "Look at", 4),
    Key("worker.open", ("enter",), "its job", "open the job this worker runs", "open", "workers", "Look at", 1),
    # -- moving
    Key("move.down", ("down", "j"), "move", "up and down", "cursor(1)", "rows", "Move", 0, "j k"),
    Key("move.up", ("up", "k"), "", "", "cursor(-1)", "rows", "Move"),
    Key("move.pagedown", ("pagedown", "ctrl+d"), "", "a page down", "page(1)", "rows", "Move"),
    Key("move.pageup", ("pageup", "ctrl+u"), "", "a page up", "page(-1)", "rows", "Move"),
    Key("move.top", ("g", "home"), "", "first row; new ones follow again", "edge(0)", "rows", "Move"),
    Key("move.bottom", ("G", "end"), "", "last row", "edge(1)", "rows", "Move"),
    Key("text.down", ("down", "j"), "scroll", "scroll", "scroll_by(1)", "text", "Move", 3, "j k"),
    Key("text.up", ("up", "k"), "", "", "scroll_by(-1)", "text", "Move"),
    Key("text.pagedown", ("pagedown", "ctrl+d", "space"), "", "a page down", "scroll_page(1)", "text", "Move"),
    Key("text.pageup", ("pageup", "ctrl+u"), "", "a page up", "scroll_page(-1)", "text", "Move"),
    Key("text.top", ("g", "home"), "", "first line", "scroll_edge(0)", "text", "Move"),
    Key("text.bottom", ("G", "end"), "", "last line", "scroll_edge(1)", "text", "Move"),
    # -- going
    Key("go.overview", ("1",), "Overview", "queues, workers, what needs you", "go('overview')", "app", "Go to", 6),
    Key("go.jobs", ("2",), "Jobs", "jobs by state and queue", "go('jobs')", "app", "Go to", 7),
    Key("go.failures", ("3",), "Failures", "jobs that failed", "go('failures')", "app", "Go to", 8),
    Key("go.workers", ("4",), "Workers", "workers and how each one is", "go('workers')", "app", "Go to", 9),
    Key("back", ("escape", "backspace"), "back", "back one step", "back", "mode", "Go to"),
    Key(
        "back.detail", ("escape", "backspace", "q"), "back", "back to where you came from", "back", "detail", "Go to", 5
    ),
    # -- the console itself
    Key("refresh", ("r",), "refresh", "read Redis now", "refresh_now", "app", "Console", 0, "", True),
    Key("pause", ("p",), "pause", "hold the picture, or go on", "pause", "app", "Console", 12, "", True),
    Key("slower", ("minus",), "", "read less often", "pace(1)", "app", "Console", 0, "", True),
    Key("faster", ("plus", "equals_sign"), "", "read more often", "pace(-1)", "app", "Console", 0, "+", True),
    Key("theme", ("t",), "", "dark, light, terminal's own colours", "next_theme", "app", "Console", 0, "", True),
    Key("repaint", ("ctrl+l",), "", "draw everything again", "repaint", "app", "Console", 0, "", True),
    Key(
        "palette",
        ("colon", "ctrl+k", "ctrl+p"),
        "command",
        "find a command, queue or worker",
        "palette",
        "app",
        "Console",
        13,
    ),
    Key("help", ("question_mark",), "help", "the keys of this screen", "help", "app", "Console", 2),
    Key("quit", ("q",), "quit", "leave the console", "quit", "mode", "Console", 10),
    Key("quit.now", ("ctrl+c", "ctrl+q"), "", "leave the console at once", "quit", "app", "Console"),
    Key(
        "help.close",
        ("escape", "question_mark", "q", "enter", "backspace"),
        "close",
        "close this help",
        "app.pop_screen",
        "help",
        "Console",
        1,
    ),
)


def bindings(scope: Scope, *, priority: bool = False) -> list[Binding]:
    """The bindings of a scope, each with its id, so that a user's key map can move it."""
    return [
        Binding(",".join(key.keys), key.action, key.label or key.what, id=key.id, show=False, priority=priority)
        for key in KEYS
        if key.scope == scope
    ]


def footer(scopes: Iterable[Scope]) -> list[Key]:
    """The keys the footer names on a screen with these scopes, most important first."""
    wanted = set(scopes)
    return sorted((key for key in KEYS if key.scope in wanted and key.footer), key=lambda key: key.footer)


def help_sections(scopes: Sequence[Scope]) -> list[tuple[Group, list[Key]]]:
    """Groups of keys that apply on a screen with these scopes."""
    wanted = set(scopes)
    keys = [key for key in KEYS if key.scope in wanted and key.what]
    return [(group, [key for key in keys if key.group == group]) for group in GROUPS]


def offered() -> list[Key]:
    """What the command palette offers besides places to go."""
    return [key for key in KEYS if key.palette or key.id.startswith("go.")]
