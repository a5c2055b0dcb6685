"""Whether the copy of a job is called with other arguments; its key, or a click, lets them be edited."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message import Message

from console.tui.keys import written
from console.tui.present.cells import Cell, Chip
from console.tui.screens.edit import EditArguments
from console.tui.widgets.line import Line
from pantry_queue.control import call_text
from pantry_queue.control.copying import Call, stored
from pantry_queue.control.plan import Options
from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from console.tui.acting.actor import Actor


class CallLine(Line):
    """The line.

    Args:
        actor: reads what the job calls.
        job_id: by its id in Redis.
    """

    class Changed(Message):
        """Other arguments were given, or `wrong` tells why they cannot be."""

        def __init__(self, wrong: str = "") -> None:
            super().__init__()
            self.wrong = wrong

    def __init__(self, actor: Actor, job_id: str) -> None:
        super().__init__(id="confirm-call")
        self._actor = actor
        self._job_id = job_id
        self._original: Call | None = None
        self._call: Call | None = None
        self._stored: tuple[bytes, str] | None = None

    def on_mount(self) -> None:
        self._fill()

    def _fill(self) -> None:
        said, tone = ("other arguments", "strong") if self._stored else ("the same arguments", "muted")
        box = "[x]" if self._stored else "[ ]"
        cells = (Cell(written("confirm.call"), "key"), Cell(f" {box} ", tone), Cell(f"{said}: edit them", tone))
        self.show([Chip(cells, action="screen.arguments")])

    def options(self, options: Options) -> Options:
        """The options with the arguments that were given."""
        if self._stored is None or self._call is None:
            return options
        return replace(options, call=self._stored, call_words=call_text.words(self._call))

    def edit(self) -> None:
        """Let them be edited, if JSON can hold them."""
        self.run_worker(self._ask(), exclusive=True, group="call")

    async def _ask(self) -> None:
        try:
            self._original = self._original or await self._actor.call(self._job_id)
        except PantryError as error:
            self.post_message(self.Changed(str(error)))
            return
        self.app.push_screen(EditArguments(self._original, self._call or self._original), self._edited)

    def _edited(self, call: Call | None) -> None:
        if call is None or self._original is None:
            return
        try:
            self._call, self._stored = call, None if call == self._original else stored(call)
        except PantryError as error:
            self.post_message(self.Changed(str(error)))
            return
        self._fill()
        self.post_message(self.Changed())
