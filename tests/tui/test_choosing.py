"""How an action is begun and how it is done: keys, words, and what a dialog lets choose."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console.tui import commands
from console.tui.acting import new_job, verbs
from console.tui.acting.chosen import Chosen
from console.tui.acting.offers import by_key, offers
from console.tui.keys import KEYS
from console.tui.screens.confirm import Confirm
from console.tui.screens.jobs import Jobs
from console.tui.session import Session
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.plan import Options, Selection
from pantry_queue.errors import PantryError
from pantry_queue.monitor.alarms import Ack
from pantry_queue.monitor.kept_alerts import KeptAlerts
from pantry_queue.text import SafeText
from tests.tui.acting_kit import FakeActor, fixed, heard, told
from tests.tui.fixed import snapshot
from tests.tui.support import press, screen, settle

if TYPE_CHECKING:
    from pantry_queue.config import Settings


@pytest.fixture(autouse=True)
def _hears_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)


def words(text: str) -> list[str]:
    """What is pressed to type it."""
    return [{" ": "space", "-": "minus", "'": "apostrophe"}.get(char, char) for char in text]


async def test_two_fast_keys_begin_one_thing(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f")
        actor.may_plan.clear()
        await pilot.press("D", "R", "u", "D")
        assert actor.names() == ["plan"]
        assert told(app) == "One thing at a time: delete comes first."
        actor.may_plan.set()
        await heard(pilot)
        assert "Delete 36 jobs?" in screen(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, Jobs)
        await press(pilot, "R")
        assert "Requeue 36 jobs?" in screen(app), "what was called off is no longer in the way"


async def test_how_it_is_done_is_chosen_in_the_dialog_and_looked_at_again(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "D")
        await heard(pilot)
        actor.total = 40
        await press(pilot, "W")
        assert actor.asked[-1][1][2] == Options(dependents=True)
        assert "Delete 40 jobs?" in screen(app), "with those that wait for them"
        assert "jobs delete" in screen(app)
        assert "--dependents" in screen(app)
        await press(pilot, "escape", "R")
        await heard(pilot)
        await press(pilot, "shift+tab", "shift+tab", *"low", "ctrl+f", "comma", "enter")
        assert "run" not in actor.names()
        assert "without commas" in screen(app)
        await press(pilot, "backspace", "tab", "tab", "enter")
        _, (plan, _) = actor.asked[-1]
        assert plan.options == Options(at_front=True, to="low")
        await press(pilot, "colon", *words("requeue --to bulk --reason 'too many'"), "enter")
        await heard(pilot)
        await press(pilot, "enter")
        _, (plan, reason) = actor.asked[-1]
        assert (plan.action.name, plan.options.to, reason) == ("jobs.requeue", "bulk", "too many")


async def test_questions_are_checked_before_anything_is_planned(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "P")
        assert isinstance(app.screen, Confirm)
        await heard(pilot)
        await press(pilot, *"soon", "enter")
        assert actor.names() == ["plan"]
        assert "no duration" in screen(app)
        await press(pilot, *["backspace"] * 4, *"10m", "enter")
        _, (plan, _) = actor.asked[1]
        assert (plan.action.name, plan.selection.queues) == ("queues.pause", ("critical",))
        assert (plan.options.seconds, plan.command) == (600, "pantry-console queues pause critical --for 600s")


async def test_a_new_job_is_checked_and_enqueued_from_anywhere(settings: Settings) -> None:
    actor = FakeActor()
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "I", *"app.mail.send_", "right", "tab", *"chi", "space", *"n:=x", "tab")
        assert "app.mail.send_all" in screen(app), "completed from what was seen"
        assert "critical" in screen(app), "the queue under the cursor"
        await press(pilot, *["tab"] * 7, "enter")
        assert "argument n: 'x' is not JSON" in screen(app)
        assert "enqueue" not in actor.names()
        await press(pilot, *["shift+tab"] * 8, "backspace", *"3", "ctrl+f", *["tab"] * 8, "enter")
        _, (request, _) = actor.asked[-1]
        assert request.at_front, "also while something is typed"
        assert (request.func, request.args, request.kwargs) == ("app.mail.send_all", ("chi",), {"n": 3})
        assert "Job new-1 enqueued in queue critical" in told(app)
        app.session.production = True
        await press(pilot, "2", "colon", *words("enqueue app.a.b 1 --queue low --in 5m --at-front --retry 2"), "enter")
        await press(pilot, *["shift+tab"], "enter")
        await heard(pilot)
        assert actor.names().count("enqueue") == 1
        assert "Enqueue app.a.b('1')?" in screen(app)
        assert "pantry-console enqueue app.a.b 1 --queue low --in 5m" in screen(app)
        await press(pilot, "enter")
        _, (request, _) = actor.asked[-1]
        assert (request.queue, request.at_front, request.retries, request.due is None) == ("low", True, 2, False)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Say which function"),
        ({"func": "nodots"}, "is no path of a function"),
        ({"func": "a.b", "args": "'"}, "never closed"),
        ({"func": "a.b", "args": "@/etc/passwd"}, "reads no file"),
        ({"func": "a.b", "args": "k:=@/etc/passwd"}, "reads no file"),
        ({"func": "a.b", "due": "99999999999d"}, "more than ten years"),
        ({"func": "a.b", "due": "2026-13-01"}, "is no time"),
        ({"func": "a.b", "due": "tomorrow"}, "like 10m or 2h30m from now, or like 2026"),
        ({"func": "a.b", "due": "in 5x"}, "'5x' is no duration"),
        ({"func": "a.b", "retry": "-1"}, "3:10,60"),
        ({"func": "a.b", "timeout": "soon"}, "no time-out"),
        ({"func": "a.b", "job_id": "a b"}, "a job's id"),
        ({"func": "a.b", "queue": "a,b"}, "name of a queue"),
    ],
)
def test_a_new_job_that_cannot_be_says_why(typed: dict[str, str], says: str) -> None:
    with pytest.raises(PantryError, match=says):
        new_job.read(typed, files=False)


async def test_a_copy_is_called_with_other_arguments(settings: Settings) -> None:
    actor = FakeActor(total=1)
    app = fixed(settings, actor)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "Y")
        await heard(pilot)
        await press(pilot, "A")
        assert "s3cret" not in screen(app)
        await press(pilot, "down", "down", "down", "end", "x", "tab", "enter")
        assert "line 4, column 6: Expecting ',' delimiter" in screen(app)
        await press(pilot, "delete", "backspace", *"44", "tab")
        assert "+     44" in screen(app)
        await press(pilot, "enter")
        assert "other arguments" in screen(app)
        await press(pilot, "enter")
        _, (plan, _) = actor.asked[-1]
        assert plan.options.call is not None
        assert pickle.loads(zlib.decompress(plan.options.call[0])) == (
            "app.mail.send",
            None,
            ("chi@ex.org", 44),
            {"lang": "en", "api_token": "s3cret"},
        )
        assert "s3cret" not in plan.command


def situation(verb: str) -> Session:
    """One in which that can be done to queue emails, worker web-1.4100 and alert web-1.4100."""
    now = snapshot()
    queues = [replace(queue, paused=verb == "resume") if queue.name == "emails" else queue for queue in now.queues]
    workers = [
        replace(one, verdict="ghost" if verb == "forget" else "ok") if one.name == "web-1.4100" else one
        for one in now.workers
    ]
    now = replace(now, queues=tuple(queues), workers=tuple(workers), suspended=verb == "resume")
    session = Session("x", snapshot=now)
    if verb == "unacknowledge":
        ack = Ack(SafeText("web-1.4100"), SafeText("chi"), now.taken_at + timedelta(hours=1))
        session.kept = KeptAlerts({ack.key: ack})
    return session


def test_every_action_is_a_key_and_words() -> None:
    assert {action.name for actions in by_key().values() for action in actions} == set(ACTIONS)
    for action in ACTIONS.values():
        chosen = Chosen(action.noun, "x", Selection(queues=("emails",), ids=("web-1.4100",)), frozenset(action.states))
        session = situation(action.verb)
        act = commands.understand("enqueue app.a.b" if action.verb == "enqueue" else action.verb)
        assert isinstance(act, verbs.Said), action.name
        assert verbs.action_of(act, chosen, session) == action or action.noun == "trash", action.name
        offered = {offer.key: offer.action for offer in offers(chosen, session)}
        assert offered[action.key] is not None, f"{action.name} has a key there"
    assert verbs.understand("enqueue now --at-front") == verbs.understand("enqueue-now --at-front")
    emptied = verbs.understand("trash empty")
    assert emptied is not None
    assert verbs.action_of(emptied, None, situation("empty")).name == "trash.empty"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("move --to", "needs a value"),
        ("move low", "does not know 'low'"),
        ("move '", "never closed"),
        ("cancel --to low", "jobs cancel takes --dependents, --parents, --reason"),
        ("fail", "For started jobs"),
        ("pause", "pause is done to queues"),
        ("retry now", "For failed or scheduled jobs|For scheduled jobs"),
    ],
)
def test_words_that_cannot_be_done_say_why(text: str, says: str) -> None:
    chosen = Chosen("jobs", "x", Selection(ids=("j",)), frozenset({"queued"}))
    with pytest.raises(PantryError, match=says):
        verbs.action_of(verbs.understand(text) or verbs.Said(""), chosen, Session("x", snapshot=snapshot()))


def test_the_keys_of_actions_take_no_key_of_a_screen() -> None:
    # These lie over screens, whose keys do nothing then; a remedy is an action of the table itself.
    over = {"dialog", "confirm", "tick", "choice", "progress", "help", "remedy"}
    looking = [key for key in KEYS if key.scope not in over]
    taken = {name for key in looking for name in (*key.keys, *(key.opposite[0] if key.opposite else ()))}
    assert not taken & {key for _, key in by_key()}
