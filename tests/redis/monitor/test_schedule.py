"""Schedules written by RQ's own scheduler and CronScheduler, and by rq-scheduler as its source writes them."""

from __future__ import annotations

import json
import pickle
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rq import Queue
from rq.cron import CronScheduler

from pantry_queue.keys import Keys
from pantry_queue.monitor import cron, schedule

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def test_scheduled_jobs_soonest_first_and_who_sees_to_them(redis_client: Redis) -> None:
    now = datetime.now(UTC)
    for queue, delays in (("a", (3600, -120)), ("b", (60,))):
        for delay in delays:
            Queue(queue, connection=redis_client).enqueue_at(
                now + timedelta(seconds=delay), "math.sqrt", 4, job_id=f"{queue}{delay}"
            )
    redis_client.set("rq:scheduler-lock:b", "host.1.abc", ex=60)
    found = schedule.read(redis_client, KEYS)
    assert [one.row.id for one in found.due] == ["a-120", "b60", "a3600"]
    assert (found.total, found.late) == (3, 1)
    assert 118 < found.due[0].late < 180
    assert [one.late for one in found.due[1:]] == [0, 0]
    assert found.due[2].row.at == now.replace(microsecond=0) + timedelta(hours=1)
    assert found.unattended == ("a",)
    assert found.notes == ("queue a: 2 scheduled and no scheduler runs for it, 1 of them overdue",)
    assert [trouble.queue for trouble in found.troubles] == ["a"]
    assert [(lock.queue, lock.holder) for lock in found.schedulers] == [("b", "host.1.abc")]
    assert [one.row.id for one in schedule.read(redis_client, KEYS, count=1, start=1).due] == ["b60"]


def test_entries_of_a_cron_scheduler(redis_client: Redis) -> None:
    running = CronScheduler(connection=redis_client, name="crond-1")
    running.register(print, "mails", cron="30 4 * * 1", name="weekly")
    running.register(print, "reports", args=("x",), interval=300)
    running.register_birth()
    running.save()
    found = schedule.read(redis_client, KEYS)
    weekly = next(entry for entry in found.cron if entry.name == "weekly")
    often = next(entry for entry in found.cron if entry.name != "weekly")
    assert (weekly.func, weekly.queue, weekly.rule) == ("builtins.print", "mails", "30 4 * * 1")
    assert weekly.words == "At 04:30, only on Monday"
    assert (often.rule, often.words, often.queue) == ("every 300 s", "Every 5 minutes", "reports")
    assert weekly.next_at
    assert weekly.next_at > found.at
    assert (weekly.missed, weekly.alive, weekly.scheduler, weekly.by) == (False, True, "crond-1", "rq")
    assert found.notes == ()


def test_missed_runs_and_a_silent_scheduler(redis_client: Redis) -> None:
    due = (datetime.now(UTC) - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    entry = {"func_name": "app.f", "name": "n", "queue_name": "q", "cron": "* * * * *", "next_enqueue_time": due}
    redis_client.zadd("rq:cron_schedulers", {"old": time.time() - 900})
    redis_client.hset("rq:cron_scheduler:old", mapping={"cron_jobs": json.dumps([entry])})
    redis_client.zadd("rq:cron_job:n:jobs", {"j1": 1, "j2": 2})
    found = schedule.read(redis_client, KEYS)
    assert (found.cron[0].missed, found.cron[0].alive, found.cron[0].jobs) == (True, False, ("j2", "j1"))
    assert 595 < found.cron[0].late < 700
    assert "CronScheduler old has not been heard of for 90" in found.notes[0]
    assert found.troubles[0].scheduler == found.cron[0].scheduler


def test_rq_scheduler(redis_client: Redis) -> None:
    now = time.time()
    jobs = {
        "once": (now + 50, {}),
        "cron": (now - 500, {"cron_string": "*/5 * * * *"}),
        "often": (now + 9, {"interval": 3600, "repeat": 4}),
    }
    for job_id, (due, meta) in jobs.items():
        stored = {"description": "app.f()", "origin": "q", "meta": pickle.dumps(meta)}
        redis_client.hset(f"rq:job:{job_id}", mapping=stored)
        redis_client.zadd("rq:scheduler:scheduled_jobs", {job_id: int(due)})
    found = schedule.read(redis_client, KEYS)
    assert [(one.row.id, one.by) for one in found.due] == [
        ("cron", "rq-scheduler"),
        ("often", "rq-scheduler"),
        ("once", "rq-scheduler"),
    ]
    assert (found.total, found.late) == (3, 1)
    assert [(entry.name, entry.rule, entry.words, entry.missed) for entry in found.cron] == [
        ("cron", "*/5 * * * *", "Every 5 minutes", True),
        ("often", "every 3600 s", "Every hour, 4 times more", False),
    ]
    assert found.notes == ("rq-scheduler: 3 jobs wait and nobody holds its lock",)
    redis_client.set("rq:scheduler_lock", now, ex=70)
    assert schedule.read(redis_client, KEYS).notes == ()


@pytest.mark.parametrize(
    "text", ["", "nonsense", "* * * *", "99 99 * * *", "\x1b[2J * * * *", "*" * 500, "* * * * * * * * *"]
)
def test_what_is_no_cron_text_has_no_words(text: str) -> None:
    assert cron.in_words(text).isprintable()


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{}",
        b"[1, null, [], {}]",
        b"[" * 5000,
        b'[{"cron": 7, "interval": "x", "name": [1]}]',
        b"\xff",
        b'[{"interval": 1e400}]',
        b'[{"next_enqueue_time": "soon", "func_name": "\\u001b[0m"}]',
    ],
)
def test_damaged_entries_are_shown_as_far_as_they_go(redis_client: Redis, stored: bytes) -> None:
    redis_client.zadd("rq:cron_schedulers", {b"s\xff\x1b": time.time()})
    redis_client.hset(b"rq:cron_scheduler:s\xff\x1b", mapping={"cron_jobs": stored})
    found = schedule.read(redis_client, KEYS)
    for entry in found.cron:
        assert (entry.name + entry.func + entry.rule + entry.words + entry.scheduler).isprintable()


def test_keys_of_other_types(redis_client: Redis) -> None:
    for key in ("rq:cron_schedulers", "rq:scheduler:scheduled_jobs", "rq:scheduler_lock"):
        redis_client.rpush(key, "x")
    found = schedule.read(redis_client, KEYS)
    assert (found.due, found.cron, found.total) == ((), (), 0)


def test_another_prefix(redis_client: Redis) -> None:
    redis_client.sadd("{o}:queues", "{o}:queue:q")
    redis_client.zadd("{o}:scheduled:q", {"j": 4e9})
    redis_client.hset("{o}:job:j", mapping={"status": "scheduled", "description": "app.f()"})
    redis_client.zadd("{o}:cron_schedulers", {"c": time.time()})
    redis_client.hset("{o}:cron_scheduler:c", mapping={"cron_jobs": '[{"func_name": "app.g", "interval": 1}]'})
    found = schedule.read(redis_client, Keys("{o}"))
    assert [one.row.func for one in found.due] == ["app.f"]
    assert [entry.func for entry in found.cron] == ["app.g"]
