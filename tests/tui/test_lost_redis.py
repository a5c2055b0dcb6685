"""A dead Redis is a normal state: the picture stays, says how old it is and why, and goes on by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue

from console.tui.app import ConsoleApp
from console.tui.refresher import BACK_OFF, Refresher
from console.tui.screens.jobs import Jobs
from console.tui.source import Answer, Needs
from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.errors import PantryError, RedisUnavailable
from tests.tui import tasks
from tests.tui.support import DARK, FixedSource, console, lines, press, screen, settle


async def test_the_picture_stays_and_comes_back_to_life(tmp_path: Path) -> None:
    server = embedded.start(tmp_path / "valkey")
    settings = replace(Settings(), redis_url=server.url)
    Queue("emails", connection=connect(settings)).enqueue(tasks.add, 1, b=1)
    app = ConsoleApp(settings, look=DARK, auto_refresh=False)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            assert "✓ live" in lines(app)[0]
            server.stop()
            await press(pilot, "r")
            assert "STALE" in lines(app)[0]
            assert "Redis" in lines(app)[1]
            assert "emails" in screen(app)
            # Every screen can still be visited.
            await press(pilot, "2", "4", "1")
            assert "STALE" in lines(app)[0]
            server = embedded.start(tmp_path / "valkey")
            await press(pilot, "r")
            assert "✓ live" in lines(app)[0]
            assert "emails" in screen(app)
    finally:
        server.stop()


async def test_a_redis_that_was_never_there_is_waited_for(tmp_path: Path) -> None:
    settings = replace(Settings(), redis_url=f"unix://{tmp_path}/nobody.sock")
    app = ConsoleApp(settings, look=DARK, auto_refresh=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "NO ANSWER" in lines(app)[0]
        assert "No Redis answers at unix://" in screen(app)
        await press(pilot, "2", "enter", "j", "question_mark", "escape", "4", "enter", "1")
        assert "waiting for Redis" in screen(app)


async def test_a_url_that_cannot_be_used_ends_the_console_with_a_sentence() -> None:
    app = ConsoleApp(replace(Settings(), redis_url="http://nowhere"), look=DARK, auto_refresh=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.app.workers.wait_for_complete()
    assert app.return_code == 2


async def test_an_answer_nobody_has_thought_of_costs_one_reading_and_not_the_console() -> None:
    class Broken(FixedSource):
        def read(self, needs: Needs) -> Answer:
            raise KeyError("\x1b[31mwhat\n")

    app = console(Broken())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "could not be read (KeyError" in screen(app)
        assert "\x1b" not in screen(app)


async def test_a_picture_nobody_has_thought_of_costs_one_view_and_not_the_console(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: Jobs, answer: Answer) -> None:
        raise ZeroDivisionError("\x1b[31mwhat\n")

    monkeypatch.setattr(Jobs, "accept", broken)
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "could not be shown here (ZeroDivisionError" in screen(app)
        assert "\x1b" not in screen(app)
        await press(pilot, "4", "1")
        assert "✓ live" in lines(app)[0]


class Log:
    """Listens to a refresher and notes what it is told."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.waits: list[float] = []

    def needs(self) -> Needs:
        return Needs()

    def answered(self, answer: Answer) -> None:
        self.answers.append(answer)

    def failed(self, error: PantryError, next_try_in: float) -> None:
        self.waits.append(next_try_in)

    def ticked(self, next_try_in: float) -> None: ...

    def resting(self) -> tuple[float, bool]:
        return 1.0, False


async def test_attempts_become_rarer_and_an_answer_starts_over() -> None:
    source, log = FixedSource(), Log()
    refresher = Refresher(source, log)
    source.trouble = RedisUnavailable("away", "refused")
    for _ in range(7):
        await refresher.once()
    assert log.waits == [*BACK_OFF, BACK_OFF[-1], BACK_OFF[-1]]
    source.trouble = None
    await refresher.once()
    assert len(log.answers) == 1
    source.trouble = RedisUnavailable("away", "refused")
    await refresher.once()
    assert log.waits[-1] == BACK_OFF[0]
    refresher.close()


@pytest.mark.parametrize("key", ["r", "2", "p"])
async def test_keys_work_while_a_reading_hangs(key: str) -> None:
    import threading

    go_on = threading.Event()

    class Slow(FixedSource):
        def read(self, needs: Needs) -> Answer:
            go_on.wait(20)
            return super().read(needs)

    app = console(Slow())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "connecting to redis://cache-1:6379/2" in screen(app)
        await pilot.press(key)
        await pilot.pause()
        go_on.set()
        await settle(pilot)
        assert "connecting" not in screen(app)
