"""The rows of the table of keys; `keys.py` makes the table of them and tells what the columns mean."""

from __future__ import annotations

from console.tui.key_dialogs import DIALOGS
from console.tui.key_row import Group, Row, Scope

__all__ = ["TABLE", "Group", "Row", "Scope"]

_NEXT, _LAST = "right_square_bracket right l", "left_square_bracket left h"
_DOWN, _UP = "pagedown ctrl+d", "pageup ctrl+u"

_SCREENS: tuple[tuple[Scope, Group, tuple[Row, ...]], ...] = (
    (
        "overview",
        "Look at",
        (
            Row("queue.open", "enter", "open", "jobs of this queue, or what needs you", "open", 2),
            Row("queue.sort", "s", "sort", "sort by name, queued, oldest, failed", "sort", 12),
            Row("queue.past", "c", "past", "charts of an hour, a day, a month", "charts", 12),
        ),
    ),
    (
        "jobs",
        "Look at",
        (
            Row("job.open", "enter", "open", "everything about this job", "open", 2),
            Row("job.state", _NEXT, "state(1)", "next, previous state", "state", 7, "[ ]", _LAST, "state(-1)"),
            Row(
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
            Row("job.order", "s", "order", "newest or oldest first", "order", 12),
            Row("job.filter", "slash", "filter", "only jobs that fit a filter", "filter", 6, "/"),
        ),
    ),
    (
        "filter",
        "Look at",
        (
            Row("filter.apply", "enter", "apply", "look for jobs that fit", "search", 1),
            Row("filter.complete", "tab", "complete", "go on with the likeliest word", "complete", 2),
            Row("filter.cancel", "escape", "cancel", "leave the filter as it was", "cancel", 3, "esc"),
        ),
    ),
    (
        "job",
        "Look at",
        (
            Row(
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
            Row("tree.open", "enter", "open", "the job under the cursor of the tree"),
            Row("text.wrap", "w", "wrap", "wrap long lines, or cut them", "wrap", 12),
            Row("text.page", "o", "app.page", "open this text in $PAGER"),
        ),
    ),
    (
        "past",
        "Look at",
        (
            Row("past.span", _NEXT, "span(1)", "an hour, a day, a month", "time", 7, "[ ]", _LAST, "span(-1)"),
            Row(
                "past.queue",
                "greater_than_sign",
                "queue(1)",
                "next, previous queue, or all",
                "queue",
                11,
                "< >",
                "less_than_sign",
                "queue(-1)",
            ),
        ),
    ),
    (
        "failures",
        "Look at",
        (
            Row("failures.open", "enter", "open", "the newest job of this group", "open", 2),
            Row("failures.list", "f", "one_by_one", "the failed jobs of this group, one by one", "jobs", 7),
        ),
    ),
    (
        "workers",
        "Look at",
        (
            Row("worker.open", "enter", "open", "the job this worker runs", "its job", 2),
            Row("worker.place", f"{_NEXT} {_LAST}", "place", "workers in Redis, or of this machine", "place", 8, "[ ]"),
            Row("worker.log", "o", "log", "what a worker of this machine writes", "output", 9),
            Row("worker.launch", "L", "launch", "launch workers on this machine", "launch", 7),
        ),
    ),
    (
        "schedule",
        "Look at",
        (Row("schedule.tab", _NEXT, "tab(1)", "due, cron, schedulers", "tab", 7, "[ ]", _LAST, "tab(-1)"),),
    ),
    ("due", "Look at", (Row("due.open", "enter", "open", "everything about this job", "open", 2),)),
    (
        "activity",
        "Look at",
        (Row("activity.tab", _NEXT, "tab(1)", "changes, events, trash", "tab", 7, "[ ]", _LAST, "tab(-1)"),),
    ),
    (
        "doctor",
        "Look at",
        (
            Row("doctor.open", "enter", "open", "the job, queue or view it tells of", "go there", 2),
            Row("doctor.tab", _NEXT, "tab(1)", "findings, all checks", "tab", 7, "[ ]", _LAST, "tab(-1)"),
            Row("doctor.pane", "tab", "app.focus_next", "findings, or what is told of one, to scroll", "pane", 13),
        ),
    ),
    (
        "answer",
        "Look at",
        (Row("answer.open", "enter", "open", "the job, queue or worker it tells of", "go there", 2),),
    ),
    (
        "functions",
        "Look at",
        (
            Row("functions.open", "enter", "open", "its failed jobs, or else its finished ones", "its jobs", 2),
            Row("functions.slowest", "o", "slowest", "the slowest run still known", "slowest", 8),
            Row("functions.sort", "s", "sort", "sort by runs, failures, times, name", "sort", 9),
            Row("functions.span", _NEXT, "tab(1)", "look back further, less far", "span", 7, "[ ]", _LAST, "tab(-1)"),
        ),
    ),
    ("why", "Look at", (Row("why", "W", "why", "why it is where it is", "why", 8),)),
    ("remedy", "Look at", (Row("remedy", "A", "remedy", "do what is advised; its plan first", "do it", 3),)),
    (
        "event",
        "Look at",
        (
            Row("event.open", "enter", "open", "the job of this event", "its job", 2),
            Row("event.follow", "f", "follow", "follow what happens, or hold still", "follow", 8),
            Row("event.failure", "n", "failure(1)", "next, previous failure", "failure", 9, "n N", "N", "failure(-1)"),
            Row("event.filter", "slash", "filter", "only what fits a filter", "filter", 6, "/"),
        ),
    ),
    (
        "rows",
        "Move",
        (
            Row("move", "down j", "cursor(1)", "down, up", "", 0, "j k", "up k", "cursor(-1)"),
            Row("move.page", _DOWN, "page(1)", "a page down, up", "", 0, "ctrl+d ctrl+u", _UP, "page(-1)"),
            Row("move.edge", "g home", "edge(0)", "first, last row", "", 0, "g G", "G end", "edge(1)"),
        ),
    ),
    (
        "marks",
        "Look at",
        (
            Row("mark", "space", "mark", "mark or unmark, and go on", "mark", 13),
            Row("mark.range", "v", "mark_range", "mark from the last mark to here"),
            Row("mark.all", "asterisk", "mark_all", "mark the whole list", "", 0, "*"),
            Row("mark.none", "backslash", "mark_none", "take all marks away", "", 0, "\\"),
        ),
    ),
    (
        "text",
        "Move",
        (
            Row("scroll", "down j", "scroll_by(1)", "down, up", "scroll", 13, "j k", "up k", "scroll_by(-1)"),
            Row(
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
            Row("scroll.edge", "g home", "scroll_edge(0)", "first, last line", "", 0, "g G", "G end", "scroll_edge(1)"),
        ),
    ),
    (
        "overview",
        "Move",
        (
            Row(
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
            Row("go.overview", "1", "go('overview')", "queues, workers, what needs you", "Overview", 3),
            Row("go.jobs", "2", "go('jobs')", "jobs by state and queue", "Jobs", 4),
            Row("go.failures", "3", "go('failures')", "failed jobs by cause", "Failures", 5),
            Row("go.workers", "4", "go('workers')", "workers and how each one is", "Workers", 6),
            Row("go.schedule", "5", "go('schedule')", "what is due, what repeats, who sees to it", "Schedule", 9),
            Row("go.activity", "6", "go('activity')", "what was changed, what ran, what can be undone", "Activity", 9),
            Row("go.doctor", "7", "go('doctor')", "what is wrong with the deployment, and what to do", "Doctor", 9),
            Row("go.functions", "8", "go('functions')", "run times and failures of each function", "Functions", 15),
        ),
    ),
    ("mode", "Go to", (Row("back", "escape backspace", "back", "back one step", "", 0, "esc"),)),
    ("detail", "Go to", (Row("back.detail", "escape backspace q", "back", "back", "back", 3, "esc"),)),
    (
        "app",
        "Console",
        (
            Row("refresh", "r", "refresh_now", "read Redis now", palette=True),
            Row("pause", "p", "pause", "hold the picture, or go on", "pause", 14, palette=True),
            Row("unlock", "ctrl+r", "unlock", "a production profile: allow changes for 5 minutes, or lock it again"),
            Row("pace", "plus equals_sign", "pace(-1)", "read more, less often", "", 0, "+ -", "minus", "pace(1)"),
            Row("theme", "t", "next_theme", "dark, light, the terminal's colours", palette=True),
            Row(
                "copy",
                "y",
                "copy",
                "copy id, command, JSON, ... from here",
                "copy",
                11,
                palette=True,
            ),
            Row("suspend", "ctrl+z", "suspend", "back to the shell for a while; fg there returns"),
            Row("mouse", "ctrl+o", "mouse", "leave the mouse to the terminal, or take it again", palette=True),
            Row("repaint", "ctrl+l", "repaint", "draw everything again", palette=True),
            Row("command", "colon", "command", "go to an address, as in :jobs ocr failed", "go to", 10, ":"),
            Row("views", "b", "views", "saved views: open, save, delete", "views", 15, palette=True),
            Row("palette", "ctrl+k ctrl+p", "palette", "find anything by its name", "", 0, "ctrl+k"),
            Row("help", "question_mark", "help", "the keys of this screen", "keys", 1, "?"),
        ),
    ),
    ("mode", "Console", (Row("quit", "q", "app.quit", "leave the console", "quit", 8),)),
    ("app", "Console", (Row("quit.now", "ctrl+c ctrl+q", "quit", "leave the console at once"),)),
)

TABLE: tuple[tuple[Scope, Group, tuple[Row, ...]], ...] = (*_SCREENS, *DIALOGS)
