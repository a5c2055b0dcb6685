"""Launching workers on this machine: how many, for which queues, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from console.tui.acting.local_fleet import MOST, Order, order
from console.tui.keys import bindings
from console.tui.present.cells import chip, key_chip
from console.tui.widgets.choice import Choice
from console.tui.widgets.line import Heading, Line

_WHAT = "Worker processes on this machine, for the Redis shown above. They live on when the console ends."


class QueueNames(Suggester):
    """Completes the last of several names with commas between.

    Args:
        names: of the queues there are.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(case_sensitive=True)
        self._names = tuple(names)

    async def get_suggestion(self, value: str) -> str | None:
        """See `Suggester`."""
        head, comma, last = value.rpartition(",")
        typed = last.lstrip()
        taken = {name.strip() for name in head.split(",")}
        blank = last[: len(last) - len(typed)]
        found = next((name for name in self._names if typed and name.startswith(typed) and name not in taken), None)
        return f"{head}{comma}{blank}{found}" if found else None


class Launch(ModalScreen[Order | None]):
    """The dialog; what is typed is checked before it closes.

    Args:
        names: of the queues there are.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    AUTO_FOCUS = "#launch-number"
    DEFAULT_CSS = """
    Launch { align: center middle; background: $background 60%; }
    Launch #launch-wrong { height: 1; margin-top: 1; }
    Launch #launch-known { height: auto; max-height: 3; }
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)

    def compose(self) -> ComposeResult:
        known = ", ".join(self._names) or "none yet"
        with Vertical(classes="dialog"):
            yield Heading(left=[chip("Launch workers", "strong")])
            yield Static(Content(_WHAT), classes="dialog-text")
            with Horizontal(classes="dialog-field"):
                yield Line(left=[chip("number", "strong")], classes="dialog-label")
                yield Input("1", id="launch-number", compact=True, placeholder=f"1 to {MOST}")
            with Horizontal(classes="dialog-field"):
                yield Line(left=[chip("queues", "strong")], classes="dialog-label")
                yield Input(
                    id="launch-queues",
                    compact=True,
                    placeholder="commas between; empty: the service's own",
                    suggester=QueueNames(self._names),
                )
            yield Static(Content(f"known: {known}"), id="launch-known", classes="dialog-text")
            with Horizontal(classes="dialog-choices"):
                yield Choice("burst: until queues are empty", id="launch-burst")
                yield Choice("steady: until stopped", id="launch-steady")
            yield Line(id="launch-wrong")
            yield Line(left=[key_chip("tab", "next"), key_chip("esc", "cancels")])

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Choice.Pressed)
    def _chosen(self, event: Choice.Pressed) -> None:
        number, queues = self.query_one("#launch-number", Input), self.query_one("#launch-queues", Input)
        try:
            wanted = order(number.value, queues.value, burst=event.choice.id == "launch-burst")
        except ValueError as error:
            self.query_one("#launch-wrong", Line).show([chip(str(error), "failed")])
            number.focus()
            return
        self.dismiss(wanted)

    def action_cancel(self) -> None:
        """Nothing is launched."""
        self.dismiss(None)
