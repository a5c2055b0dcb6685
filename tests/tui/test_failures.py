"""Failures by cause: what a row tells, where it leads, and that an action takes the whole group and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rq import Queue, SimpleWorker
from rq.job import Job

from console.tui.app import ConsoleApp
from console.tui.grouping import FailuresFound, FailuresNeed
from console.tui.screens.confirm import Confirm
from console.tui.screens.failures import Failures
from console.tui.screens.job import JobScreen
from console.tui.screens.jobs import Jobs
from console.tui.widgets.choice import Choice
from pantry_queue.control.plan import Selection
from pantry_queue.monitor.model import FailureReport
from tests.tui import tasks
from tests.tui.support import FixedSource, console, line_with, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis


async def test_each_cause_is_a_row_that_leads_to_its_jobs() -> None:
    source = FixedSource()
    app = console(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert "2 causes of 55 failed jobs" in screen(app)
        assert "36" in line_with(app, "SMTPRecipientsRefused", "send_mail")
        assert "no such user" in screen(app)
        await press(pilot, "j")
        assert "took more than" in screen(app)
        assert "app/mail.py:112" in screen(app)
        chosen = app.screen.chosen() if isinstance(app.screen, Failures) else None
        assert chosen is not None
        assert chosen.words == "19 jobs that failed with TimeoutError"
        assert chosen.selection == Selection(signatures=("5f6a7b8c9d",))
        await press(pilot, "enter")
        assert isinstance(app.screen, JobScreen)
        await press(pilot, "escape", "f")
        assert isinstance(app.screen, Jobs)
        assert (
            app.screen.filter_text
            == 'func="app.tasks.export_all" error:"took more than <n> s" error:"builtins.TimeoutError"'
        )
        source.others[FailuresNeed] = FailuresFound(FailureReport((), 0, 0, 0, datetime.now(UTC)))
        await press(pilot, "3", "r")
        assert "No job has failed" in screen(app)
        await press(pilot, "enter", "R", "escape")
        assert app.current_mode == "overview"


async def test_a_group_is_requeued_whole_and_alone(
    live_console: Callable[..., ConsoleApp], redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    queue = Queue("emails", connection=redis_client)
    refused = [queue.enqueue(tasks.fail, f"user{place}@example.org").id for place in range(3)]
    other = queue.enqueue(tasks.add, 1).id
    SimpleWorker([queue], connection=redis_client, name="w").work(burst=True)
    app = live_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert "2 causes of 4 failed jobs" in screen(app)
        await press(pilot, "f")
        assert "3 hits" in screen(app), "those of the group under the cursor, and no other"
        await press(pilot, "3", "R")
        if isinstance(app.screen, Confirm):
            while app.screen.query_one("#go", Choice).disabled:
                await pilot.pause(0.005)
            await press(pilot, "enter")
        await press(pilot, "r")
        states = {name: Job.fetch(name, redis_client).get_status().value for name in (*refused, other)}
        assert states == {**dict.fromkeys(refused, "queued"), other: "failed"}
        assert "1 cause of 1 failed job" in screen(app)
