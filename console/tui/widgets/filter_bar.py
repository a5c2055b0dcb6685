"""The line a filter is typed into: what is wrong stands under its place, what may follow stands behind the text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from console.tui.keys import bindings
from console.tui.present.cells import chip
from console.tui.widgets.line import Line
from pantry_queue.monitor.query import QueryError, parse
from pantry_queue.monitor.suggest import suggest
from pantry_queue.text import safe

_LABEL = "Filter:"
#: Cells before the first character of the filter.
_BEFORE = len(_LABEL) + 2
_MOST_CHARACTERS = 2000

Seen = Callable[[], Mapping[str, Collection[str]]]


class PlainInput(Input):
    """An input of one line that takes nothing but printable text, whatever is pasted."""

    def validate_value(self, value: str) -> str:
        return "".join(char if char.isprintable() else " " for char in value[:_MOST_CHARACTERS])


class _Likely(Suggester):
    """The first suggestion that goes on with the text."""

    def __init__(self, ways: Callable[[str], list[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._ways = ways

    async def get_suggestion(self, value: str) -> str | None:
        if not value.strip() or value.endswith(" "):
            return None
        return next((way for way in self._ways(value) if way.startswith(value) and way != value), None)


class CompletingLine(Horizontal):
    """A label and an input; Tab completes, and again takes the next way.

    Args:
        label: what is typed here.
        ways: text -> whole texts it may become, the likeliest first.
    """

    DEFAULT_CSS = """
    CompletingLine { height: 1; }
    CompletingLine Line { width: auto; min-width: 9; max-width: 9; }
    CompletingLine Input { width: 1fr; background: $background; }
    """

    def __init__(self, label: str, ways: Callable[[str], list[str]], *, hint: str, input_id: str) -> None:
        super().__init__()
        self._label = label
        self._ways = ways
        self._hint = hint
        self._input_id = input_id
        self._offered: list[str] = []

    def compose(self) -> ComposeResult:
        yield Line(left=[chip(self._label, "key")])
        yield PlainInput(
            id=self._input_id,
            compact=True,
            placeholder=self._hint,
            suggester=_Likely(self._ways),
            select_on_focus=False,
        )

    @property
    def input(self) -> Input:
        """Where the text is."""
        return self.query_one(PlainInput)

    def put(self, text: str) -> None:
        """Another text, with the cursor behind it."""
        self.input.value = text
        self.input.cursor_position = len(self.input.value)

    def complete(self) -> None:
        """The likeliest way to go on; pressed again, the next."""
        value = self.input.value
        if value in self._offered:
            place = self._offered.index(value) + 1
        else:
            self._offered, place = self._ways(value), 0
        if self._offered:
            self.put(self._offered[place % len(self._offered)])


class FilterBar(Vertical):
    """The filter of a list.

    Args:
        seen: values met so far by field, see `monitor.suggest`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("filter")]
    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar.-open { display: block; }
    FilterBar #filter-wrong { display: none; }
    FilterBar.-wrong #filter-wrong { display: block; }
    """

    class Applied(Message):
        """This filter is wanted; empty for none."""

        def __init__(self, where: str) -> None:
            super().__init__()
            self.where = where

    class Closed(Message):
        """Nothing is to change."""

    def __init__(self, seen: Seen, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._seen = seen

    def compose(self) -> ComposeResult:
        hint = "func:send_mail error:timeout age>2h"
        yield CompletingLine(_LABEL, self._ways, hint=hint, input_id="filter-text")
        yield Line(id="filter-wrong")

    def _ways(self, text: str) -> list[str]:
        return [suggestion.text for suggestion in suggest(text, self._seen())]

    def open(self, where: str) -> None:
        """Let a filter be typed, from this one on."""
        self.add_class("-open")
        line = self.query_one(CompletingLine)
        line.put(where)
        # At once: what `Widget.focus` does a moment later would be too late for what is typed ahead.
        self.screen.set_focus(line.input)

    def close(self) -> None:
        """Go out of sight."""
        self.remove_class("-open", "-wrong")

    @on(Input.Changed, "#filter-text")
    def _check(self, event: Input.Changed) -> None:
        event.stop()
        self._tell(_wrong(event.value))

    @on(Input.Submitted, "#filter-text")
    def _apply(self, event: Input.Submitted) -> None:
        event.stop()
        if _wrong(event.value) is None:
            self.post_message(self.Applied(event.value.strip()))

    def _tell(self, wrong: QueryError | None) -> None:
        self.set_class(wrong is not None, "-wrong")
        if wrong is not None:
            self.query_one("#filter-wrong", Line).show([chip(_pointing(wrong, self.size.width - 2), "failed")])

    async def action_apply(self) -> None:
        """Look for it, if it can be understood."""
        await self.query_one(CompletingLine).input.action_submit()

    def action_complete(self) -> None:
        """Go on with the likeliest."""
        self.query_one(CompletingLine).complete()

    def action_cancel(self) -> None:
        """Leave the filter as it was."""
        self.post_message(self.Closed())


def _wrong(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as error:
        return error
    return None


def _pointing(wrong: QueryError, width: int) -> str:
    """The sentence with an arrow under the place where it is wrong, as much of it as there is room for."""
    sentence = safe(str(wrong).partition(": ")[2], 200)
    at = wrong.position + _BEFORE - 1
    for said in (sentence, sentence.partition(";")[0]):
        if at + 2 + len(said) <= width:
            return f"{' ' * at}↑ {said}"
    return f"character {wrong.position + 1}: {sentence}"
