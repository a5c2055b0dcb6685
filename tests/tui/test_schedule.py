"""Schedule: what is due and how late it is, what repeats in plain words, and who sees to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rq.job import Job

from console.tui.app import ConsoleApp
from console.tui.needs import ScheduleNeed
from console.tui.screens.confirm import Confirm
from console.tui.screens.job import JobScreen
from tests.tui.answers import schedule
from tests.tui.support import FixedSource, console, line_with, press, screen, settle

if TYPE_CHECKING:
    import pytest
    from redis import Redis


async def test_each_tab_tells_what_is_late_missed_or_unattended() -> None:
    source = FixedSource()
    source.others[ScheduleNeed] = schedule()
    app = console(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5")
        assert "due 1,203" in screen(app)
        assert "1 late" in screen(app)
        assert "late 1m40" in line_with(app, "ocr-1042")
        assert "2m50" in screen(app)
        assert "1 queue without a scheduler" in screen(app)
        assert "Nobody sees to" not in screen(app), "that is another queue's"
        chosen = app.console_screen().chosen()  # type: ignore[union-attr]
        assert chosen is not None
        assert (chosen.selection.ids, chosen.states) == (("ocr-1042",), {"scheduled"})
        await press(pilot, "G")
        assert "repeats every 60 s" in screen(app)
        assert app.console_screen().chosen() is None, "RQ's actions do not reach it"  # type: ignore[union-attr]
        await press(pilot, "right_square_bracket")
        assert "✓" in line_with(app, "nightly", "every day at 06:00")
        assert "Nobody sees to the scheduled jobs of reports." in screen(app)
        assert "cron-2" not in screen(app), "that is another scheduler's"
        assert "missed 8m20" in line_with(app, "weekly")
        assert "scheduler gone" in line_with(app, "lost")
        await press(pilot, "right_square_bracket")
        assert "nobody" in line_with(app, "reports")
        assert "52s" in line_with(app, "web-1.4100")
        source.others[ScheduleNeed] = replace(
            schedule(), due=(), total=0, late=0, cron=(), schedulers=(), unattended=(), troubles=()
        )
        for words in ("starts one", "no job is scheduled", "nothing repeats"):
            await press(pilot, "r")
            assert words in screen(app)
            await press(pilot, "right_square_bracket")


async def test_a_scheduled_job_is_opened_and_deleted_there(
    live_console: Callable[..., ConsoleApp], shop: dict[str, str], redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    app = live_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "g")
        if shop["retried"] in line_with(app, "─ "):  # due ten minutes from now
            await press(pilot, "j")
        assert shop["scheduled"] in line_with(app, "─ ")
        await press(pilot, "enter")
        assert isinstance(app.screen, JobScreen)
        await press(pilot, "escape", "D")
        if isinstance(app.screen, Confirm):
            while app.screen.query_one("#go").disabled:
                await pilot.pause(0.005)
            await press(pilot, "enter")
        assert not Job.exists(shop["scheduled"], redis_client)
        assert shop["scheduled"][:12] not in screen(app)
