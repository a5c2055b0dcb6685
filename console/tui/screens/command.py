"""The command line of the console, at the bottom: an address or a command, with completion and history."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from console.tui.acting.verbs import Said
from console.tui.address import Address
from console.tui.commands import Command, likely, understand
from console.tui.keys import bindings
from console.tui.present.cells import chip, key_chip
from console.tui.widgets.filter_bar import CompletingLine
from console.tui.widgets.line import Line
from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

_MOST_REMEMBERED = 100
_HINTS = ("a view: jobs [queue] [state] [filter]", "an action: requeue --to low", "job ID, @VIEW, connect NAME, quit")


class CommandLine(ModalScreen[Address | Command | Said | None]):
    """What is typed is answered with; what cannot be understood is said in the line above, and can be corrected."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("command")]
    DEFAULT_CSS = """
    CommandLine { background: transparent; align: left bottom; }
    CommandLine #command { height: 3; background: $header; }
    CommandLine #command Input { background: $header; }
    CommandLine #command-keys { background: $header; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._place = 0
        self._begun = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="command"):
            yield Line(
                id="command-wrong",
                left=[chip(hint, "muted", rank=rank) for rank, hint in enumerate(_HINTS)],
            )
            yield CompletingLine(":", self._ways, hint="jobs ocr failed func:send_mail", input_id="command-text")
            yield Line(
                id="command-keys",
                left=[key_chip("enter", "go"), key_chip("tab", "complete"), key_chip("↑ ↓", "earlier, later")],
                center=False,
            )

    def on_mount(self) -> None:
        self._place = len(self._typed)
        self.query_one(CompletingLine).input.focus()

    @property
    def console_app(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    @property
    def _typed(self) -> list[str]:
        return self.console_app.session.typed

    def _ways(self, text: str) -> list[str]:
        return likely(text, self.console_app.session)

    @on(Input.Submitted, "#command-text")
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip().removeprefix(":").strip()
        if not text:
            self.dismiss(None)
            return
        try:
            meant = understand(text)
        except PantryError as error:
            self.query_one("#command-wrong", Line).show([chip(str(error), "failed")])
            return
        if self._typed[-1:] != [text]:
            self._typed.append(text)
            del self._typed[:-_MOST_REMEMBERED]
        self.dismiss(meant)

    async def action_apply(self) -> None:
        """Go there."""
        await self.query_one(CompletingLine).input.action_submit()

    def action_complete(self) -> None:
        """Go on with the likeliest."""
        self.query_one(CompletingLine).complete()

    def action_history(self, step: int) -> None:
        """What was typed earlier, or later."""
        line = self.query_one(CompletingLine)
        if self._place == len(self._typed):
            self._begun = line.input.value
        self._place = max(0, min(len(self._typed), self._place + step))
        line.put((*self._typed, self._begun)[self._place])

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(None)
