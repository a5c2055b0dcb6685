"""Other arguments for the copy of a job: a document to edit, what is wrong with it and where, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import TextArea

from console.tui.keys import bindings, written
from console.tui.present.cells import Cell, chip, key_chip
from console.tui.widgets.choice import Choice
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.text_view import TextView
from pantry_queue.control import call_text
from pantry_queue.control.call_text import DocumentError
from pantry_queue.control.copying import Call
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


class EditArguments(ModalScreen[Call | None]):
    """The dialog; what it answers with can be stored.

    Args:
        original: what the job calls.
        call: what was made of it so far.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog"), *bindings("edit")]
    AUTO_FOCUS = "#edit-text"
    DEFAULT_CSS = """
    EditArguments { align: center middle; background: $background 60%; }
    EditArguments #edit-text { height: 12; border: none; padding: 0; background: $header; }
    EditArguments.-flat #edit-text, EditArguments.-short #edit-text { height: 10; }
    EditArguments #edit-changes { height: auto; max-height: 5; margin-bottom: 1; padding: 0 1; }
    """

    def __init__(self, original: Call, call: Call) -> None:
        super().__init__()
        self._original = original
        self._text = call_text.text_of(call)
        self._before = call_text.text_of(original)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(left=[chip("Arguments of the copy", "strong"), chip(safe(self._original.func, 200), "muted")])
            yield TextArea(self._text, id="edit-text", tab_behavior="focus", highlight_cursor_line=False)
            yield Line(id="edit-wrong")
            yield TextView(id="edit-changes")
            with Horizontal(classes="dialog-choices"):
                yield Choice("take these", id="edit-go")
                yield Line(id="confirm-keys")

    def on_mount(self) -> None:
        self.query_one(TextView).can_focus = False
        self.query_one("#confirm-keys", Line).show(
            [],
            [
                key_chip("tab", "to the button", rank=2),
                key_chip(written("edit.mistake"), "to the mistake", rank=4, action="screen.mistake"),
                key_chip(written("edit.editor"), "$EDITOR", rank=3, action="screen.editor"),
                key_chip("esc", "cancel", action="screen.cancel"),
            ],
        )
        self._look()

    def _look(self) -> Call | None:
        """What the document says now; None when it cannot be understood, which is told."""
        text = self.query_one(TextArea).text
        try:
            call = call_text.read(text, self._original)
        except DocumentError as error:
            self.query_one("#edit-wrong", Line).show([chip(safe(str(error), 200), "failed")])
            self.query_one("#edit-changes", TextView).show([])
            return None
        changed = call_text.differences(self._before, call_text.text_of(call))
        said = chip(f"{len(changed)} lines differ" if changed else "nothing is changed", "muted")
        self.query_one("#edit-wrong", Line).show([said])
        tones = {"-": "failed", "+": "finished"}
        self.query_one("#edit-changes", TextView).show([(Cell(safe(line, 300), tones[line[0]]),) for line in changed])
        return call

    @on(TextArea.Changed)
    def _changed(self) -> None:
        self._look()

    @on(Choice.Pressed, "#edit-go")
    def _take(self) -> None:
        call = self._look()
        if call is not None:
            self.dismiss(call)
        else:
            self.action_mistake()

    def action_mistake(self) -> None:
        """Put the cursor where the document is wrong."""
        area = self.query_one(TextArea)
        area.focus()
        try:
            call_text.read(area.text, self._original)
        except DocumentError as error:
            area.move_cursor((error.line - 1, error.column - 1))

    def action_editor(self) -> None:
        """Go on in the operator's own editor; what it leaves is looked at as if it had been typed here."""
        app, area = cast("ConsoleApp", self.app), self.query_one(TextArea)
        left = app.edited(area.text, "arguments.json")
        if left is not None and left != area.text:
            area.load_text(left)
            self._look()

    def action_cancel(self) -> None:
        """The arguments stay as they were."""
        self.dismiss(None)
