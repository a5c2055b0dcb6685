"""How far an action is; it can be stopped, or left to go on in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.tui.keys import bindings
from console.tui.present.acting import progress_lines
from console.tui.present.cells import chip
from console.tui.widgets.line import Heading, Line

if TYPE_CHECKING:
    from console.tui.acting.running import Running


class ProgressScreen(ModalScreen[None]):
    """Lies over the screen until what runs has ended.

    Args:
        running: what it shows.
        hide: called when it shall go on in the background.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("progress")]

    def __init__(self, running: Running, hide: Callable[[], None]) -> None:
        super().__init__()
        self._shown = running
        self._hide = hide

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(id="progress-title", left=[chip(self._shown.title, "strong")])
            yield Line(id="progress-bar")
            yield Line(id="progress-counts")
            yield Line(id="progress-keys")

    def on_mount(self) -> None:
        self.show()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def show(self) -> None:
        """Show how far it is now."""
        if not self.is_mounted:
            return
        bar, counts, keys = progress_lines(self._shown, self.query_one("#progress-bar").size.width)
        self.query_one("#progress-bar", Line).show(*bar)
        self.query_one("#progress-counts", Line).show(*counts)
        self.query_one("#progress-keys", Line).show(*keys)

    def action_stop(self) -> None:
        """No further chunk is begun."""
        self._shown.stop.set()
        self.show()

    def action_background(self) -> None:
        """Give the screen back; what runs goes on."""
        self._hide()
        self.dismiss()
