"""Text from Redis is hostile: it is shown, and neither obeyed nor able to break anything, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from rich.segment import Segment
from rq import Queue, SimpleWorker
from textual import events
from textual.color import Color

from console.tui.app import ConsoleApp
from console.tui.finding import SearchNeed
from console.tui.grouping import FailuresNeed
from console.tui.guard import TerminalGuard
from console.tui.job_needs import JobLogNeed, RawNeed, RunningNeed, TreeNeed
from console.tui.needs import WindowNeed
from pantry_queue.errors import RedisUnavailable
from pantry_queue.monitor.model import JobDetail, JobRow, JobWindow
from pantry_queue.text import SafeText, safe
from tests.tui import tasks
from tests.tui.answers import ANSWERS
from tests.tui.fixed import job_detail, snapshot
from tests.tui.support import FixedSource, console, lines, press, screen, settle

HOSTILE = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]52;c;UFdORUQ=\x07",
    "\x9b31m\x9d0;t\x9c",
    "[red]x[/red]",
    "[/nope]",
    "[@click=app.quit]press me[/]",
    "[link=file:///etc/passwd]x[/link]",
    "a\rb\nc\td\0e\x7f",
    "\u202egnp.exe\u200b\u2066",
    "\ud800",
    "👩‍👩‍👧‍👦 日本語 e\u0301\u0301\u0301\u0301",
    "x" * 5000,
    "%s {0} ${HOME} $(id) `id`",
    "",
    " ",
)
#: The same in few strings, one for each way in which text can do harm: together they would hide each other's effect.
SINGLY = ("".join(HOSTILE[:4]) + "".join(HOSTILE[8:11]), "[/nope]", "[@click=app.quit]press me[/]", *HOSTILE[11:13], "")
NAMES = ("controls", "broken-markup", "action", "wide", "long", "empty")
_CONTROL = frozenset(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x200B, 0x2066]))
_LAST, _NEXT = "left_square_bracket", "right_square_bracket"
_TOUR = ("j", "2", "j", "3", "f", "enter", *[_LAST] * 5, "y", "escape", "escape", "4", "ctrl+k")


def poisoned(value: Any, evil: SafeText) -> Any:
    """A copy of a value with every text in it replaced."""
    if isinstance(value, SafeText):
        return evil
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(poisoned(item, evil) for item in value))
    if isinstance(value, dict):
        return dict.fromkeys([evil], poisoned(next(iter(value.values())), evil)) if value else value
    if isinstance(value, tuple):
        return tuple(poisoned(item, evil) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"verdict", "format", "raw_name", "raw_id"}
        changed = {
            field.name: poisoned(getattr(value, field.name), evil) for field in fields(value) if field.name not in kept
        }
        if isinstance(value, JobRow):
            changed |= {"id": value.id, "state": value.state}
        return replace(value, **changed)
    return value


class HostileSource(FixedSource):
    """Every text that can be shown is the same hostile one."""

    def __init__(self, evil: SafeText) -> None:
        super().__init__(poisoned(snapshot(), evil))
        for need in (FailuresNeed, JobLogNeed, TreeNeed, RawNeed, RunningNeed, SearchNeed):
            self.others[need] = poisoned(self.others[need], evil)
        self.detail = lambda row: self._detail(row, evil)
        self._evil = evil

    def _window(self, need: WindowNeed) -> JobWindow:
        window: JobWindow = poisoned(super()._window(need), self._evil)
        return window

    @staticmethod
    def _detail(row: JobRow, evil: SafeText) -> JobDetail:
        detail: JobDetail = poisoned(job_detail(row), evil)
        return detail


@pytest.mark.parametrize(
    ("evil", "size"),
    [*((evil, (120, 40)) for evil in SINGLY), (SINGLY[0], (80, 24))],
    ids=[*NAMES, "controls-small"],
)
async def test_hostile_text_in_every_place_of_every_screen(evil: str, size: tuple[int, int]) -> None:
    app = console(HostileSource(safe(evil)), notice=evil)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in _TOUR:
            await press(pilot, key)
            assert not _CONTROL & set("".join(lines(app)))
        await pilot.press(*"queue")
        await settle(pilot)
        assert not _CONTROL & set("".join(lines(app)))
        assert app.return_code is None, "an action was fired"


@pytest.mark.parametrize("evil", SINGLY[:2], ids=NAMES[:2])
async def test_hostile_text_in_schedule_activity_and_diagnosis(evil: str) -> None:
    source = HostileSource(safe(evil))
    source.others |= {need: poisoned(answer, safe(evil)) for need, answer in ANSWERS.items()}
    app = console(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for key in ("5", _NEXT, _NEXT, "6", _NEXT, "n", _NEXT, "7", _NEXT, "8", "W", "G"):
            await press(pilot, key)
            assert not _CONTROL & set("".join(lines(app)))
            assert safe(evil)[:12] in screen(app)
        assert app.return_code is None, "an action was fired"


@pytest.mark.parametrize("evil", SINGLY[:-1], ids=NAMES[:-1])
async def test_hostile_names_written_by_rq_itself(
    evil: str, live_console: Callable[..., ConsoleApp], redis_client: Any
) -> None:
    name = evil.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace(",", "")
    queue = Queue(name, connection=redis_client)
    queue.enqueue(tasks.fail, evil.encode("utf-8", "replace").decode(), description=name, meta={name: name})
    SimpleWorker([queue], connection=redis_client, name="w").work(burst=True)
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert safe(name)[:6] in screen(app) or not safe(name).isascii()
        # The queue can be opened, whatever it is called, and its job too.
        await press(pilot, "enter")
        assert "failed 1" in lines(app)[2]
        await press(pilot, "enter")
        assert "mail server refused" in screen(app)
        assert not _CONTROL & set("".join(lines(app)))
        # What it would be done to, what a filter and the line of addresses offer, what is typed or pasted into them.
        for keys, shown in (
            (("R",), "Requeue"),
            (("escape", "escape", "slash", *"func:", "tab"), "Filter:"),
            ((), "Filter:"),
            (("escape", "colon", *"jobs ", "tab", "tab"), "jobs"),
            ((), "jobs"),
        ):
            if not keys:
                app.screen.focused.post_message(events.Paste(evil))  # type: ignore[union-attr]
                await settle(pilot)
            await press(pilot, *keys)
            assert shown in screen(app)
            assert not _CONTROL & set("".join(lines(app)))
        assert app.return_code is None, "an action was fired"


async def test_a_click_on_hostile_text_does_nothing() -> None:
    app = console(HostileSource(safe("[@click=app.quit]press[/]")))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for y, x in zip(range(2, 38, 3), (3, 20, 70) * 4, strict=True):
            await pilot.click(offset=(x, y))
        await settle(pilot)
        assert app.is_running
        assert app.return_code is None


async def test_an_error_of_redis_with_markup_in_it_is_only_shown() -> None:
    source = FixedSource()
    source.trouble = RedisUnavailable("Redis answered [/nope] [@click=app.quit]x[/]", "error")
    app = console(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "[/nope] [@click=app.quit]x[/]" in screen(app)


def guarded(text: str, *, ascii_only: bool = False) -> str:
    segments = TerminalGuard(ascii_only).apply([Segment(text)], Color(0, 0, 0))
    return "".join(segment.text for segment in segments)


@pytest.mark.parametrize("evil", HOSTILE, ids=range(len(HOSTILE)))
def test_the_guard_lets_no_control_character_through(evil: str) -> None:
    assert not _CONTROL & set(guarded(evil))
    assert guarded(evil, ascii_only=True).isascii()


def test_the_guard_leaves_what_is_harmless_as_it_is() -> None:
    for harmless in ("plain", "─ ✓ ✗ ◷", "⣿⣿", "日本語"):
        assert guarded(harmless) == harmless


def test_ascii_mode_keeps_every_cell_in_its_column() -> None:
    from rich.cells import cell_len

    for text in ("─❯ ✓ finished", "◦▸✗◷⊘ ⣿⣤⡀", "日本 x", "▁▂▃▄▅▆▇█", "…·↑↓"):
        plain = guarded(text, ascii_only=True)
        assert plain.isascii()
        assert len(plain) == cell_len(text)
    assert guarded("✗ failed", ascii_only=True) == "x failed"
