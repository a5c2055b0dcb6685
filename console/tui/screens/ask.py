"""One question before an action: where to, when, or for how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from console.tui.keys import bindings
from console.tui.present.cells import chip, key_chip
from console.tui.widgets.line import Heading, Line
from pantry_queue.control.actions import Action
from pantry_queue.control.plan import Options


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        label: what is wanted.
        hint: how it is written.
        read: text -> options; raises ValueError with a sentence that says what is wrong.
        queues: names of queues are suggested.
    """

    label: str
    hint: str
    read: Callable[[str], Options]
    queues: bool = False


def _seconds(text: str) -> int:
    import typer

    from console.cli import durations

    try:
        return durations.seconds(text, "")
    except typer.BadParameter as error:
        raise ValueError(error.message) from None


def _lasting(text: str) -> Options:
    return Options(seconds=_seconds(text) if text else None)


def _queue(text: str) -> Options:
    if not text or not text.isprintable() or "," in text:
        raise ValueError("the name of a queue should be printable, without commas")
    return Options(to=text)


def _due(text: str) -> Options:
    import typer

    from console.cli import durations

    try:
        due = durations.moment(None, text) if text[:5].count("-") == 0 else durations.moment(text, None)
    except (typer.BadParameter, OverflowError) as error:
        said = error.message if isinstance(error, typer.BadParameter) else "that is too far away"
        raise ValueError(said) from None
    if due is None:
        raise ValueError("say when they shall run")
    return Options(due=due)


_LASTING = Question("for how long", "10m, 2h, 1d; empty until it is resumed", _lasting)
#: What is asked before an action is planned.
QUESTIONS: dict[str, Question] = {
    "jobs.move": Question("to which queue", "the name of a queue; each goes to its end", _queue, queues=True),
    "jobs.reschedule": Question("to run when", "in 10m or 2h30m, or at 2026-12-01T08:00 (UTC)", _due),
    "queues.pause": _LASTING,
    "all.suspend": _LASTING,
    "alerts.acknowledge": Question("for how long", "30m, 2h, 1d; empty is 1h", _lasting),
}


class Ask(ModalScreen[Options | None]):
    """The question, whose answer is checked before it closes.

    Args:
        question: see `QUESTIONS`.
        action: what it is asked for.
        words: what is chosen.
        names: of queues, to suggest.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    AUTO_FOCUS = "#answer"

    def __init__(self, question: Question, action: Action, words: str, names: Sequence[str] = ()) -> None:
        super().__init__()
        self._question = question
        self._action = action
        self._words = words
        self._names = tuple(names) if question.queues else ()

    def compose(self) -> ComposeResult:
        verb = self._action.verb.replace("-", " ").capitalize()
        with Vertical(classes="dialog"):
            yield Heading(id="ask-title", left=[chip(f"{verb} {self._words}", "strong")])
            yield Static(Content(self._action.what), classes="dialog-text")
            yield Line(left=[chip(self._question.label, "strong"), chip(self._question.hint, "muted", rank=1)])
            yield Input(id="answer", compact=True, suggester=SuggestFromList(self._names) if self._names else None)
            yield Line(id="ask-wrong")
            yield Line(left=[key_chip("enter", "goes on"), key_chip("esc", "cancels")])

    @on(Input.Submitted, "#answer")
    def _answered(self, event: Input.Submitted) -> None:
        try:
            options = self._question.read(event.value.strip())
        except ValueError as error:
            self.query_one("#ask-wrong", Line).show([chip(str(error), "failed")])
            return
        self.dismiss(options)

    def action_cancel(self) -> None:
        """Nothing is done."""
        self.dismiss(None)
