"""Acting in the console: what is chosen is planned, shown, done by RQ's rules, told, and undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rq import Queue
from rq.job import Job

from console.tui.app import ConsoleApp
from console.tui.screens.confirm import Confirm
from console.tui.screens.help import Help
from console.tui.screens.jobs import Jobs
from console.tui.screens.progress import ProgressScreen
from pantry_queue.control import pace
from pantry_queue.control.plan import Selection
from pantry_queue.errors import RedisUnavailable
from tests.tui.acting_kit import FakeActor, fixed, heard, told
from tests.tui.support import FixedSource, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.config import Settings

Make = Callable[..., ConsoleApp]


@pytest.fixture(autouse=True)
def _hears_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)


async def test_a_plan_is_shown_and_runs_as_it_was_confirmed(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor, production=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        actor.look = lambda: screen(app)
        await settle(pilot)
        await press(pilot, "3", "f", "space", "space", "D")
        assert isinstance(app.screen, Confirm)
        _, (name, selection, _) = actor.asked[0]
        assert (name, len(selection.ids)) == ("jobs.delete", 2), "ids, never places"
        shown = screen(app)
        assert "Delete 36 jobs?" in shown
        assert "the trash, until it expires" in shown
        assert "jobs [@click" in shown
        assert shown.count("╰") == 1, "the dialog fits"
        assert "esc cancel" in shown
        await heard(pilot)
        await press(pilot, "3", "5", "enter")
        assert actor.names() == ["plan"]
        assert "type 36" in screen(app)
        await press(pilot, "backspace", "6", "enter")
        assert actor.names() == ["plan", "run"]
        assert "22/36" in actor.seen[0]
        assert "21 done" in actor.seen[0]
        assert isinstance(app.screen, Jobs), "the progress is gone"
        assert "31 jobs deleted; 5 left alone (5 changed since it was seen). u undoes it." in told(app)
        await press(pilot, "u")
        assert actor.asked[-1] == ("undo", "op-1")
        assert "31 jobs undone" in told(app)
        await press(pilot, "D")
        await heard(pilot)
        await press(pilot, "escape")
        assert actor.names().count("run") == 1
        assert isinstance(app.screen, Jobs)


async def test_what_nobody_has_thought_of_costs_one_action_and_not_the_console(settings: Settings) -> None:
    actor = FakeActor(total=3)
    actor.trouble = KeyError("\x1b[31mwhat")
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "R")
        await heard(pilot)
        await press(pilot, "enter")
        assert "That broke off (KeyError" in told(app)
        assert "\x1b" not in told(app)
        actor.trouble = None
        await press(pilot, "R")
        await heard(pilot)
        await press(pilot, "enter")
        assert "31 jobs requeued" in told(app)


async def test_five_are_tried_first_and_the_rest_is_offered_with_what_became_of_them(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "R")
        await heard(pilot)
        await press(pilot, "T")
        assert isinstance(app.screen, Confirm)
        assert "5 first: 1 failed, 4 finished" in screen(app)
        assert "Requeue 31 jobs?" in screen(app)
        await heard(pilot)
        await press(pilot, "enter")
        plans = [plan for name, (plan, *_) in actor.asked if name == "run"]
        assert [plan.total for plan in plans] == [5, 31]
        assert not set(plans[0].groups[0].ids) & set(plans[1].groups[0].ids)


async def test_typed_ahead_keys_confirm_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 60.0)
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "D", "enter", "y", "space", "enter")
        assert actor.names() == ["plan"]
        assert isinstance(app.screen, Confirm)


async def test_how_far_the_jobs_were_looked_for_is_told_until_the_plan_is_there(settings: Settings) -> None:
    actor = FakeActor()
    actor.may_plan.clear()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f")
        await pilot.press("D")
        for _ in range(500):
            if "look 25 %" in screen(app):
                break
            await pilot.pause(0.01)
        assert "look 25 %" in screen(app)
        actor.may_plan.set()
        await heard(pilot)
        assert "look" not in screen(app).splitlines()[0]


async def test_what_cannot_be_done_says_why(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor, read_only=True)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "R")
        assert actor.asked == []
        assert "read-only" in told(app)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        assert "read-only" in screen(app)
        await press(pilot, "escape")
        app.session.read_only = ""
        await press(pilot, "K")
        assert actor.asked == []
        assert told(app) == "For started jobs; this one is failed."
        app.session.trouble = "Redis does not answer."
        await press(pilot, "R")
        assert actor.asked == []
        assert "stale" in told(app)
        app.session.trouble = None
        await press(pilot, "u")
        assert actor.asked == []
        assert "Nothing was done from here" in told(app)
        actor.total, actor.trouble = 3, RedisUnavailable("Redis is [b]away[/b]: start it.")
        await press(pilot, "R")
        await heard(pilot)
        await press(pilot, "enter")
        assert told(app) == "Nothing was done. Redis is [b]away[/b]: start it."


async def test_marks_stay_with_their_rows_and_the_whole_list_is_chosen_as_such(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "escape", "space", "j", "j", "v")
        assert "4 marked" in screen(app)
        jobs = app.screen
        assert isinstance(jobs, Jobs)
        before = jobs.chosen()
        source = app._refresher._source
        assert isinstance(source, FixedSource)
        source.total = 3
        await press(pilot, "r")
        assert jobs.chosen() == before, "gone rows stay while marked"
        await press(pilot, "asterisk")
        chosen = jobs.chosen()
        assert chosen is not None
        assert chosen.selection == Selection(states=("failed",))
        assert "failed" in chosen.states
        await press(pilot, "escape")
        assert "marked" not in screen(app)
        assert isinstance(app.screen, Jobs)


async def test_jobs_are_requeued_deleted_and_brought_back(
    live_console: Make, shop: dict[str, str], redis_client: Redis
) -> None:
    app = live_console()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f")
        failed = {row.id for row in app.screen._rows.jobs.values()} if isinstance(app.screen, Jobs) else set()
        await press(pilot, "asterisk", "R")
        if isinstance(app.screen, Confirm):
            await heard(pilot)
            await press(pilot, "enter")
        assert shop["failed"] in failed
        assert {Job.fetch(name, redis_client).get_status().value for name in failed} == {"queued"}
        await press(pilot, "u")
        assert Job.fetch(shop["failed"], redis_client).get_status().value == "failed"
        await press(pilot, "r", "D")
        await heard(pilot)
        await press(pilot, "enter")
        assert "1 job deleted" in told(app)
        assert sum(Job.exists(name, redis_client) for name in failed) == len(failed) - 1
        await press(pilot, "u")
        assert all(Job.exists(name, redis_client) for name in failed)


async def test_how_far_an_undo_is_is_shown_too(
    live_console: Make, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    mounted = ProgressScreen.on_mount

    def seen(self: ProgressScreen) -> None:
        mounted(self)
        titles.append(self._shown.title)

    monkeypatch.setattr(ProgressScreen, "on_mount", seen)
    monkeypatch.setattr(pace, "FIRST", 10)
    Queue("mail", connection=redis_client).enqueue_many(
        [Queue.prepare_data("math.sqrt", (4,), job_id=f"mail-{place}") for place in range(60)]
    )
    app = live_console()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "X")
        await heard(pilot)
        await press(pilot, *"60", "enter")
        assert not redis_client.llen("rq:queue:mail")
        await press(pilot, "u")
        assert "60 jobs undone" in told(app)
        assert redis_client.llen("rq:queue:mail") == 60
        assert [title.split()[0] for title in titles] == ["Empty", "Undo"]


async def test_read_only_does_not_touch_redis(live_console: Make, shop: dict[str, str], redis_client: Redis) -> None:
    app = live_console(read_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        before = {key: redis_client.dump(key) for key in redis_client.scan_iter()}
        await press(pilot, "3", "f", "D", "R", "u", "1", "P", "X", "Z")
        assert {key: redis_client.dump(key) for key in redis_client.scan_iter()} == before
