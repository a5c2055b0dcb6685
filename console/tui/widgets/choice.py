"""A button of one line: enter or a click does what it names."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from console.tui.keys import bindings
from console.tui.present.cells import Cell, Chip
from console.tui.widgets.line import Line


class Choice(Line, can_focus=True):
    """The button; it never reacts to letters, so that nothing typed ahead presses it.

    Args:
        label: what it does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("choice")]
    DEFAULT_CSS = """
    Choice { height: 1; width: auto; background: $header; }
    Choice:focus { background: $cursor; text-style: bold; }
    Choice:ansi:focus { text-style: reverse; }
    """

    class Pressed(Message):
        """Do it."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, label: str, *, id: str | None = None, disabled: bool = False) -> None:
        super().__init__(id=id)
        self.disabled = disabled
        self.name_it(label)

    def name_it(self, label: str) -> None:
        """It does something else now."""
        self.show([Chip((Cell("enter", "key"), Cell(f" {label}")))])
        self.styles.width = len(label) + 8

    def action_choose(self) -> None:
        self.post_message(self.Pressed(self))

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_choose()
