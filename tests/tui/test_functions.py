"""Functions: how each fares, sorted by what matters, its jobs and its slowest run; counted in pieces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rq import Queue

from console.tui import counting
from console.tui.app import ConsoleApp
from console.tui.counting import FunctionsNeed
from console.tui.screens.job import JobScreen
from console.tui.screens.jobs import Jobs
from console.tui.screens.why import Why
from console.tui.source import Reading
from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from pantry_queue.workers import stats
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker
from tests.tui.support import line_with, press, screen, settle

if TYPE_CHECKING:
    import pytest
    from redis import Redis


async def test_functions_their_jobs_and_their_slowest_runs(
    live_console: Callable[..., ConsoleApp], redis_client: Redis
) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "8")
        assert "no PantryWorker has ended a job in the last 1h" in screen(app)
        queue = Queue("q", connection=redis_client)
        for number in range(3):
            queue.enqueue("operator.truediv", 1, number, job_id=f"divided-{number}")
        for seconds in (0, 0, 0, 0.05):
            queue.enqueue("time.sleep", seconds, job_id=f"slept-{queue.count}")
        PantryWorker([queue], connection=redis_client, allow=AllowList(["*"])).work(burst=True)
        await press(pilot, "r")
        assert "sleep" in line_with(app, "❯"), "most runs first"
        await press(pilot, "o")
        assert isinstance(app.screen, JobScreen)
        assert "slept-6" in line_with(app, "Job  ›"), "its slowest run"
        await press(pilot, "escape", "s", "g")
        assert "33%" in line_with(app, "❯", "truediv"), "most failures first"
        assert "ZeroDivisionError" in screen(app) or "slowest" in screen(app)
        await press(pilot, "W")
        assert isinstance(app.screen, Why)
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, Jobs)
        assert 'func:"operator.truediv"' in line_with(app, "Filter:")
        assert "divided-0" in screen(app)
        await press(pilot, "8", "right_square_bracket")
        assert "truediv" in screen(app), "of six hours too"


def test_counts_come_piece_by_piece_and_are_not_read_again_at_once(
    settings: Settings, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_PIECE_SECONDS", 0.0)
    now, keys = datetime.now(UTC), Keys()
    pipe = redis_client.pipeline()
    for name, back in (("new", 0), ("old", 7200)):
        at = now - timedelta(seconds=back)
        stats.count(pipe, keys, name, failed=False, enqueued=None, started=at, ended=at)
    pipe.execute()
    reading, need = Reading(redis_client, keys, settings), FunctionsNeed(3 * 3600.0)

    def look() -> tuple[set[str], bool]:
        found = need.read(reading)
        return {str(stat.func) for stat in found.functions.functions}, found.whole

    assert look() == ({"new"}, False)
    while not (found := look())[1]:
        assert "new" in found[0]
    assert found == ({"new", "old"}, True)
    redis_client.delete(keys.stats(int(now.timestamp()) // 60 - 120))
    assert look() == ({"new", "old"}, True), "not looked at again at once"
    reading.kept[FunctionsNeed].rests_until = 0.0
    assert look() == ({"new", "old"}, True), "what was known stands until the next look is done"
    while reading.kept[FunctionsNeed].rests_until is None:
        found = look()
    assert found == ({"new"}, True)
