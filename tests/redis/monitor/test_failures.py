"""Failures grouped, made by real workers and by hand, looked at once and again."""

from __future__ import annotations

import base64
import time
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rq import Queue, SimpleWorker

from pantry_queue.keys import Keys
from pantry_queue.monitor import failure_groups, failures
from pantry_queue.monitor.model import FailureGroup, FailureReport

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def planted(client: Redis, job_id: str, error: str, *, queue: str = "q", ago: float = 60, runs: int = 1) -> None:
    """A failed job as RQ stores it, failed so many seconds ago."""
    at = time.time() - ago
    text = f'Traceback (most recent call last):\n  File "/srv/app/tasks.py", line 7, in work\n    x\n{error}\n'
    client.sadd("rq:queues", f"rq:queue:{queue}")
    client.zadd(f"rq:failed:{queue}", {job_id: at + 31_536_000})
    ended = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    client.hset(f"rq:job:{job_id}", mapping={"status": "failed", "description": "app.work(1)", "ended_at": ended})
    packed = base64.b64encode(zlib.compress(text.encode()))
    client.delete(f"rq:results:{job_id}")
    for run in range(runs):
        stamp = f"{int(at * 1000) - (runs - run - 1) * 1000}-1"
        client.xadd(f"rq:results:{job_id}", {"type": 2, "exc_string": packed}, id=stamp)


def looked(grouping: failures.Grouping, client: Redis) -> FailureReport:
    for _ in grouping.look(client, KEYS):
        pass
    return grouping.report()


def told(report: FailureReport) -> list[tuple[str, int]]:
    return [(str(group.message), group.count) for group in report.groups]


def test_failures_of_real_workers(redis_client: Redis) -> None:
    mails, reports = Queue("mails", connection=redis_client), Queue("reports", connection=redis_client)
    for number in range(3):
        mails.enqueue("operator.truediv", number, 0, job_id=f"m{number}")
    reports.enqueue("operator.truediv", 9, 0, job_id="r0", description="by hand")
    reports.enqueue("math.sqrt", -4, job_id="r1")
    reports.enqueue("nowhere.at_all", job_id="r2")
    SimpleWorker([mails, reports], connection=redis_client).work(burst=True)
    report = failures.groups(redis_client, KEYS)
    assert (report.looked, report.total, report.expired) == (6, 6, 0)
    largest = report.groups[0]
    assert (largest.func, largest.exception) == ("operator.truediv", "ZeroDivisionError")
    assert largest.message == "division by zero"
    assert (largest.count, largest.queues) == (4, (("mails", 3), ("reports", 1)))
    assert (largest.last_hour, largest.last_day, largest.last_week, largest.retried) == (4, 4, 4, 0)
    assert largest.error == "ZeroDivisionError: division by zero"
    assert largest.sample in ("m0", "m1", "m2", "r0")
    assert largest.first_at
    assert largest.last_at
    assert 0 <= (report.at - largest.last_at).total_seconds() < 60
    assert {group.exception for group in report.groups[1:]} >= {"ValueError"}
    members = [row.id for chunk in failures.members(redis_client, KEYS, {largest.signature}) for row in chunk.rows]
    assert sorted(members) == ["m0", "m1", "m2", "r0"]


def test_trend_first_last_and_retried(redis_client: Redis) -> None:
    for number, ago in enumerate((60, 1800, 2 * 3600, 3 * 86400, 30 * 86400)):
        planted(redis_client, f"j{number}", f"ValueError: no receipt {number}", ago=ago, runs=2 if number < 2 else 1)
    (group,) = failures.groups(redis_client, KEYS).groups
    assert (group.count, group.last_hour, group.last_day, group.last_week) == (5, 2, 3, 4)
    assert (len(group.hours), sum(group.hours), group.hours[-1]) == (24, group.last_day, group.last_hour)
    assert group.retried == 2
    assert group.sample == "j0"
    assert group.first_at
    assert group.last_at
    assert abs((group.last_at - group.first_at).total_seconds() - (30 * 86400 - 60)) < 2


