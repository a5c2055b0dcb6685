"""Doctor: findings with evidence and remedy, done from there after their plan was seen; examined in pieces."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rq import Queue
from rq.job import Job

from console.tui import examining
from console.tui.app import ConsoleApp
from console.tui.examining import DoctorNeed, Examined
from console.tui.screens.confirm import Confirm
from console.tui.screens.jobs import Jobs
from console.tui.source import Reading
from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from pantry_queue.monitor.diagnosis import judge
from tests.tui import tasks
from tests.tui.answers import ill, source, well
from tests.tui.support import console, line_with, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis


def _orphan(client: Redis, queue: str, job_id: str) -> None:
    """A job that runs on a worker that is gone, its time over."""
    Queue(queue, connection=client).enqueue(tasks.add, 1, b=2, job_id=job_id)
    client.lrem(f"rq:queue:{queue}", 1, job_id)
    client.hset(f"rq:job:{job_id}", mapping={"status": "started", "worker_name": "gone"})
    for key in (f"rq:wip:{queue}", f"rq:executions:{job_id}"):
        client.zadd(key, {f"{job_id}:run" if "wip" in key else "run": time.time() - 100})


async def test_a_finding_tells_all_leads_there_and_is_put_right(
    live_console: Callable[..., ConsoleApp], redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    _orphan(redis_client, "images", "orphan-1")
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "rescue job orphan-1" in line_with(app, "Queue images: 1 lost")
        assert "Do: Put them back on their queue." in screen(app)
        assert "pantry-console jobs rescue orphan-1" in screen(app)
        copied = {text.name: text.body for text in app.console_screen().copyable()}  # type: ignore[union-attr]
        assert copied["remedy"] == "pantry-console jobs rescue orphan-1"
        assert '"action": "jobs.rescue"' in copied["JSON"]
        assert "keys scanned 1" in line_with(app, "looked at  queues")
        await press(pilot, "enter")
        assert isinstance(app.screen, Jobs)
        assert "orphan-1" in screen(app)
        await press(pilot, "7", "A")
        assert isinstance(app.screen, Confirm), "its plan is shown first"
        assert Job.fetch("orphan-1", connection=redis_client).get_status() == "started"
        while app.screen.query_one("#go").disabled:
            await pilot.pause(0.005)
        await press(pilot, "enter")
        assert Job.fetch("orphan-1", connection=redis_client).get_status() == "queued"
        assert "1 lost" not in screen(app), "examined anew"
        assert "no worker listens; 1 wait" in screen(app)


async def test_read_only_nothing_wrong_and_all_checks() -> None:
    answers = source()
    app = console(answers)
    app.session.read_only = "This console is read-only."
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "Queue images: grows" in screen(app), "by what this console saw before"
        assert not [one for one in judge(ill().facts).findings if one.code == "grows"]
        assert "enter: queue exports" in screen(app)
        await press(pilot, "A")
        assert "This console is read-only." in screen(app)
        await press(pilot, "right_square_bracket", "G")
        assert "calls are small" in line_with(app, "❯")
        assert "settings were not asked for" not in screen(app)
        await press(pilot, "g")
        assert "the slow log was not asked for" in screen(app)
        answers.others[DoctorNeed] = well()
        await press(pilot, "r", "left_square_bracket")
        assert "nothing is wrong" in line_with(app, "Doctor")
        assert "workers are not suspended" in screen(app)
        answers.others[DoctorNeed] = Examined(ill().facts, 1.0, rest=1.0)
        await press(pilot, "r")
        assert "esc stops" in screen(app)
        await press(pilot, "escape")
        assert answers.asked[-1].also == (DoctorNeed(2, stop=True),)
        assert app.current_mode == "doctor"


def _looked(found: Examined) -> int:
    assert found.facts.lost is not None
    return found.facts.lost.looked or 0


def test_an_examination_goes_on_piece_by_piece_and_stops(
    settings: Settings, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "_PIECE_SECONDS", 0.0)
    pipe = redis_client.pipeline()
    for number in range(5000):
        pipe.hset(f"rq:job:{number}", mapping={"status": "finished", "data": b"x", "origin": "q"})
    pipe.execute()
    reading = Reading(redis_client, Keys(), settings)
    first = DoctorNeed().read(reading)
    assert first.going
    second = DoctorNeed().read(reading)
    third = DoctorNeed().read(reading)
    assert 0 < _looked(second) < _looked(third) < 5000
    stopped = DoctorNeed(stop=True).read(reading)
    assert (stopped.stopped, stopped.going) == (True, False)
    assert DoctorNeed(stop=True).read(reading) is stopped
    monkeypatch.setattr(examining, "_PIECE_SECONDS", 60.0)
    whole = DoctorNeed(turn=1).read(reading)
    assert (whole.stopped, whole.going, _looked(whole)) == (False, False, 5000)
    assert DoctorNeed(turn=1).read(reading) is whole, "not made again within a minute"
    monkeypatch.setattr(examining, "EXAMINED_EVERY", 0.0)
    assert DoctorNeed(turn=1).read(reading) is not whole


def test_what_seems_lost_is_looked_at_twice_without_keeping_the_reader(settings: Settings, redis_client: Redis) -> None:
    Queue("q", connection=redis_client).enqueue(tasks.add, 1, b=2, job_id="popped")
    redis_client.lrem("rq:queue:q", 1, "popped")
    reading = Reading(redis_client, Keys(), settings)
    found = DoctorNeed().read(reading)
    assert found.rest, "it waits without waiting"
    assert DoctorNeed().read(reading) is found
    reading.kept[DoctorNeed].rests_until = 0.0
    found = DoctorNeed().read(reading)
    assert not found.going
    assert found.facts.lost is not None
    assert found.facts.lost.jobs == (("popped", "queued"),)


async def test_what_is_wrong_beyond_queues_and_workers_leads_here() -> None:
    app = console(source())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "tab")
        while "❯" not in line_with(app, "Redis", "of its limit"):
            await press(pilot, "j")
        await press(pilot, "enter")
        assert app.current_mode == "doctor"
