"""What will be done, shown before it is: the plan that is confirmed here is the plan that runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from console.tui.keys import bindings
from console.tui.present.acting import button, plan_lines, title
from console.tui.present.cells import chip, key_chip
from console.tui.present.words import count
from console.tui.widgets.choice import Choice
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.text_view import TextView
from pantry_queue.control.plan import Plan

#: So many are tried first when that is asked for.
CANARY = 5


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It shall be done.

    Attributes:
        reason: for the audit.
        canary: to a few of them first.
    """

    reason: str = ""
    canary: bool = False


class Confirm(ModalScreen[Confirmed | None]):
    """The confirmation.

    Keys that were typed ahead on a slow line must not confirm anything, so nothing has the focus at first.

    Args:
        plan: what will be done.
        now: the server's time.
        typed: the number of jobs has to be typed.
        tried: what became of those that were tried first; empty when none were.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog"), *bindings("confirm")]
    AUTO_FOCUS = None
    #: Seconds in which keys are passed over.
    DEAF_SECONDS: ClassVar[float] = 0.25

    def __init__(self, plan: Plan, *, now: datetime, typed: bool, tried: str = "") -> None:
        super().__init__()
        self._plan = plan
        self._now = now
        self._tried = tried
        self._typed = typed and bool(plan.action.states)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(id="confirm-title", left=[chip(title(self._plan), "strong")])
            yield TextView(id="confirm-plan")
            with Horizontal(classes="dialog-field"):
                yield Line(classes="dialog-label", left=[chip("Reason", "muted")])
                yield Input(id="reason", compact=True, disabled=True, placeholder="kept in the activity log")
            if self._typed:
                with Horizontal(classes="dialog-field"):
                    yield Line(classes="dialog-label", left=[chip(f"Type {self._plan.total}", "warning")])
                    yield Input(id="count", compact=True, disabled=True, placeholder="to go on")
            with Horizontal(classes="dialog-choices"):
                yield Choice(button(self._plan), id="go", disabled=True)
                yield Line(id="confirm-keys")

    def on_mount(self) -> None:
        self.query_one(TextView).can_focus = False
        self.query_one("#confirm-keys", Line).show(
            [key_chip("T", f"try {CANARY} first", rank=2, action="screen.canary")] if self._can_try() else [],
            [key_chip("tab", "next field", rank=3), key_chip("esc", "cancel", action="screen.cancel")],
        )
        self.set_timer(self.DEAF_SECONDS, self._listen)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        text = self.query_one(TextView)
        text.show(plan_lines(self._plan, self._now, self._tried, max(30, text.size.width - 1)))

    def _listen(self) -> None:
        for widget in (*self.query(Input), *self.query(Choice)):
            widget.disabled = False
        self.query_one("#count" if self._typed else "#go").focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """The number that was asked for confirms; the reason leads on to what does."""
        if event.input.id == "count":
            self._go()
        else:
            self.query_one("#count" if self._typed and not self._counted(quiet=True) else "#go").focus()

    def _counted(self, *, quiet: bool = False) -> bool:
        """Whether the number was typed, where that is asked for."""
        if not self._typed:
            return True
        field = self.query_one("#count", Input)
        right = field.value.strip().replace(",", "") == str(self._plan.total)
        if not right and not quiet:
            said = f"type {count(self._plan.total)} to {button(self._plan)}"
            self.query_one("#confirm-keys", Line).show([chip(said, "failed")], [key_chip("esc", "cancel")])
            field.focus()
        return right

    @on(Choice.Pressed, "#go")
    def _go(self) -> None:
        if self._counted():
            self.dismiss(Confirmed(self.query_one("#reason", Input).value.strip()))

    def _can_try(self) -> bool:
        return self._plan.action.undo in ("requeue", "copy") and self._plan.total > CANARY and not self._tried

    def action_canary(self) -> None:
        """A few first: what becomes of them says whether the rest should follow."""
        if self._can_try() and not self.query_one("#go").disabled:
            self.dismiss(Confirmed(self.query_one("#reason", Input).value.strip(), canary=True))

    def action_cancel(self) -> None:
        """Nothing is done."""
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """Down and up go through the fields, as tab does."""
        if event.key in ("down", "up"):
            event.stop()
            (self.focus_next if event.key == "down" else self.focus_previous)()
