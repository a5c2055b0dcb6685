"""Activity: what was changed, what ran, what can be undone; and undoing it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rq.job import Job

from console.tui.app import ConsoleApp
from console.tui.needs import ChangesNeed, EventsNeed, TrashNeed
from console.tui.screens.confirm import Confirm
from console.tui.screens.job import JobScreen
from pantry_queue.control.audit import Entry
from pantry_queue.control.trash import Kept
from pantry_queue.monitor.events import Event
from tests.tui.fixed import ago, text
from tests.tui.support import FixedSource, console, line_with, press, screen, settle

if TYPE_CHECKING:
    import pytest
    from redis import Redis

_HOSTILE = "[@click=app.quit]x[/]"


def _entry(operation: str, event: str, seconds: float, **facts: str) -> Entry:
    named = (text(operation), text(event), text("jobs.requeue"), text("ana"), text("web-1"), text("cli"))
    return Entry("1-1", ago(seconds), *named, tuple((text(name), text(value)) for name, value in facts.items()))


def _event(entry: str, kind: str, job_id: str, seconds: float | None, error: str = "") -> Event:
    named = (text(job_id), text("emails"), text("app.send"), text("web-1.4100"))
    return Event(entry, ago(9), text(kind), *named, seconds, text(error), job_id.encode())


async def test_each_tab_tells_all_and_an_event_opens_its_job() -> None:
    source = FixedSource()
    source.others[ChangesNeed] = (
        _entry("op-1", "intent", 90, selection=f"failed jobs {_HOSTILE}", reason="smtp is back"),
        _entry("op-2", "intent", 60, selection="job 7"),
        _entry("op-1", "outcome", 30, done="1344", skipped="3", failed="2"),
    )
    source.others[EventsNeed] = (
        _event("1-1", "started", "ocr-1042", None),
        _event("2-1", "failed", "ocr-1042", 2.5, "OSError: full"),
    )
    source.others[TrashNeed] = (
        Kept("op-9", text("jobs.delete"), ago(60), text("3 jobs"), text(""), text("ana"), 3, 2, 7200.0, 2048),
    )
    app = console(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        done = line_with(app, "1,344")
        assert _HOSTILE in done
        assert done.index("1,344") < done.index(" 3 ") < done.index(" 2 ")
        assert "smtp is back" in done
        assert screen(app).index("job 7") < screen(app).index("1,344"), "the newest first"
        assert "its outcome was never written down" in screen(app)
        await press(pilot, "j")
        assert "ana@web-1  with cli" in screen(app)
        assert "reason smtp is back" in screen(app), "the whole entry"
        await press(pilot, "right_square_bracket")
        assert "2.5s" in line_with(app, "✗ failed", "OSError: full")
        await press(pilot, "enter")
        assert isinstance(app.screen, JobScreen)
        await press(pilot, "escape", "right_square_bracket")
        assert "2.0 KiB" in line_with(app, "jobs.delete", "2h00")
        assert "2 jobs, for 2h00 more" in screen(app)
        assert "undo" in screen(app)
        source.others[EventsNeed], source.others[ChangesNeed], source.others[TrashNeed] = (), (), ()
        for words in ("the trash is empty", "nothing was changed", "stock RQ workers tell nothing"):
            await press(pilot, "r")
            assert words in screen(app)
            await press(pilot, "right_square_bracket")


async def test_what_was_deleted_is_seen_and_brought_back_there(
    live_console: Callable[..., ConsoleApp],
    shop: dict[str, str],
    redis_client: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    app = live_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "D")
        if isinstance(app.screen, Confirm):
            while app.screen.query_one("#go").disabled:
                await pilot.pause(0.005)
            await press(pilot, "enter")
        assert not Job.exists(shop["failed"], redis_client)
        await press(pilot, "6")
        assert "1" in line_with(app, "jobs.delete", "@")
        app.acting.undoable.clear()  # as in a console that was started later
        await press(pilot, "left_square_bracket")
        assert "can be undone 1 job" in screen(app)
        await press(pilot, "u")
        assert Job.fetch(shop["failed"], connection=redis_client).get_status() == "failed"
        assert "the trash is empty" in screen(app)
        await press(pilot, "right_square_bracket")
        assert "trash.undo" in screen(app)
