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
from pantry_queue.monitor.model import CronEntry, Due, Schedule, SchedulerStat
from tests.tui.fixed import NOW, ago, job_row, text
from tests.tui.support import FixedSource, console, line_with, press, screen, settle

if TYPE_CHECKING:
    import pytest
    from redis import Redis


def _entry(name: str, missed: float, alive: bool) -> CronEntry:
    names = (text(name), text("app.report"), text("reports"), text("0 6 * * *"), text("every day at 06:00"))
    return CronEntry(*names, ago(7200), ago(-600), bool(missed), missed, text("cron-1"), alive)


_FOUND = Schedule(
    due=(
        Due(job_row("scheduled", 0), 100.0, "rq"),
        Due(job_row("scheduled", 3), 0.0, "rq"),
        Due(job_row("scheduled", 8), 0.0, "rq-scheduler", text("every 60 s")),
    ),
    total=1203,
    late=1,
    cron=(_entry("nightly", 0, True), _entry("weekly", 500, True), _entry("lost", 0, False)),
    schedulers=(SchedulerStat(text("default"), text("web-1.4100"), 52.0),),
    unattended=(text("reports"),),
    at=NOW,
    notes=(text("Nobody sees to the scheduled jobs of reports."),),
)


async def test_each_tab_tells_what_is_late_missed_or_unattended() -> None:
    source = FixedSource()
    source.others[ScheduleNeed] = _FOUND
    app = console(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5")
        assert "due 1,203" in screen(app)
        assert "1 late" in screen(app)
        assert "late 1m40" in line_with(app, "ocr-1042")
        assert "2m50" in screen(app)
        assert "Nobody sees to" in screen(app)
        chosen = app.console_screen().chosen()  # type: ignore[union-attr]
        assert chosen is not None
        assert (chosen.selection.ids, chosen.states) == (("ocr-1042",), {"scheduled"})
        await press(pilot, "G")
        assert "repeats every 60 s" in screen(app)
        assert app.console_screen().chosen() is None, "RQ's actions do not reach it"  # type: ignore[union-attr]
        await press(pilot, "right_square_bracket")
        assert "✓" in line_with(app, "nightly", "every day at 06:00")
        assert "missed 8m20" in line_with(app, "weekly")
        assert "scheduler gone" in line_with(app, "lost")
        await press(pilot, "right_square_bracket")
        assert "nobody" in line_with(app, "reports")
        assert "52s" in line_with(app, "web-1.4100")
        source.others[ScheduleNeed] = replace(
            _FOUND, due=(), total=0, late=0, cron=(), schedulers=(), unattended=(), notes=()
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
