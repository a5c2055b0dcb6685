"""Leaving the read-only mode of a production profile for a few minutes; its name is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from console.tui.keys import bindings
from console.tui.present.cells import chip, key_chip
from console.tui.session import UNLOCKED_SECONDS
from console.tui.widgets.line import Heading, Line
from pantry_queue.text import safe


class Unlock(ModalScreen[bool]):
    """The dialog; True when the name was typed.

    Args:
        profile: its name.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    AUTO_FOCUS = "#answer"
    DEFAULT_CSS = "Unlock { align: center middle; background: $background 60%; }"

    def __init__(self, profile: str) -> None:
        super().__init__()
        self._profile = profile

    def compose(self) -> ComposeResult:
        text = f"Keys that change something work for {UNLOCKED_SECONDS // 60:.0f} minutes; then it is read-only again."
        with Vertical(classes="dialog"):
            yield Heading(left=[chip(f"Unlock production profile {safe(self._profile, 60)}", "strong")])
            yield Static(Content(text), classes="dialog-text")
            yield Line(left=[chip("name of the profile", "strong"), chip("typed, to go on", "muted", rank=1)])
            yield Input(id="answer", compact=True, placeholder="its name")
            yield Line(id="ask-wrong")
            yield Line(left=[key_chip("enter", "goes on"), key_chip("esc", "cancels")])

    @on(Input.Submitted, "#answer")
    def _answered(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._profile:
            self.dismiss(True)
        else:
            self.query_one("#ask-wrong", Line).show([chip("that is not the name of this profile", "failed")])

    def action_cancel(self) -> None:
        """It stays read-only."""
        self.dismiss(False)
