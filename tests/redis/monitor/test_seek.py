"""Windows far down many merged registries, against all entries sorted here."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import redis.exceptions as redis_errors

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.monitor.jobs import window

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()
QUEUES = [f"q{number:02}" for number in range(12)]
Scores = Callable[[random.Random, int], float]

SPREADS: dict[str, Scores] = {
    "even": lambda chosen, queue: float(chosen.randrange(10**6)),
    "all alike": lambda chosen, queue: 7.0,
    "few values": lambda chosen, queue: float(chosen.randrange(3)),
    "fractions": lambda chosen, queue: 1.7e9 + chosen.random() * 1e-3,
    "a queue apart": lambda chosen, queue: chosen.random() + (1e9 if queue == 3 else 0),
    "for ever and never": lambda chosen, queue: chosen.choice([math.inf, -1.0, 1.7e9 + chosen.random()]),
    "far apart": lambda chosen, queue: chosen.choice([1e-9, 1e300]) * chosen.random(),
    "only for ever": lambda chosen, queue: math.inf,
}


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("spread", SPREADS)
def test_any_window_of_any_spread(redis_client: Redis, spread: str, newest_first: bool, trips: list[int]) -> None:
    chosen = random.Random(11)
    for index, queue in enumerate(QUEUES):
        sizes = chosen.choice([0, 3, 200, 900])
        entries = {f"{queue}-{number}": SPREADS[spread](chosen, index) for number in range(sizes)}
        if entries:
            redis_client.zadd(f"rq:finished:{queue}", entries)
    expected = in_order(redis_client, QUEUES, newest_first=newest_first)
    for start in (0, 1, 400, 513, len(expected) // 2, len(expected) - 60, len(expected) - 1, len(expected) + 5):
        del trips[:]
        found = window(redis_client, KEYS, "finished", queue=QUEUES, start=start, count=20, newest_first=newest_first)
        assert [row.id for row in found.rows] == expected[max(0, start) : max(0, start) + 20]
        assert found.total == len(expected)
        assert len(trips) < 80


def in_order(client: Redis, queues: list[str], *, newest_first: bool) -> list[str]:
    """All ids as they are merged: by score, then queue, then as their registry has them."""
    order: list[tuple[float, int, int, str]] = []
    for index, queue in enumerate(queues):
        if client.type(f"rq:finished:{queue}") != b"zset":
            continue
        found = client.zrange(f"rq:finished:{queue}", 0, -1, desc=newest_first, withscores=True)
        sign = -1 if newest_first else 1
        order += [(sign * score, index, place, job.decode()) for place, (job, score) in enumerate(found)]
    return [job for *_, job in sorted(order)]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("spread", SPREADS)
def test_a_window_near_the_last_one_while_registries_change(
    redis_client: Redis, unscripted: Redis, spread: str, newest_first: bool
) -> None:
    chosen = random.Random(7)
    for index, queue in enumerate(QUEUES):
        for number in range(chosen.choice([0, 3, 100, 300])):
            redis_client.zadd(f"rq:finished:{queue}", {f"{queue}-{number}": SPREADS[spread](chosen, index)})
    redis_client.set("rq:finished:odd", "of another type")
    queues, start = [*QUEUES, "odd"], 600
    for step in range(24):
        expected = in_order(redis_client, queues, newest_first=newest_first)
        for client in (redis_client, unscripted):
            found = window(client, KEYS, "finished", queue=queues, start=start, count=20, newest_first=newest_first)
            assert [row.id for row in found.rows] == expected[start : start + 20], (step, start)
            assert found.total == len(expected)
        for index in chosen.sample(range(len(QUEUES)), 3):
            queue = QUEUES[index]
            if chosen.random() < 0.5:
                redis_client.zadd(f"rq:finished:{queue}", {f"new-{step}-{index}": SPREADS[spread](chosen, index)})
            else:
                redis_client.zpopmin(f"rq:finished:{queue}", chosen.choice([1, 1, 50]))
        start = chosen.choice([start, start, start + 20, max(0, start - 20), max(0, start - 300), 0, len(expected)])


def test_the_window_that_was_read_and_those_beside_it_cost_two_round_trips(
    redis_client: Redis, trips: list[int]
) -> None:
    pipe = redis_client.pipeline(transaction=False)
    for number in range(6000):
        pipe.zadd(f"rq:finished:q{number % 300}", {f"j{number:04}": 1.7e9 + number // 4})
    pipe.execute()
    queues = [f"q{number}" for number in range(300)]

    def first(start: int) -> str:
        del trips[:]
        return window(redis_client, KEYS, "finished", queue=queues, start=start, count=50).rows[0].id

    first(3000)
    assert len(trips) > 2, "it has to be searched for"
    for start in (3000, 3050, 3000, 2950):
        first(start)
        assert len(trips) == 2, "a stretch, and its rows"
    redis_client.config_resetstat()
    first(2950)
    commands = redis_client.info("commandstats")
    assert commands["cmdstat_zrevrange"]["calls"] <= 300 + 214, (
        "one a registry, and one for each that has entries there"
    )
    assert "cmdstat_zcount" not in commands, "what was counted before is proved, not counted again"


def test_registries_that_may_not_be_read_are_refused(redis_client: Redis, settings: Settings) -> None:
    redis_client.zadd("rq:finished:a", {f"j{number}": number for number in range(2000)})
    redis_client.zadd("rq:finished:b", {f"k{number}": number for number in range(2000)})
    redis_client.execute_command("ACL", "SETUSER", "some", "reset", "on", ">x", "~*", "+@all")
    assert settings.redis_url is not None
    some = connect(replace(settings, redis_url=settings.redis_url.replace("unix://", "unix://some:x@")))
    assert window(some, KEYS, "finished", queue=["a", "b"], start=1500, count=5).rows
    redis_client.execute_command("ACL", "SETUSER", "some", "resetkeys", "~rq:finished:a", "~rq:job:*")
    with pytest.raises(redis_errors.NoPermissionError):
        window(some, KEYS, "finished", queue=["a", "b"], start=1500, count=5)
    some.close()
    redis_client.execute_command("ACL", "DELUSER", "some")


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("spread", ["even", "all at once", "few moments", "a queue apart"])
def test_any_window_of_lists_that_are_in_order(
    redis_client: Redis, spread: str, newest_first: bool, trips: list[int]
) -> None:
    chosen = random.Random(5)
    began = datetime(2026, 11, 1, tzinfo=UTC)
    seconds = {
        "even": lambda queue: chosen.random() * 1e5,
        "all at once": lambda queue: 7.0,
        "few moments": lambda queue: float(chosen.randrange(3)),
        "a queue apart": lambda queue: chosen.random() + (1e6 if queue == 3 else 0),
    }[spread]
    order: list[tuple[float, int, int, str]] = []
    pipe = redis_client.pipeline(transaction=False)
    for index, queue in enumerate(QUEUES):
        listed = [
            (at, f"{queue}-{number}")
            for number, at in enumerate(sorted(seconds(index) for _ in range(chosen.choice([0, 3, 200, 900]))))
        ]
        for at, job in listed:
            pipe.rpush(f"rq:queue:{queue}", job)
            stamp = f"{began + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S.%fZ}"
            pipe.hset(f"rq:job:{job}", mapping={"status": "queued", "enqueued_at": stamp})
        if newest_first:
            listed.reverse()
        order += [(-at if newest_first else at, index, place, job) for place, (at, job) in enumerate(listed)]
    pipe.execute()
    expected = [job for *_, job in sorted(order)]
    for start in (0, 513, len(expected) // 2, len(expected) - 30, len(expected) + 5):
        del trips[:]
        found = window(redis_client, KEYS, "queued", queue=QUEUES, start=start, count=20, newest_first=newest_first)
        assert [row.id for row in found.rows] == expected[start : start + 20]
        assert found.total == len(expected)
        assert len(trips) < 150


def test_far_down_a_list_what_comes_before_is_not_read(redis_client: Redis) -> None:
    pipe = redis_client.pipeline(transaction=False)
    for number in range(20_000):
        pipe.rpush(f"rq:queue:q{number % 2}", f"j{number}")
        stamp = f"{datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S.%fZ}"
        pipe.hset(f"rq:job:j{number}", "enqueued_at", stamp)
    pipe.execute()
    redis_client.config_resetstat()
    found = window(redis_client, KEYS, "queued", queue=["q0", "q1"], start=10_000, count=3, newest_first=False)
    assert [row.id for row in found.rows] == ["j10000", "j10001", "j10002"]
    assert redis_client.info("commandstats")["cmdstat_hget"]["calls"] < 2000
