"""The rows of the table of keys for what lies over a screen: dialogs, lists to choose from, the command line."""

from __future__ import annotations

from console.tui.key_row import Group, Row, Scope

DIALOGS: tuple[tuple[Scope, Group, tuple[Row, ...]], ...] = (
    (
        "command",
        "Console",
        (
            Row("command.apply", "enter", "apply", "go there"),
            Row("command.complete", "tab", "complete", "go on with the likeliest word"),
            Row("command.history", "up", "history(-1)", "earlier, later words", "", 0, "", "down", "history(1)"),
            Row("command.cancel", "escape", "cancel", "stay", "", 0, "esc"),
        ),
    ),
    (
        "views",
        "Console",
        (
            Row("views.open", "enter", "open", "go to this view"),
            Row("views.forget", "d", "forget", "delete this view from the list"),
            Row("views.cancel", "escape", "cancel", "stay", "", 0, "esc"),
        ),
    ),
    (
        "copy",
        "Console",
        (
            Row("copy.send", "enter y", "copy('clipboard')", "to the terminal's clipboard"),
            *(
                Row(f"copy.{n}", f"{n}", f"pick({n})", "the text of this number there", "", 0, "1-9")
                for n in range(1, 10)
            ),
            Row("copy.select", "s", "copy('select')", "show it as plain text, for the terminal to select from"),
            Row("copy.file", "w", "copy('file')", "write it to a file"),
            Row("copy.pager", "o", "copy('pager')", "open it in $PAGER"),
            Row("copy.editor", "e", "copy('editor')", "open a copy in $EDITOR"),
            Row("copy.cancel", "escape q", "cancel", "copy nothing", "", 0, "esc"),
        ),
    ),
    (
        "dialog",
        "Console",
        (
            Row("dialog.cancel", "escape", "cancel", "change nothing", "", 0, "esc"),
            Row(
                "dialog.next",
                "tab",
                "app.focus_next",
                "next, last field",
                "",
                0,
                "tab",
                "shift+tab",
                "app.focus_previous",
            ),
        ),
    ),
    (
        "confirm",
        "Console",
        (
            Row("dialog.canary", "T", "canary", "try five first"),
            Row("confirm.at_front", "ctrl+f", "switch('at_front')", "next in the queue, or last"),
            Row("confirm.dependents", "W", "switch('dependents')", "with the jobs that wait for them, or without"),
            Row("confirm.call", "A", "arguments", "edit the arguments of the copy"),
            Row("confirm.parents", "P", "switch('parents')", "drop them from the jobs they wait for, or not"),
        ),
    ),
    (
        "edit",
        "Console",
        (
            Row("edit.mistake", "ctrl+g", "mistake", "go to the place of the mistake"),
            Row("edit.editor", "f4", "editor", "edit them in $EDITOR"),
        ),
    ),
    ("enqueue", "Console", (Row("enqueue.front", "ctrl+f", "front", "next in the queue, or last"),)),
    ("tick", "Console", (Row("dialog.turn", "space", "turn", "turn a switch"),)),
    ("choice", "Console", (Row("dialog.choose", "enter", "choose", "what the button says"),)),
    (
        "progress",
        "Console",
        (
            Row("progress.stop", "escape", "stop", "stop after this step", "", 0, "esc"),
            Row("progress.hide", "b", "background", "go on in the background"),
        ),
    ),
    (
        "help",
        "Console",
        (Row("help.close", "escape question_mark q enter backspace", "app.pop_screen", "close this help"),),
    ),
)
