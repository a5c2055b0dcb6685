"""What needs an operator on the command line, with what was sampled before; and answering for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from redis import Redis
from rq import Queue

from pantry_queue import history
from pantry_queue.alerting.watcher import Orders, Watcher
from pantry_queue.config import Settings
from pantry_queue.connection import connect, describe
from pantry_queue.control.commands import acknowledging
from pantry_queue.keys import Keys
from pantry_queue.monitor import kept_alerts, snapshot
from pantry_queue.monitor.alarms import Change
from pantry_queue.monitor.alert_rules import Rules
from pantry_queue.monitor.model import Counts, Snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.recalling import recall
from tests.redis.engines.servers import until

from .conftest import Cli
from .inside import cli

__all__ = ["cli"]
KEYS = Keys()


@pytest.fixture
def two(redis_client: Redis) -> Redis:
    """30 jobs wait in `grows`, 30 in `shrinks`, which a worker listens to as far as anybody can tell."""
    for name in ("grows", "shrinks"):
        for number in range(30):
            Queue(name, connection=redis_client).enqueue("time.sleep", 0, job_id=f"{name}-{number}")
    redis_client.sadd("rq:workers", "rq:worker:w")
    redis_client.hset(
        "rq:worker:w", mapping={"queues": "grows,shrinks", "state": "busy", "birth": "2026-11-24T00:00:00Z"}
    )
    for name in ("grows", "shrinks"):
        redis_client.sadd(f"rq:workers:{name}", "rq:worker:w")
    return redis_client


def sampled(client: Redis, *, back: int = 60, step: int = 10, skip: tuple[int, ...] = ()) -> None:
    """Samples of the last minute: one queue came from 0 to 30, the other from 150 to 30, with a job a second ending."""
    now = snapshot.take(client, KEYS, target="t")
    rates = RateHistory()
    for ago in range(back, 0, -1):
        past = at(now, ago)
        rates.observe(past)
        if ago % step == 0 and ago not in skip:
            client.delete(KEYS.history_lock)
            assert history.record(client, KEYS, past, rates)


def at(now: Snapshot, ago: int) -> Snapshot:
    depth = {"grows": 30 - ago // 2, "shrinks": 30 + 2 * ago}
    queues = tuple(
        replace(one, counts=Counts(queued=depth[one.name], started=1, finished=1000 - ago)) for one in now.queues
    )
    return replace(now, taken_at=now.taken_at - timedelta(seconds=ago), queues=queues)


def test_one_look_knows_what_was_sampled(cli: Cli, two: Redis) -> None:
    unknown = cli("status", "--json").json()
    assert [queue["drain"] for queue in unknown["queues"]] == [None, None]
    assert cli("check", "--max-drain", "1h").code == 3
    sampled(two)
    document = cli("status", "--json").json()
    grows, shrinks = document["queues"]
    assert (grows["drain"], grows["drains_in"]) == ("never", None)
    assert grows["stalled_for"] < 15, "it worked when it was sampled last"
    assert shrinks["drain"] == "draining"
    assert 10 < shrinks["drains_in"] < 20
    assert shrinks["out_per_s"] == pytest.approx(1.0, rel=0.4)
    assert document["flow"]["out_per_s"] == pytest.approx(2.0, rel=0.4)
    assert [
        (one["alert"], one["level"], one["acknowledged"]) for one in document["alerts"] if one["code"] == "grows"
    ] == [("grows:grows", "warning", None)]
    shown = cli("status").out
    assert "DRAINS" in shown
    assert "never" in shown
    late = cli("check", "--max-drain", "shrinks=5:5m", "--max-growth", "grows=9:10")
    assert (late.code, "drain of shrinks is 1" in late.out, "'growth grows'=0." in late.out) == (1, True, True)
    stuck = cli("check", "--max-drain", "10m:1h")
    assert (stuck.code, "drain is without end (critical)" in stuck.out, "'drain'=U;600;3600;0" in stuck.out) == (
        2,
        True,
        True,
    )
    assert cli("check", "--max-growth", "0.1:100", "--queue", "shrinks").code == 0


def test_nothing_is_known_beyond_a_gap(two: Redis, settings: Settings) -> None:
    sampled(two, back=120, skip=(50, 40))
    past = recall(two, KEYS, describe(settings))
    assert past.span() == pytest.approx(20, abs=2)
    assert past.reach() == pytest.approx(110, abs=2)
    assert [flow.out_per_s is None for flow in past.series(10.0, 20)].count(True) >= 3, "a gap is a gap"
    assert all(flow.out_per_s is None or flow.out_per_s < 4 for flow in past.series(10.0, 20))
    assert None in past.depths(10.0, 20)
    two.delete(KEYS.history, KEYS.history_month)
    sampled(two, back=120, skip=(10, 20, 30, 40))
    assert recall(two, KEYS, describe(settings)).span() == 0, "what was long ago says nothing of now"


def test_answering_for_an_alert(cli: Cli, two: Redis) -> None:
    two.delete("rq:workers", "rq:workers:grows", "rq:workers:shrinks", "rq:worker:w")
    key = "no-worker:grows"
    listed = cli("alerts", "list", "--json").json()
    assert [(one["alert"], one["acknowledged"]) for one in listed] == [(key, None), ("no-worker:shrinks", None)]
    assert cli("--read-only", "alerts", "acknowledge", key).code == 4
    assert cli("alerts", "acknowledge", key, "--dry-run").code == 0
    assert not two.exists("pantry:alerts:acks")
    for wrong in ("nonsense", "nonsense:grows", f"depth:{'x' * 300}"):
        assert cli("alerts", "acknowledge", wrong).code == 2
    done = cli("alerts", "acknowledge", key, "--for", "10m", "--as", "ana\x1b[2J", "--reason", "deploying")
    assert (done.code, done.out) == (0, "1 alert acknowledged.\n")
    checked = cli("check", "--alerts")
    assert checked.code == 2
    assert checked.out.startswith("PANTRY CRITICAL - shrinks: no worker listens; 30 wait (critical) |")
    assert cli("check", "--alerts", "--queue", "grows").code == 0, "somebody answers for it"
    last, first = (one["acknowledged"] for one in reversed(cli("alerts", "list", "--json").json()))
    assert (first, last["reason"], "\x1b" in last["by"], last["by"].startswith("ana")) == (
        None,
        "deploying",
        False,
        True,
    )
    assert "answers for it" in cli("status").out
    entry = cli("audit", "--jsonl").lines()[-1]
    assert (entry["action"], entry["event"]) == ("alerts.acknowledge", "outcome")
    assert cli("alerts", "unacknowledge", key).out == "1 alert told again.\n"
    again = cli("alerts", "unacknowledge", key)
    assert (again.code, "nobody had acknowledged it" in again.out) == (1, True)


def test_a_watcher_is_quiet_about_what_somebody_answers_for(cli: Cli, two: Redis, settings: Settings) -> None:
    """As the operator of the guide, who may do no more than that needs."""
    from tests.redis.control.test_acl import RULES, words

    two.delete("rq:workers", "rq:workers:grows", "rq:workers:shrinks", "rq:worker:w")
    assert cli("alerts", "acknowledge", "no-worker:grows").code == 0
    two.execute_command("ACL", "SETUSER", "tried", "reset", "on", ">pw", *words(RULES["Operator"]))
    two.execute_command("ACL", "LOG", "RESET")
    here = replace(settings, redis_url=str(settings.redis_url).replace("unix://", "unix://tried:pw@"))
    changes: list[Change] = []
    orders = Orders(Rules(hold=0.0), interval=0.05)
    watcher = Watcher(here, KEYS, orders, None, changed=changes.append, tell=lambda _: None)
    end = Event()
    thread = Thread(target=watcher.run, args=(end,))
    thread.start()
    try:
        until(lambda: bool(changes))
        assert cli("alerts", "unacknowledge", "no-worker:grows").code == 0
        until(lambda: len(changes) == 2)
    finally:
        end.set()
        thread.join()
    assert [(one.what, one.alert.key) for one in changes] == [
        ("started", "no-worker:shrinks"),
        ("started", "no-worker:grows"),
    ]
    assert two.execute_command("ACL", "LOG") == []
    two.execute_command("ACL", "SETUSER", "tried", "reset", "on", ">pw", *words(RULES["Viewer"]))
    viewer = connect(here)
    assert len(kept_alerts.read(viewer, KEYS).alarms) == 2
    viewer.close()
    two.execute_command("ACL", "DELUSER", "tried")


def test_acknowledgements_are_bounded_and_damage_is_left_out(
    cli: Cli, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "MOST_ACKS", 2)
    stored: dict[str, Any] = {
        "paused:a": "{",
        "paused:b": "[]",
        "paused:c": '{"until": 1e999}',
        "paused:d": '{"until": 5}',
    }
    redis_client.hset("pantry:alerts:acks", mapping=stored)
    assert kept_alerts.read(redis_client, KEYS).acks == {}
    assert cli("alerts", "acknowledge", "paused:1", "paused:2").code == 0
    assert redis_client.hlen("pantry:alerts:acks") == 2, "what is over or damaged was taken out"
    full = cli("alerts", "acknowledge", "paused:1", "paused:3", "--for", "30d")
    assert (full.code, "too many are acknowledged" in full.out) == (1, True)
    assert redis_client.ttl("pantry:alerts:acks") > 29 * 86_400
