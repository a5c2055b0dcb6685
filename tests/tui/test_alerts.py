"""Alerts in the console: answered for by a key, seen by everybody, and told by bell and notification on request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rq import Queue, SimpleWorker

from console.alert_settings import AlertSettings
from console.tui import grouping
from console.tui.app import ConsoleApp
from console.tui.grouping import MetNeed
from console.tui.ringing import sequence, way_for
from console.tui.sampling import Flows, Sampler
from console.tui.source import Reading
from pantry_queue.alerting import state
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.control import audit
from pantry_queue.keys import Keys
from pantry_queue.monitor import kept_alerts, snapshot
from pantry_queue.monitor.alert_rules import NEW_FAILURE, Rules
from tests.redis.engines.servers import until
from tests.tui.acting_kit import heard
from tests.tui.ptykit import Pty
from tests.tui.support import line_with, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis
    from textual.pilot import Pilot

Make = Callable[..., ConsoleApp]
KEYS = Keys()


async def test_an_alert_is_answered_for_and_told_again(
    live_console: Make, shop: dict[str, str], redis_client: Redis
) -> None:
    app = live_console(profile="prod")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        assert "Needs you (1)" in screen(app)
        await press(pilot, "tab", "O")
        await heard(pilot)
        assert "empty: 1h" in screen(app)
        await press(pilot, *"soon", "enter")
        assert "is no duration" in screen(app)
        await press(pilot, *["backspace"] * 4, *"30m", "enter")
        assert "acknowledged" in line_with(app, "Needs you", "nothing")
        shown = line_with(app, "later", "until", "no worker")
        assert "!!" not in shown
        (ack,) = kept_alerts.read(redis_client, KEYS).acks.values()
        assert (ack.key, "@" in ack.by) == ("no-worker:later", True)
        entry = audit.newest(redis_client, KEYS, 1)[0]
        assert (entry.action, entry.via, dict(entry.facts)["profile"]) == ("alerts.acknowledge", "tui", "prod")
        # Another console sees it, and one that may not write refuses.
        other = live_console(read_only=True)
        async with other.run_test(size=(80, 24), notifications=True) as second:
            await settle(second)
            assert ack.by in line_with(other, "later", "until")
            await press(second, "tab", "O")
            assert "read-only" in screen(other)
            assert kept_alerts.read(redis_client, KEYS).acks
        await press(pilot, "O")
        assert "Needs you (1)" in screen(app)
        assert not kept_alerts.read(redis_client, KEYS).acks


async def test_a_new_kind_of_failure_is_told_once_wherever_the_operator_is(
    live_console: Make, shop: dict[str, str], redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "_BESIDE_EVERY", 0.0)
    monkeypatch.setattr(grouping, "_REST_BESIDE", 0.0)

    def failing(queue: str, *arguments: object) -> None:
        Queue(queue, connection=redis_client).enqueue("operator.truediv", *arguments)
        SimpleWorker([Queue(queue, connection=redis_client)], connection=redis_client).work(burst=True)

    app = live_console(alerts=AlertSettings(Rules(hold=0.0)))
    told: list[str] = []

    async def again(pilot: Pilot[object]) -> None:
        await press(pilot, "r")
        told.extend(f"{one.what} {one.alert.code}" for one in app.session.changes if one.alert.code == NEW_FAILURE)

    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await again(pilot)
        assert not told, "what was there when the console was opened is not new"
        await press(pilot, "2")
        failing("emails", 1, 0)
        await again(pilot)
        assert told == ["started new-failure"], "on whatever screen"
        for _ in range(2):
            failing("images", 2, 0)
            await again(pilot)
        assert len(told) == 1, "more of it are not new"
        await press(pilot, "1")
        assert "new kind of failure" in line_with(app, "!  ZeroDivisionError")
        ((key, said),) = [(one.key, one.text) for one in app.session.alerts if one.code == NEW_FAILURE]
        assert said.endswith("operator.truediv: ZeroDivisionError: division by zero; 3 jobs")
        before = redis_client.info("commandstats")
        await again(pilot)
        after = redis_client.info("commandstats")
        assert after["cmdstat_xrevrange"] == before["cmdstat_xrevrange"], "nothing failed since: no failure is read"
        await press(pilot, "7")
        assert "new kind of failure" in screen(app), "Doctor says it too"
    # Where somebody watches, a console that is opened later knows what that has met, and says it as that does.
    redis_client.set(KEYS.alert_lock, "another")
    state.save_kinds(redis_client, KEYS, {"known": (0.0, 1.0)})
    late = live_console()
    async with late.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert key in {alert.key for alert in late.session.alerts}
        assert not late.session.changes, "and rings for nothing that was there"
    quiet = live_console(alerts=AlertSettings(Rules(muted=frozenset({NEW_FAILURE}))))
    async with quiet.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert MetNeed() not in quiet.needs().beside


def test_who_may_not_look_at_failures_sees_the_rest(
    live_console: Make, shop: dict[str, str], redis_client: Redis, settings: Settings
) -> None:
    def reading(rule: str) -> Reading:
        redis_client.execute_command("ACL", "SETUSER", "half", "reset", "on", ">pw", *rule.split())
        here = replace(settings, redis_url=str(settings.redis_url).replace("unix://", "unix://half:pw@"))
        return Reading(connect(here, "reader"), KEYS, here)

    found = MetNeed().read(reading("~rq:queues ~rq:workers* -@all +@read +@connection"))
    assert found.report is None or not found.report.groups
    whole = MetNeed().read(reading("~* -@all +@read +@connection"))
    assert whole.report is not None
    assert len(whole.report.groups) >= 1
    redis_client.execute_command("ACL", "DELUSER", "half")


async def test_only_a_console_that_may_write_samples(
    live_console: Make, shop: dict[str, str], redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.tui.sampling._EVERY", 0.0)
    async with live_console(read_only=True).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "r", "r")
    assert not redis_client.keys("pantry:history*")
    async with live_console().run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        until(lambda: redis_client.xlen(KEYS.history) == 1)


def test_a_sampler_waits_and_does_not_ask_twice_for_what_is_refused(settings: Settings, redis_client: Redis) -> None:
    now = [100.0]
    taken = snapshot.take(redis_client, KEYS, target="t")
    redis_client.execute_command("ACL", "SETUSER", "looks", "reset", "on", ">pw", "~*", "-@all", "+hello", "+auth")
    viewer = replace(settings, redis_url=str(settings.redis_url).replace("unix://", "unix://looks:pw@"))
    for user, kept in ((viewer, False), (settings, True)):
        sampler = Sampler(user, clock=lambda: now[0])
        assert not sampler.due, "a console that is open for a moment leaves nothing behind"
        now[0] += 11
        assert sampler.due
        sampler.keep(taken, Flows({}))
        sampler.close()
        until(lambda sampler=sampler: sampler._writing.done())  # type: ignore[misc]
        now[0] += 11
        assert (sampler.due, redis_client.exists(KEYS.history)) == (kept, int(kept))
    redis_client.execute_command("ACL", "DELUSER", "looks")


def test_bell_and_notification_of_a_hostile_name(settings: Settings, redis_client: Redis, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[alerts]\nhold = "0"\nbell = true\ndesktop = "osc777"\n')
    environment = {"PANTRY_REDIS_URL": str(settings.redis_url), "PANTRY_CONFIG": str(config)}
    Queue("before", connection=redis_client).enqueue("a.b")
    pty = Pty([sys.executable, "-m", "console"], (80, 24), environment)
    try:
        pty.wait("before")
        pty.gather(0.5)
        assert b"\x07" not in pty.raw.replace(b"\x1b]0;", b"").split(b"before")[-1]
        Queue("evil\x07\x1b]0;owned\x07", connection=redis_client).enqueue("a.b")
        pty.wait("x1b]0;owned")
        pty.gather(0.3)
        pty.send("q")
        pty.wait_end()
    finally:
        pty.close()
    told = pty.raw.split(b"\x1b]777;notify;pantry-console;")
    assert len(told) == 2, "once, and not for what was there before"
    assert told[1].split(b"\x07")[0].decode().endswith("no worker listens; 1 wait")
    assert b"\x1b]0;owned" not in pty.raw
    assert b"\x07" in told[0]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;pantry-console: a\\x07b\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;pantry-console;a\\x07b\x07"),
        ({"TERM": "xterm", "VTE_VERSION": "7600"}, "\x1b]777;notify;pantry-console;a\\x07b\x07"),
        ({"TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;pantry-console: a\\x07b\x07\x1b\\"),
        ({"STY": "x"}, "\x1bP\x1b]9;pantry-console: a\\x07b\x07\x1b\\"),
    ],
)
def test_each_terminal_in_its_own_way(environment: dict[str, str], expected: str) -> None:
    assert sequence("a\x07b", way_for(environment), environment) == expected
