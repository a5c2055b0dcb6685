"""Every screen at three sizes as text, beside what it looked like when somebody last looked at it.

`PANTRY_GOLDENS=write python -m pytest tests/tui/test_goldens.py` writes them anew (`make goldens`).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.tui.app import ConsoleApp
from console.tui.examining import DoctorNeed
from pantry_queue.errors import RedisUnavailable
from tests.tui.answers import ill, source, well
from tests.tui.support import SIZES, FixedSource, console, press, screen, settle

GOLDENS = Path(__file__).parent / "golden"
#: Name of the picture -> keys that lead to it.
SCREENS = {
    "overview": (),
    "jobs-queued": ("2",),
    "jobs-failed": ("3", "f", "j", "j"),
    "jobs-scheduled": (
        "2",
        "right_square_bracket",
        "right_square_bracket",
        "right_square_bracket",
        "right_square_bracket",
    ),
    "job": ("3", "f", "enter"),
    "job-arguments": ("3", "f", "enter", "right_square_bracket"),
    "job-tree": ("3", "f", "enter", "left_square_bracket", "left_square_bracket"),
    "job-raw": ("3", "f", "enter", "left_square_bracket"),
    "copy": ("3", "f", "enter", "y"),
    "workers": ("4", "G"),
    "failures": ("3",),
    "past": ("c",),
    "help": ("question_mark",),
    "help-job": ("3", "f", "enter", "question_mark"),
}
#: Pictures taken one after the other in one console, since most of the time goes to starting one.
TOUR = {
    "schedule": ("5",),
    "activity": ("6", "j"),
    "activity-events": ("right_square_bracket", "j"),
    "doctor": ("7", "j"),
    "doctor-checks": ("right_square_bracket", "j", "j"),
    "doctor-well": ("left_square_bracket", "r"),
    "functions": ("8",),
    "why": ("2", "j", "W"),
}


@pytest.fixture(autouse=True)
def no_multiplexer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the copy menu says of tmux is not part of the picture."""
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)


def compare(name: str, size: tuple[int, int], shown: str) -> None:
    path = GOLDENS / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("PANTRY_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown + "\n", "utf-8")
    assert path.exists(), f"{path.name} is missing: look at the screen, then write it with make goldens"
    assert shown + "\n" == path.read_text("utf-8"), f"{path.name} is another picture"


async def compare_all(pilot: Pilot[None], name: str) -> None:
    """The screen at every size, each reached from the one before as when a terminal's window is drawn larger.

    Raises:
        AssertionError: pictures differ from the golden ones; tells of all sizes at once.
    """
    differ = []
    for size in SIZES:
        await pilot.resize_terminal(*size)
        await settle(pilot)
        try:
            compare(name, size, screen(pilot.app))
        except AssertionError as difference:
            differ.append(str(difference))
    assert not differ, "\n".join(differ)


@pytest.mark.parametrize("name", SCREENS)
async def test_screen(name: str) -> None:
    app = console(source())
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await press(pilot, *SCREENS[name])
        await compare_all(pilot, name)


async def test_schedule_activity_and_diagnosis() -> None:
    answers, differ = source(), []
    app = console(answers)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        for name, keys in TOUR.items():
            answers.others[DoctorNeed] = well() if name == "doctor-well" else ill()
            await pilot.resize_terminal(*SIZES[0])
            await press(pilot, *keys)
            try:
                await compare_all(pilot, name)
            except AssertionError as difference:
                differ.append(str(difference))
    assert not differ, "\n".join(differ)


async def test_stale() -> None:
    source = FixedSource()
    app = console(source, notice="demo: 12 receipts; q ends everything")
    app.session.clock = lambda: 100.0
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        source.trouble = RedisUnavailable(
            "No Redis answers at redis://cache-1:6379/2: start it, or name the right one with --url or REDIS_HOST and "
            "REDIS_PORT.",
            "refused",
        )
        app.session.clock = lambda: 107.0
        await press(pilot, "r")
        await compare_all(pilot, "stale")


async def test_no_answer_yet() -> None:
    source = FixedSource()
    source.trouble = RedisUnavailable("Redis at redis://cache-1:6379/2 refused the password.", "auth")
    app: ConsoleApp = console(source, with_past=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        compare("no-answer", (80, 24), screen(app))


async def test_too_small() -> None:
    app = console()
    async with app.run_test(size=(52, 14)) as pilot:
        await settle(pilot)
        compare("too-small", (52, 14), screen(app))
