"""Activity: what was changed, what ran, what can be undone; and undoing it there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from rq import Queue, Retry, SimpleWorker, Worker
from rq.job import Job

from console.tui.app import ConsoleApp
from console.tui.happening import Happening, HappeningNeed
from console.tui.needs import ChangesNeed, TrashNeed
from console.tui.screens.confirm import Confirm
from console.tui.screens.job import JobScreen
from console.tui.source import Reading
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.control.trash import Kept
from pantry_queue.keys import Keys
from pantry_queue.monitor.differences import Differences, Head, Seen
from pantry_queue.monitor.events import Event
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker
from tests.tui import tasks
from tests.tui.acting_kit import heard
from tests.tui.answers import entry, happening
from tests.tui.fixed import NOW, ago, job_row, text
from tests.tui.support import FixedSource, console, line_with, press, screen, settle

if TYPE_CHECKING:
    import pytest
    from redis import Redis

_HOSTILE = "[@click=app.quit]x[/]"


def _event(entry: str, kind: str, job_id: str, seconds: float | None, error: str = "") -> Event:
    named = (text(job_id), text("emails"), text("app.send"), text("web-1.4100"))
    return Event(entry, ago(9), text(kind), *named, seconds, text(error), job_id.encode())


async def test_each_tab_tells_all_and_an_event_opens_its_job() -> None:
    source = FixedSource()
    source.others[ChangesNeed] = (
        entry("op-1", "intent", 90, selection=f"failed jobs {_HOSTILE}", reason="smtp is back"),
        entry("op-2", "intent", 60, selection="job 7"),
        entry("op-1", "outcome", 30, done="1344", skipped="3", failed="2"),
    )
    source.others[HappeningNeed] = Happening(
        (_event("2-1", "failed", "ocr-1042", 2.5, "OSError: full"), _event("1-1", "started", "ocr-1042", None)),
        told=True,
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
        source.others[HappeningNeed], source.others[ChangesNeed], source.others[TrashNeed] = Happening(), (), ()
        for words in ("the trash is empty", "nothing was changed", "nothing has happened"):
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
        await heard(pilot)
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


async def test_the_stream_is_followed_held_filtered_and_searched_for_failures() -> None:
    source = FixedSource()
    change = entry("op-1", "intent", 22, selection="job 7", reason="smtp is back")

    def happens(number: int) -> None:
        source.others[HappeningNeed] = replace(happening(number), changes=(change,))

    source.others[ChangesNeed] = ()
    happens(60)
    app = console(source)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "6", "right_square_bracket")
        assert "following" in line_with(app, "Activity")
        assert "told and seen" in line_with(app, "Activity")
        assert "job-60" in line_with(app, "❯")
        happens(63)
        await press(pilot, "r")
        assert "job-63" in line_with(app, "❯"), "it follows"
        await press(pilot, "p")
        assert "paused: p goes on" in line_with(app, "Activity")
        await press(pilot, "p", "n", "n")
        assert "job-55" in line_with(app, "❯", "✗ failed")
        happens(66)
        await press(pilot, "r")
        assert "job-55" in line_with(app, "❯"), "it holds still"
        assert "3 new: f" in line_with(app, "Activity")
        await press(pilot, "N", "N")
        assert "job-65" in line_with(app, "❯")
        await press(pilot, "f")
        assert "job-66" in line_with(app, "❯")
        await press(pilot, "f")
        happens(68)
        await press(pilot, "r")
        assert "job-66" in line_with(app, "❯"), "held, though at the top"
        await press(pilot, "slash")
        await pilot.press(*"error:full id:job-4*")
        await press(pilot, "enter")
        assert "job-45" in screen(app)
        assert "job-44" not in screen(app)
        await press(pilot, "G", "n")
        assert "There is no failure further down." in screen(app)
        await press(pilot, "slash")
        await pilot.press(*["backspace"] * 30, *"smtp")
        await press(pilot, "enter")
        assert "» requeue" in line_with(app, "❯", "smtp is back", "ana@web-1")
        chosen = app.console_screen().chosen()  # type: ignore[union-attr]
        assert chosen is not None
        assert chosen.operation == "op-1"
        await press(pilot, "escape")
        assert "job-68" in screen(app), "esc takes the filter away"


def test_what_stock_workers_do_is_seen_and_what_pantry_workers_do_is_told(
    settings: Settings, redis_client: Redis
) -> None:
    reading, queue, looks = Reading(redis_client, Keys(), settings), Queue("q", connection=redis_client), list[str]()
    now = HappeningNeed().read(reading)
    assert not now.events

    def look() -> None:
        looks.append(_words(HappeningNeed().read(reading)))

    def work(make: Callable[..., Worker]) -> str:
        queue.enqueue(tasks.add, 1, b=2, job_id="good")
        queue.enqueue(tasks.fail, "bad", job_id="bad")
        queue.enqueue(tasks.fail, "again", job_id="again", retry=Retry(max=1, interval=600))
        queue.enqueue(tasks.call_back, job_id="quiet", result_ttl=0)
        make([queue], connection=redis_client).work(burst=True)
        found = HappeningNeed().read(reading)
        assert HappeningNeed().read(reading) is found, "nothing more has happened"
        return _words(found)

    tasks.CALLED_BACK[:] = [look]
    seen = work(partial(SimpleWorker, name="stock"))
    assert "started:quiet:seen" in looks[-1], "while it runs"
    assert set(seen.split()) == {
        *("finished:good:seen", "failed:bad:seen"),
        *("started:quiet:seen", "ended:quiet:seen"),
    }, "what failed and will be tried again was too quick to be seen"
    tasks.CALLED_BACK[:] = []
    redis_client.flushall()
    told = work(partial(PantryWorker, name="pantry", allow=AllowList(["*"])))
    fresh = Counter(told.split()) - Counter(seen.split())
    kinds = ("finished:good", "failed:bad", "retried:again", "finished:quiet")
    assert {one for one in fresh if not one.startswith("started")} == {f"{one}:told" for one in kinds}
    assert {one for one in fresh if one.endswith("seen")} == set()


def _words(found: Happening) -> str:
    return " ".join(f"{event.kind}:{event.job_id}:{'told' if event.told else 'seen'}" for event in found.events)


def test_a_second_of_500_jobs_is_followed_whole_the_newest_first(settings: Settings, redis_client: Redis) -> None:
    reading = Reading(redis_client, Keys(), settings)
    HappeningNeed().read(reading)
    with redis_client.pipeline(transaction=False) as pipe:
        for number in range(1000):
            job, kind = number // 2, ("started", "finished")[number % 2]
            pipe.xadd(
                Keys().events, {"kind": kind, "id": f"job-{job}", "worker": "w"}, id=f"1795000000000-{number + 1}"
            )
        pipe.execute()
    found = HappeningNeed().read(reading)
    assert not found.missed
    assert _words(found).split()[:3] == ["finished:job-499:told", "started:job-499:told", "finished:job-498:told"]
    assert len(found.events) == 1000


def test_who_may_not_read_what_was_told_sees_the_lists(settings: Settings, redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue(tasks.add, 1, b=2, job_id="good")
    PantryWorker([queue], connection=redis_client, allow=AllowList(["*"])).work(burst=True)
    rule = "~rq:* -@all +@read +@connection +time +eval_ro"
    redis_client.execute_command("ACL", "SETUSER", "narrow", "reset", "on", ">look", *rule.split())
    redis_client.execute_command("ACL", "LOG", "RESET")
    url = str(settings.redis_url).replace("unix://", "unix://narrow:look@")
    client = connect(replace(settings, redis_url=url))
    try:
        reading = Reading(client, Keys(), settings)
        found = [HappeningNeed().read(reading) for _ in range(3)][-1]
        assert (_words(found), found.told, found.seen) == ("finished:good:seen", False, True)
        counts = [entry[b"count"] for entry in redis_client.execute_command("ACL", "LOG")]
        assert counts == [1, 1], "events and audit are asked for once"
    finally:
        client.close()
        redis_client.execute_command("ACL", "DELUSER", "narrow")


def test_a_list_that_shrinks_tells_nothing_new_and_one_that_overflows_says_so() -> None:
    watch, rows = Differences(), [job_row("finished", place) for place in range(60)]
    failed = Head((job_row("failed", 100),), True)
    first = watch.between(Seen(NOW, ended=(Head(tuple(rows[:50]), False), failed)))
    assert len(first) == 51
    later = NOW + timedelta(seconds=1)
    assert watch.between(Seen(later, ended=(Head(tuple(rows[10:]), True), failed))) == [], "they ended long ago"
    new = [replace(row, raw_id=b"n%d" % place, ended_at=later) for place, row in enumerate(rows)]
    more = watch.between(Seen(later + timedelta(seconds=1), ended=(Head((*new[:40], *rows[:10]), False), failed)))
    assert (len(more), watch.missed) == (40, False)
    again = Seen(later + timedelta(seconds=2), ended=(Head(tuple(new[:40]), False), failed))
    assert (watch.between(again), watch.missed) == ([], False), "all of it is recent, and none of it is new"
    new = [replace(row, raw_id=b"m%d" % place) for place, row in enumerate(new[:50])]
    over = watch.between(Seen(later + timedelta(seconds=3), ended=(Head(tuple(new), False), failed)))
    assert (len(over), watch.missed) == (50, True)
