"""What a worker of this machine writes, as it writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, bindings
from console.tui.needs import LogNeed
from console.tui.present.cells import Cell, chip
from console.tui.present.local_workers import state_cell
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Needs
from console.tui.widgets.line import Line
from console.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from console.tui.session import Session


class WorkerLog(ConsoleScreen):
    """The end of its log; it stays at the end unless somebody scrolled away from it.

    Args:
        name: of the worker.
    """

    SCOPES: ClassVar[tuple[Scope, ...]] = ("detail", "app")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("detail")]
    AUTO_FOCUS = "#worker-log"
    DEFAULT_CSS = """
    WorkerLog #worker-log-title { height: 1; margin-bottom: 1; }
    WorkerLog #worker-log { height: 1fr; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._need = LogNeed(name)
        self._answer: Answer | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="worker-log-title")
        yield TextView(id="worker-log")

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("text",)

    def view_address(self) -> Address:
        return Address("workers")

    def readable(self) -> Copyable | None:
        """The lines that were read."""
        return texts.shown("log", self.query_one("#worker-log", TextView).lines)

    def copyable(self) -> list[Copyable]:
        """The lines, and the worker's name."""
        log = texts.shown("log", self.query_one("#worker-log", TextView).lines)
        return [log, texts.copyable("name", self._need.name), *super().copyable()]

    def needs(self) -> Needs:
        return Needs(also=(self._need,))

    def accept(self, answer: Answer) -> None:
        if answer.has(self._need):
            self._answer = answer

    def on_mount(self) -> None:
        super().on_mount()
        self.console_app.ask()

    def show(self, session: Session) -> None:
        title = [chip("Workers", "muted"), chip("›", "faint"), chip(self._need.name, "strong"), chip("log", "muted")]
        if self._answer is None:
            self.query_one("#worker-log-title", Line).show([*title, chip("reading ...", "muted")])
            return
        log = self._answer.of(self._need)
        if log.worker is not None:
            state = state_cell(log.worker)
            title.append(chip(state.text, state.tone))
        self.query_one("#worker-log-title", Line).show(title)
        view = self.query_one("#worker-log", TextView)
        at_end = view.scroll_offset.y >= view.max_scroll_y
        view.show([(Cell(line),) for line in log.lines] or [(Cell("it has written nothing yet", "muted"),)])
        if at_end:
            self.call_after_refresh(view.action_scroll_edge, 1)

    async def action_back(self) -> None:
        """To the list of workers."""
        await self.app.pop_screen()
