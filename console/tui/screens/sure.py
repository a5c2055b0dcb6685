"""A yes to something that is not in the table of actions."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from console.tui.keys import bindings
from console.tui.present.cells import chip, key_chip
from console.tui.widgets.choice import Choice
from console.tui.widgets.line import Heading, Line


class Sure(ModalScreen[bool]):
    """The question; True when the button was pressed.

    Args:
        title: what is about to happen.
        text: what that means.
        label: of the button.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    AUTO_FOCUS = "#sure"
    DEFAULT_CSS = "Sure { align: center middle; background: $background 60%; }"

    def __init__(self, title: str, text: str, label: str) -> None:
        super().__init__()
        self._title, self._text, self._label = title, text, label

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(left=[chip(self._title, "strong")])
            yield Static(Content(self._text), classes="dialog-text")
            with Horizontal(classes="dialog-choices"):
                yield Choice(self._label, id="sure")
                yield Line(left=[key_chip("esc", "cancels")])

    @on(Choice.Pressed, "#sure")
    def _yes(self) -> None:
        self.dismiss(True)

    def action_cancel(self) -> None:
        """Nothing happens."""
        self.dismiss(False)