def test_a_second_look_reads_only_what_is_new(redis_client: Redis, trips: list[int]) -> None:
    for number in range(300):
        planted(redis_client, f"a{number}", "ValueError: a", ago=100 + number)
    grouping = failures.Grouping()
    assert told(looked(grouping, redis_client)) == [("a", 300)]
    del trips[:]
    assert told(looked(grouping, redis_client)) == [("a", 300)]
    assert len(trips) <= 3, "names and what stands at the top, nothing more"
    planted(redis_client, "new", "KeyError: b", ago=1)
    redis_client.zrem("rq:failed:q", "a0", "a1", "a7")
    report = looked(grouping, redis_client)
    assert told(report) == [("a", 297), ("b", 1)]
    assert report.groups[0].sample == "a2", "the newest of those that are left"
    redis_client.zrem("rq:failed:q", "new")
    assert told(looked(grouping, redis_client)) == [("a", 297)]
    redis_client.zrem("rq:failed:q", *(f"a{number}" for number in range(290)))
    looked(grouping, redis_client)
    report = looked(grouping, redis_client)
    assert (told(report), report.groups[0].sample) == ([("a", 10)], "a290")


def test_what_is_counted_again_is_what_a_fresh_look_counts(redis_client: Redis) -> None:
    grouping = failures.Grouping()
    for turn in range(6):
        for number in range(40):
            error = f"ValueError: {'ab'[number % 2]}"
            planted(redis_client, f"{turn}-{number}", error, queue=f"q{number % 3}", ago=turn)
        planted(redis_client, f"{turn}-0", "KeyError: failed again", ago=0, runs=2)
        redis_client.zrem("rq:failed:q1", f"{turn}-1", f"{turn}-4", f"{turn - 1}-7")
        again, fresh = looked(grouping, redis_client), failures.groups(redis_client, KEYS)
        assert [plain(group) for group in again.groups] == [plain(group) for group in fresh.groups]
        assert (again.looked, again.total) == (fresh.looked, fresh.total)


def plain(group: FailureGroup) -> tuple[object, ...]:
    return (group.signature, group.count, sorted(group.queues), group.last_hour, group.retried)


def test_bounded_to_the_newest_and_stopped_half_way(redis_client: Redis) -> None:
    for number in range(1500):
        planted(redis_client, f"j{number}", "ValueError: x", ago=number)
    report = failures.groups(redis_client, KEYS, scan=700)
    assert (report.looked, report.total, told(report)) == (700, 1500, [("x", 700)])
    grouping = failures.Grouping()
    look = grouping.look(redis_client, KEYS)
    next(look)
    look.close()
    assert told(grouping.report()) == [("x", 64)]
    assert told(looked(grouping, redis_client)) == [("x", 1500)]


def test_ids_whose_job_is_gone_and_damaged_ones(redis_client: Redis) -> None:
    redis_client.sadd("rq:queues", "rq:queue:q")
    redis_client.zadd("rq:failed:q", {"gone": 4e9, "text": 4e9, "odd": 4e9})
    redis_client.set("rq:job:text", "no hash")
    redis_client.hset("rq:job:odd", mapping={"status": "failed", "exc_info": zlib.compress(b"only words 17")})
    redis_client.set("rq:results:odd", "no stream")
    report = failures.groups(redis_client, KEYS)
    assert report.expired == 1
    assert sorted(told(report)) == [("", 1), ("only words ‹n›", 1)]


def test_messages_made_up_all_different_do_not_fill_the_memory(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_groups, "MOST_GROUPS", 10)
    for number in range(60):
        planted(redis_client, f"j{number}", f"ValueError: {chr(97 + number % 26)}{chr(97 + number // 26)}z", ago=number)
    report = failures.groups(redis_client, KEYS)
    assert len(report.groups) == 11
    assert (report.groups[0].signature, report.groups[0].count) == ("others", 50)


def test_another_prefix(redis_client: Redis) -> None:
    redis_client.sadd("{o}:queues", "{o}:queue:q")
    redis_client.zadd("{o}:failed:q", {"j": 4e9})
    redis_client.hset("{o}:job:j", mapping={"status": "failed", "description": "app.f()"})
    (group,) = failures.groups(redis_client, Keys("{o}")).groups
    assert (group.func, group.sample) == ("app.f", "j")
