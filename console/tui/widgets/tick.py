"""A switch of one line: its key, whether it is on, and what that means."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from console.tui.keys import bindings
from console.tui.present.cells import Cell, Chip
from console.tui.widgets.line import Line


class Tick(Line, can_focus=True):
    """The switch; space, its key or a click turns it.

    Args:
        key: as people write it.
        says: what it means when it is on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("tick")]
    DEFAULT_CSS = """
    Tick { height: 1; width: 1fr; }
    Tick:focus { background: $cursor; }
    Tick:ansi:focus { text-style: reverse; }
    """

    class Turned(Message):
        """It is on now, or off."""

        def __init__(self, tick: Tick) -> None:
            super().__init__()
            self.tick = tick

        @property
        def control(self) -> Tick:
            return self.tick

    def __init__(self, key: str, says: str, *, on: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._key, self._says = key, says
        self._on = on

    @property
    def on(self) -> bool:
        """Whether it is on."""
        return self._on

    def on_mount(self) -> None:
        self._fill()

    def _fill(self) -> None:
        box, tone = ("[x]", "strong") if self._on else ("[ ]", "muted")
        self.show([Chip((Cell(self._key, "key"), Cell(f" {box} ", tone), Cell(self._says, tone)))])

    def action_turn(self) -> None:
        """On, or off again."""
        self._on = not self._on
        self._fill()
        self.post_message(self.Turned(self))

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        if not self.disabled:
            self.action_turn()
