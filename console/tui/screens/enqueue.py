"""A new job: what it calls, where, when and how, checked as it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from console.tui.acting.new_job import BLANKS, Typed, command, read
from console.tui.keys import bindings, written
from console.tui.present.cells import Cell, chip, key_chip
from console.tui.widgets.choice import Choice
from console.tui.widgets.filter_bar import PlainInput
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.text_view import TextView
from console.tui.widgets.tick import Tick
from pantry_queue.errors import PantryError
from pantry_queue.text import mask_secrets, safe

if TYPE_CHECKING:
    from pantry_queue.control.new_job import Request

_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job to be enqueued, with why."""

    request: Request
    command: str
    reason: str


class Enqueue(ModalScreen[Wanted | None]):
    """The dialog; what it answers with can be enqueued.

    Args:
        typed: what is filled in already.
        functions: that were seen, to suggest.
        queues: by name, to suggest.
        files: arguments may be read from files of this machine.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog"), *bindings("enqueue")]
    AUTO_FOCUS = "#new-func"
    DEFAULT_CSS = """
    Enqueue { align: center middle; background: $background 60%; }
    Enqueue #new-facts { height: auto; max-height: 6; margin: 1 0 0 0; padding: 0 1; }
    """

    def __init__(self, typed: Typed, functions: Sequence[str], queues: Sequence[str], *, files: bool) -> None:
        super().__init__()
        self._given = typed
        self._names = {"func": list(functions), "queue": list(queues)}
        self._files = files

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(left=[chip("Enqueue a new job", "strong")])
            for blank in BLANKS:
                if blank.name == "due":
                    front = bool(self._given.get("at_front"))
                    yield Tick(
                        written("enqueue.front"), "next in the queue, before all that wait", on=front, id="new-front"
                    )
                names = self._names.get(blank.name)
                with Horizontal(classes="dialog-field"):
                    yield Line(classes="dialog-label", left=[chip(blank.label, "muted")])
                    yield PlainInput(
                        self._given.get(blank.name, ""),
                        id=f"new-{blank.name}",
                        compact=True,
                        placeholder=blank.hint,
                        suggester=SuggestFromList(names, case_sensitive=True) if names else None,
                        select_on_focus=False,
                    )
            yield TextView(id="new-facts")
            yield Static(id="confirm-wrong", markup=False)
            with Horizontal(classes="dialog-choices"):
                yield Choice("enqueue it", id="new-go")
                yield Line(id="confirm-keys")

    def on_mount(self) -> None:
        self.query_one(TextView).can_focus = False
        keys = [key_chip("→", "complete", rank=2), key_chip("tab", "next", rank=3)]
        self.query_one("#confirm-keys", Line).show([], [*keys, key_chip("esc", "cancel", action="screen.cancel")])
        self._tell()

    def _typed(self) -> dict[str, str]:
        typed = {blank.name: self.query_one(f"#new-{blank.name}", Input).value for blank in BLANKS}
        return typed | ({"at_front": "on"} if self.query_one("#new-front", Tick).on else {})

    def _tell(self, wrong: str = "") -> None:
        """What it will be, as far as it is known, and what was wrong with it."""
        typed = self._typed()
        lines = [(Cell("Same as    ", "muted"), Cell(command(typed), "faint"))]
        known = [name for name in self._names["func"] if typed["func"].strip() in name]
        if known and typed["func"].strip() not in self._names["func"]:
            more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
            lines.insert(0, (Cell("Seen       ", "muted"), Cell(safe(", ".join(known[:_MOST_NAMED]) + more))))
        self.query_one(TextView).show(lines)
        self.query_one("#confirm-wrong", Static).update(Content(safe(mask_secrets(wrong), 300)))

    @on(Input.Changed)
    @on(Tick.Turned)
    def _changed(self) -> None:
        if self.is_mounted:
            self._tell()

    @on(Input.Submitted)
    def _entered(self) -> None:
        """From the last field on to the button; from others to the next one."""
        self.focus_next()

    @on(Choice.Pressed, "#new-go")
    def _go(self) -> None:
        typed = self._typed()
        try:
            request = read(typed, files=self._files)
        except PantryError as error:
            self._tell(str(error))
            return
        self.dismiss(Wanted(request, command(typed), typed["reason"].strip()))

    def action_front(self) -> None:
        """Next in the queue, or last."""
        self.query_one(Tick).action_turn()

    def action_cancel(self) -> None:
        """Nothing is enqueued."""
        self.dismiss(None)
