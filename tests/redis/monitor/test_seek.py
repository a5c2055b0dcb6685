"""Windows far down many merged registries, against all entries sorted here."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

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
    order: list[tuple[float, int, int, str]] = []
    for index, queue in enumerate(QUEUES):
        found = redis_client.zrange(f"rq:finished:{queue}", 0, -1, desc=newest_first, withscores=True)
        sign = -1 if newest_first else 1
        order += [(sign * score, index, place, job.decode()) for place, (job, score) in enumerate(found)]
    expected = [job for *_, job in sorted(order)]
    for start in (0, 1, 400, 513, len(expected) // 2, len(expected) - 60, len(expected) - 1, len(expected) + 5):
        del trips[:]
        found = window(redis_client, KEYS, "finished", queue=QUEUES, start=start, count=20, newest_first=newest_first)
        assert [row.id for row in found.rows] == expected[max(0, start) : max(0, start) + 20]
        assert found.total == len(expected)
        assert len(trips) < 80


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
