"""What will be done, shown before it is: the plan that is confirmed here is the plan that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from console.tui.acting.choices import Given
from console.tui.keys import bindings
from console.tui.present.acting import button, plan_lines, title
from console.tui.present.cells import chip, key_chip
from console.tui.present.words import count
from console.tui.screens.call_line import CallLine
from console.tui.widgets.choice import Choice
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.option_fields import OptionFields
from console.tui.widgets.text_view import TextView
from console.tui.widgets.tick import Tick
from pantry_queue.control.plan import Options, Plan, completed
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.acting.actor import Actor

#: Lines of the dialog that are neither the plan nor something to fill in.
_FRAME = 7
#: Lines what is wrong may take, as in the style sheet.
_MOST_SAID = 3
#: So many are tried first when that is asked for.
CANARY = 5


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It shall be done.

    Attributes:
        plan: this, as it was shown last.
        reason: for the audit.
        canary: to a few of them first.
    """

    plan: Plan
    reason: str = ""
    canary: bool = False


class Confirm(ModalScreen[Confirmed | None]):
    """The confirmation, with what can be chosen about how it is done.

    Keys that were typed ahead on a slow line must not confirm anything, so nothing has the focus at first.

    Args:
        plan: what will be done; options it needs may be missing.
        actor: plans again where an option changes what it is done to.
        now: the server's time.
        typed: the number of jobs has to be typed.
        tried: what became of those that were tried first; empty when none were. Then nothing is left to choose.
        given: what is chosen already, see `choices`.
        queues: what waits in each, by name, see `queues_told`; the names are suggested.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog"), *bindings("confirm")]
    AUTO_FOCUS = None
    #: Seconds in which keys are passed over.
    DEAF_SECONDS: ClassVar[float] = 0.25

    def __init__(
        self,
        plan: Plan,
        actor: Actor,
        *,
        now: datetime,
        typed: bool,
        tried: str = "",
        given: Given | None = None,
        queues: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._plan = plan
        self._actor = actor
        self._now = now
        self._tried = tried
        self._typed = typed and bool(plan.action.states)
        self._given = given or {}
        self._queues = queues or {}
        self._planning = False
        self._wrong = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(id="confirm-title", left=[chip(title(self._plan), "strong")])
            yield TextView(id="confirm-plan")
            if not self._tried:
                one = "call" in self._plan.action.options and len(self._plan.selection.ids) == 1
                yield OptionFields(self._plan.action, self._given, list(self._queues), classes="-more" if one else None)
                if one:
                    yield CallLine(self._actor, self._plan.selection.ids[0])
            with Horizontal(classes="dialog-field"):
                yield Line(classes="dialog-label", left=[chip("Reason", "muted")])
                yield Input(
                    self._given.get("reason", ""),
                    id="reason",
                    compact=True,
                    placeholder="kept in the activity log",
                )
            if self._typed:
                with Horizontal(classes="dialog-field"):
                    yield Line(classes="dialog-label", left=[chip("Type", "warning")])
                    yield Input(id="count", compact=True, placeholder=f"{self._plan.total} to go on")
            yield Static(id="confirm-wrong", markup=False)
            with Horizontal(classes="dialog-choices"):
                yield Choice(button(self._plan), id="go")
                yield Line(id="confirm-keys")

    def on_mount(self) -> None:
        self.query_one(TextView).can_focus = False
        self._choose(quiet=True)
        for widget in self._asking():
            widget.disabled = True
        self._tell()
        self.set_timer(self.DEAF_SECONDS, self._listen)

    def _asking(self) -> list[Widget]:
        return [*self.query(Input), *self.query(Tick), *self.query(Choice)]

    def _tell(self, wrong: str = "") -> None:
        """What is wrong, and what the keys do."""
        self._wrong = safe(wrong, 300)
        self.query_one("#confirm-wrong", Static).update(Content(self._wrong))
        self._fill()
        self.query_one("#confirm-keys", Line).show(
            [key_chip("T", f"try {CANARY} first", rank=2, action="screen.canary")] if self._can_try() else [],
            [key_chip("tab", "next field", rank=3), key_chip("esc", "cancel", action="screen.cancel")],
        )

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        text = self.query_one(TextView)
        asking = len(self.query(Input)) + len(self.query(Tick)) + 2 * len(self.query(CallLine))
        width = max(30, text.size.width - 1)
        said = min(_MOST_SAID, max(1, len(wrap(self._wrong, width))))
        room = self.size.height * 96 // 100 - _FRAME - asking - said
        size = (width, room)
        text.styles.max_height = max(3, room)
        text.show(plan_lines(self._plan, self._now, self._tried, size, self._queues))

    def _listen(self) -> None:
        for widget in self._asking():
            widget.disabled = False
        self._begin_with().focus()

    def _begin_with(self) -> Widget:
        first = next((fields.first for fields in self.query(OptionFields)), None)
        return first or self.query_one("#count" if self._typed else "#go")

    # -- how it is done ---------------------------------------------------------------------------------
    def _choose(self, *, quiet: bool = False) -> bool:
        """Take over what is chosen; False when something is missing or wrong."""
        try:
            for fields in self.query(OptionFields):
                options = fields.options()
                for line in self.query(CallLine):
                    options = line.options(options)
                if self._plan.action.options:
                    self._plan = completed(self._plan, options)
        except (ValueError, PantryError) as error:
            if not quiet:
                self._tell(str(error))
                wrong = next(iter(self.query(OptionFields).first().query(Input)), None)
                if wrong is not None and not isinstance(self.focused, Input):
                    wrong.focus()
            return False
        self._fill()
        return True

    @on(CallLine.Changed)
    def _called(self, event: CallLine.Changed) -> None:
        event.stop()
        self._tell(event.wrong)
        if not event.wrong:
            self._choose(quiet=True)

    @on(OptionFields.Changed)
    def _chosen(self, event: OptionFields.Changed) -> None:
        event.stop()
        if self.is_mounted and self._choose(quiet=True):
            self._tell()
            if event.name == "dependents" and self._plan.action.verb == "delete":
                self._planning = True
                self.run_worker(self._plan_again(self._plan.options), group="plan", exclusive=True)

    async def _plan_again(self, options: Options) -> None:
        """Other jobs are to be deleted now: what is shown has to name them."""
        self._tell("looking for them ...")
        try:
            self._plan = await self._actor.plan(self._plan.action, self._plan.selection, options)
        except PantryError as error:
            self._tell(str(error))
            return
        self._planning = False
        self._choose(quiet=True)
        self.query_one("#confirm-title", Heading).show([chip(title(self._plan), "strong")])
        self.query_one("#go", Choice).name_it(button(self._plan))
        self._tell()

    @on(OptionFields.Entered)
    def _option_entered(self, event: OptionFields.Entered) -> None:
        """What needs no more than this field is done by enter in it."""
        event.stop()
        if self._choose():
            if self._plan.action.asks or self._typed:
                self._lead_on()
            else:
                self._go()

    # -- the answer -------------------------------------------------------------------------------------
    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """The number that was asked for confirms; the reason leads on to what does."""
        if event.input.id == "count":
            self._go()
        else:
            self._lead_on()

    def _lead_on(self) -> None:
        self.query_one("#count" if self._typed and not self._counted(quiet=True) else "#go").focus()

    def _counted(self, *, quiet: bool = False) -> bool:
        """Whether the number was typed, where that is asked for."""
        if not self._typed:
            return True
        field = self.query_one("#count", Input)
        right = field.value.strip().replace(",", "") == str(self._plan.total)
        if not right and not quiet:
            self._tell(f"type {count(self._plan.total)} to {button(self._plan)}")
            field.focus()
        return right

    @on(Choice.Pressed, "#go")
    def _go(self) -> None:
        if not self._planning and self._choose() and self._counted():
            self._answer(canary=False)

    def _answer(self, *, canary: bool) -> None:
        self.dismiss(Confirmed(self._plan, self.query_one("#reason", Input).value.strip(), canary=canary))

    def _can_try(self) -> bool:
        return self._plan.action.undo in ("requeue", "copy") and self._plan.total > CANARY and not self._tried

    def action_canary(self) -> None:
        """A few first: what becomes of them says whether the rest should follow."""
        if self._can_try() and not self._planning and not self.query_one("#go").disabled and self._choose():
            self._answer(canary=True)

    def action_arguments(self) -> None:
        """Edit the arguments of the copy, if this makes one."""
        if not self.query_one("#go").disabled:
            for line in self.query(CallLine):
                line.edit()

    def action_switch(self, name: str) -> None:
        """Turn one of the switches, if this action has it."""
        for fields in self.query(OptionFields):
            fields.turn(name)

    def action_cancel(self) -> None:
        """Nothing is done."""
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """Down and up go through the fields, as tab does."""
        if event.key in ("down", "up"):
            event.stop()
            (self.focus_next if event.key == "down" else self.focus_previous)()
