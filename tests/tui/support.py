"""What the tests of the screens share: a source of fixed data, waiting without sleeping, reading a screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from console.tui.app import ConsoleApp
from console.tui.finding import Found, SearchNeed
from console.tui.grouping import FailuresFound, FailuresNeed
from console.tui.job_needs import JobLogNeed, RawNeed, RunningNeed, TreeNeed
from console.tui.needs import AlertsNeed, JobNeed, LocalNeed, PastNeed, WindowNeed
from console.tui.sampled import Sampled, SamplesNeed
from console.tui.source import Answer, Need, Needs
from console.tui.terminal import Terminal
from pantry_queue.config import Settings
from pantry_queue.errors import PantryError
from pantry_queue.monitor.kept_alerts import KeptAlerts
from pantry_queue.monitor.model import JobDetail, JobRow, JobWindow, Snapshot
from pantry_queue.monitor.rates import RateHistory
from tests.tui.fixed import failures, job_detail, job_log, job_row, past, raw_job, running, sampled, snapshot, trees

SIZES = ((80, 24), (120, 40), (200, 60))
DARK = Terminal(theme="pantry-dark", animations=False)


# -- a source --------------------------------------------------------------------------------------------
class FixedSource:
    """Answers from values; `trouble` is raised instead while it is set, `others` answers other needs by their class."""

    def __init__(self, now: Snapshot | None = None, total: int | None = None) -> None:
        self.snapshot = now or snapshot()
        self.total = total
        self.trouble: PantryError | None = None
        self.asked: list[Needs] = []
        self.others: dict[type[Need[Any]], Any] = {
            AlertsNeed: KeptAlerts(),
            PastNeed: RateHistory(),
            SamplesNeed: Sampled(sampled()),
            LocalNeed: (),
            RunningNeed: running(),
            FailuresNeed: FailuresFound(failures()),
            JobLogNeed: job_log(),
            TreeNeed: trees(),
            RawNeed: raw_job(),
            SearchNeed: Found(tuple(job_row("failed", place) for place in range(5)), 55, 55, finished=True),
        }
        self.detail: Callable[[JobRow], JobDetail | None] = job_detail

    def read(self, needs: Needs) -> Answer:
        """See `console.tui.source.Source.read`."""
        self.asked.append(needs)
        if self.trouble is not None:
            raise self.trouble
        found: dict[Need[Any], Any] = {}
        rows = tuple(job_row("failed", place) for place in range(40))
        for need in needs.also:
            if isinstance(need, WindowNeed):
                found[need] = window = self._window(need)
                rows = window.rows
            elif isinstance(need, JobNeed):
                wanted = next((row for row in rows if row.id == need.job_id), None)
                found[need] = self.detail(wanted) if wanted else None
            else:
                found[need] = self.others[type(need)]
        return Answer(needs, self.snapshot if needs.overview else None, found)

    def _window(self, need: WindowNeed) -> JobWindow:
        total = getattr(self.snapshot.totals, need.state) if self.total is None else self.total
        places = range(need.start, min(total, need.start + need.count))
        return JobWindow(tuple(job_row(need.state, place) for place in places), total, need.start)

    def close(self) -> None:
        """Nothing to let go of."""


def console(source: FixedSource | None = None, *, notice: str | None = None, with_past: bool = True) -> ConsoleApp:
    """A console on fixed data, which reads only when something asks."""
    app = ConsoleApp(
        replace(Settings(), redis_url="redis://cache-1:6379/2"),
        source=source or FixedSource(),
        look=DARK,
        auto_refresh=False,
        notice=notice,
    )
    if with_past:
        for earlier in past():
            app.session.history.observe(earlier)
    return app


# -- driving ---------------------------------------------------------------------------------------------
async def settle(pilot: Pilot[object]) -> None:
    """Until nothing is read, nothing is in a queue of messages and everything is painted."""
    while True:
        # A reading that another question has replaced was cancelled, which is no failure.
        with suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        if all(worker.is_finished for worker in pilot.app.workers):
            return


async def press(pilot: Pilot[object], *keys: str) -> None:
    """Keys one after the other, each with all it causes."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def lines(app: App[object]) -> list[str]:
    """The screen as the operator reads it, one line each; the only private call of all tests."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def screen(app: App[object]) -> str:
    """The screen as one text without blanks at line ends."""
    return "\n".join(line.rstrip() for line in lines(app))


def line_with(app: App[object], *words: str) -> str:
    """The first line that holds all the words."""
    for line in lines(app):
        if all(word in line for word in words):
            return line
    raise AssertionError(f"no line has {words}:\n{screen(app)}")
