"""Workers launched, watched and stopped from the console: real processes on a real Valkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from console.tui.acting.local_fleet import order
from console.tui.app import ConsoleApp
from pantry_queue.workers import fleet
from tests.tui import tasks
from tests.tui.support import console, press, screen, settle


async def _until(pilot: Pilot[object], condition: Callable[[str], bool]) -> None:
    """Read Redis again and again until the screen shows it."""
    for _ in range(400):
        await press(pilot, "r")
        if condition(screen(pilot.app)):
            return
        await pilot.pause(0.05)
    raise AssertionError(screen(pilot.app))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of its own, and tasks of the tests allowed; no worker outlives the test."""
    monkeypatch.setenv("PANTRY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    monkeypatch.setenv("WORKER_ALLOWED_TASKS", "tests.tui.tasks.")
    yield tmp_path
    for worker in fleet.known():
        fleet.stop(worker, 0.0)


async def test_workers_launched_here_drain_a_queue_show_what_they_write_and_stop(
    live_console: Callable[..., ConsoleApp], redis_client: Redis, data: Path
) -> None:
    jobs = [Queue("emails", connection=redis_client).enqueue(tasks.add, place, b=1) for place in range(3)]
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "L", "0", "tab", *"em", "right", "enter", "enter")
        assert "should be 1 to 64" in screen(app)
        await press(pilot, "backspace", "backspace", "1", "enter", "enter", "enter")
        await _until(pilot, lambda text: "✓ ended" in text)
        assert [job.get_status(refresh=True) for job in jobs] == ["finished"] * 3
        await press(pilot, "o")
        await _until(pilot, lambda text: "log" in text and jobs[0].id in text)
        await press(pilot, "escape")
        await press(pilot, "L", "tab", "tab", "tab", "enter")
        await _until(pilot, lambda text: "1 of 2 running" in text)
        await press(pilot, "g")
        (steady,) = [worker for worker in fleet.known() if worker.state == "running"]
        assert not steady.burst
        await _until(pilot, lambda text: redis_client.exists(f"rq:worker:{steady.name}") == 1)
        await press(pilot, "S", "escape")
        assert fleet.find(steady.name).state == "running"
        await press(pilot, "S", "enter")
        await _until(pilot, lambda text: "0 of 2 running" in text)
        assert fleet.find(steady.name).exit_code == 0


async def test_what_is_typed_in_one_packet_goes_into_its_own_field() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "L")
        for key in ("2", "tab", *"emails"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await settle(pilot)
        assert [field.value for field in app.screen.query(Input)] == ["2", "emails"]


async def test_read_only_launches_nothing_and_says_so(data: Path) -> None:
    app = console()
    app.session.read_only = "This console is read-only."
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "4", "L")
        assert "This console is read-only." in screen(app)
        assert "Launch workers" not in screen(app)
        await press(pilot, "S")
        assert fleet.known() == ()


def test_an_order_is_checked_in_one_sentence() -> None:
    assert order(" 3 ", "a, b,a,", burst=True).queues == ("a", "b")
    for number in ("", "0", "65", "-1", "1.5", "many", "²"):
        with pytest.raises(ValueError, match="1 to 64"):
            order(number, "", burst=False)
    with pytest.raises(ValueError, match="printable"):
        order("1", "a\x1b[31m", burst=False)


async def test_a_production_profile_is_unlocked_by_its_name_for_a_while_and_a_console_started_read_only_never() -> None:
    app = console()
    now = [1000.0]
    session = app.session
    session.clock = lambda: now[0]
    session.read_only, session.production, session.profile = "This console is read-only.", True, "shop"
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+r")
        assert "stays so" in screen(app)
        assert session.cannot_write()
        session.unlockable = True
        await press(pilot, "ctrl+r", *"sho", "enter")
        assert "not the name" in screen(app)
        assert session.cannot_write()
        await press(pilot, "p", "enter")
        assert session.cannot_write() == ""
        assert "UNLOCKED 5m" in screen(app)
        now[0] += 299
        assert session.cannot_write() == ""
        now[0] += 2
        assert session.cannot_write() == "This console is read-only: ctrl+r unlocks it for 5 minutes."
        await press(pilot, "r")
        assert "[READ-ONLY]" in screen(app)
        await press(pilot, "ctrl+r", *"shop", "enter", "ctrl+r")
        assert session.cannot_write() == "This console is read-only: ctrl+r unlocks it for 5 minutes."
