"""The switches and fields of an action, one line each."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from console.tui.acting.choices import ON, Field, Given, Switch, choices, options
from console.tui.keys import written
from console.tui.present.cells import chip
from console.tui.widgets.filter_bar import PlainInput
from console.tui.widgets.line import Line
from console.tui.widgets.tick import Tick
from pantry_queue.control.actions import Action
from pantry_queue.control.plan import Options


class OptionFields(Vertical):
    """What can be chosen about how an action is done.

    Args:
        action: of the table.
        given: what is filled in already.
        names: of queues, to suggest.
    """

    DEFAULT_CSS = "OptionFields { height: auto; }"

    class Changed(Message):
        """Something else is chosen; `name` tells which option."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Entered(Message):
        """Enter was pressed in a field."""

    def __init__(self, action: Action, given: Given, names: Sequence[str], *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._action = action
        self._choices = choices(action)
        self._given = given
        self._names = list(names)

    def compose(self) -> ComposeResult:
        for choice in self._choices:
            given = self._given.get(choice.name, "")
            if isinstance(choice, Switch):
                yield Tick(written(f"confirm.{choice.name}"), choice.says, on=bool(given), id=f"option-{choice.name}")
            else:
                yield from self._field(choice, given)

    def _field(self, choice: Field, given: str) -> ComposeResult:
        suggester = SuggestFromList(self._names) if choice.queues and self._names else None
        with Horizontal(classes="dialog-field"):
            yield Line(classes="dialog-label", left=[chip(choice.label, "muted")])
            yield PlainInput(
                given, id=f"option-{choice.name}", compact=True, placeholder=choice.hint, suggester=suggester
            )

    @property
    def first(self) -> Input | None:
        """The field the dialog begins with, if it is empty."""
        wanted = [choice for choice in self._choices if isinstance(choice, Field) and choice.first]
        fields = [self.query_one(f"#option-{choice.name}", Input) for choice in wanted]
        return next((field for field in fields if not field.value), None)

    def options(self) -> Options:
        """What is chosen.

        Raises:
            ValueError: one sentence that says what is wrong.
        """
        given = {field.id.removeprefix("option-"): field.value for field in self.query(Input) if field.id}
        given |= {tick.id.removeprefix("option-"): ON for tick in self.query(Tick) if tick.id and tick.on}
        return options(self._action, given)

    def turn(self, name: str) -> None:
        """Turn a switch, if there is one of this name that listens."""
        for tick in self.query(Tick):
            if tick.id == f"option-{name}" and not tick.disabled:
                tick.action_turn()

    @on(Tick.Turned)
    def _turned(self, event: Tick.Turned) -> None:
        event.stop()
        self.post_message(self.Changed((event.tick.id or "").removeprefix("option-")))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed((event.input.id or "").removeprefix("option-")))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered())
