"""W on a job, wherever it stands: the answer, what it rests on, and what would move the job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rq.job import Job

from console.tui.app import ConsoleApp
from console.tui.examining import WhyNeed
from console.tui.screens.confirm import Confirm
from console.tui.screens.job import JobScreen
from console.tui.screens.jobs import Jobs
from console.tui.screens.why import Why
from tests.tui.answers import source
from tests.tui.support import console, line_with, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis


async def test_the_answer_of_each_job_and_what_moves_it(
    live_console: Callable[..., ConsoleApp],
    shop: dict[str, str],
    redis_client: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "W")
        assert shop["failed"] in line_with(app, "Why")
        assert "mail server refused" in line_with(app, "The job failed")
        assert "◂ this decides" in line_with(app, "it is failed")
        await press(pilot, "enter")
        assert isinstance(app.screen, JobScreen), "it speaks of the job itself"
        await press(pilot, "escape", "A")
        assert isinstance(app.screen, Confirm)
        while app.screen.query_one("#go").disabled:
            await pilot.pause(0.005)
        await press(pilot, "enter")
        assert Job.fetch(shop["failed"], connection=redis_client).get_status() == "queued"
        assert "No worker listens to queue emails." in screen(app), "told anew"
        Job.fetch(shop["failed"], connection=redis_client).delete()
        await press(pilot, "r")
        assert "gone: this was so last" in screen(app)
        await app.go_to_why(shop["deferred"])
        await settle(pilot)
        assert "waits for" in screen(app)
        await press(pilot, "enter")
        assert shop["queued"] in line_with(app, "Job  ›"), "it speaks of the job waited for"


async def test_it_is_asked_on_every_screen_with_a_job_and_leads_on() -> None:
    answers = source()
    app = console(answers)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "W")
        assert "There is no job under the cursor." in screen(app)
        for keys in (("2", "j"), ("2", "enter"), ("3",), ("4", "j"), ("5",)):
            await press(pilot, *keys)
            wanted = app.console_screen().job_key()  # type: ignore[union-attr]
            await press(pilot, "W")
            assert isinstance(app.screen, Why)
            assert wanted is not None
            assert answers.asked[-1].also == (WhyNeed(wanted),)
            await press(pilot, "escape")
        await press(pilot, "2", "W")
        assert "queued  1 of 31" in line_with(app, "queue pdf")
        assert "Do: Start a worker for the queue" in screen(app)
        await press(pilot, "G", "k", "k")
        assert "─ Besides" in screen(app)
        assert "is not allowed by WORKER_ALLOWED_TASKS here" in line_with(app, "❯")
        await press(pilot, "g", "enter")
        assert isinstance(app.screen, Jobs)
        assert "pdf" in line_with(app, "Jobs  ›")
        answers.others[WhyNeed] = None
        await app.go_to_why("nobody")
        await settle(pilot)
        assert "There is no such job any more" in screen(app)
