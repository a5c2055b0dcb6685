"""`functions list`: what a real PantryWorker has counted, what stock workers do not, and counts that are damaged."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis
from rq import Queue

from pantry_queue.keys import Keys
from pantry_queue.monitor.functions import read, reading, times
from pantry_queue.workers import stats
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker

from .conftest import Cli
from .inside import cli

__all__ = ["cli"]


def test_what_a_worker_counted(cli: Cli, history: Redis) -> None:
    stock = cli("functions", "list", "--json")
    assert (stock.code, stock.json()) == (0, [])
    assert "No PantryWorker has written anything in the last 1h" in stock.err
    queue = Queue("q", connection=history)
    for number in range(3):
        queue.enqueue("operator.truediv", 1, number, job_id=f"divided-{number}")
    queue.enqueue("time.sleep", 0.05, job_id="slept")
    queue.enqueue("time.sleep", 0, job_id="woke")
    PantryWorker([queue], connection=history, allow=AllowList(["*"])).work(burst=True)
    done = cli("functions", "list", "--jsonl")
    assert (done.code, done.err) == (0, "")
    division, sleep = done.lines()
    assert (division["func"], division["runs"], division["failures"]) == ("operator.truediv", 3, 1)
    assert division["failure_rate"] == 1 / 3
    assert division["wait"]["count"] == 3
    assert (sleep["runs"], sleep["failures"], sleep["slowest"]["id"]) == (2, 0, "slept")
    assert 0.05 <= sleep["slowest"]["seconds"] <= sleep["run"]["max"]
    assert sleep["run"]["p50"] <= sleep["run"]["p95"] <= sleep["run"]["max"]
    assert "33.3%" in cli("functions", "list", "--since", "1d").out
    assert cli("functions", "list", "--since", "soon").code == 2


def test_percentiles_are_within_a_factor_of_two() -> None:
    taken = [0.0004, 0.003, 0.02, 0.02, 0.021, 0.3, 1.5, 2.5, 60, 90]
    found = times(Counter(stats.bucket(seconds) for seconds in taken))
    assert found.p50 is not None
    assert found.p95 is not None
    assert found.max is not None
    assert 0.5 < found.p50 / 0.021 < 2
    assert 0.5 < found.p95 / 90 < 2
    assert 90 <= found.max < 180
    assert times(Counter()).max is None


@hypothesis_settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0.002, 5000), min_size=1, max_size=60))
def test_percentiles_against_the_numbers_themselves(taken: list[float]) -> None:
    found, ordered = times(Counter(stats.bucket(seconds) for seconds in taken)), sorted(taken)
    assert found.count == len(taken)
    for told, part in ((found.p50, 0.5), (found.p95, 0.95), (found.max, 1.0)):
        exact = ordered[ceil(part * len(ordered)) - 1]
        assert told is not None
        assert exact / 2 <= told <= 2 * exact, (part, told, exact)


def test_damage_and_time(cli: Cli, redis_client: Redis) -> None:
    now, keys = datetime.now(UTC), Keys()
    minute = int(now.timestamp()) // 60
    pipe = redis_client.pipeline()
    for name, back in (("new", 0), ("old", 7200)):
        at = now - timedelta(seconds=back)
        stats.count(pipe, keys, name, failed=True, enqueued=None, started=at, ended=at)
    damage = {"no bar": 1, "x|n": "many", "x|q": 3, "x|r99": 1, b"\xff\x1b[2J|n": "7", "|n": 9, "new|n": "-4" * 3000}
    pipe.hset(keys.stats(minute - 1), mapping=damage)
    pipe.hset(keys.stats(minute - 3), mapping={f"f{number}|n": 1 for number in range(2500)})
    pipe.set(keys.stats(minute - 2), "no hash").set(keys.events, "no stream")
    pipe.execute()
    found = read(redis_client, keys, 3600)
    names = {stat.func: stat for stat in found.functions}
    assert "old" not in names
    assert names["new"].runs == 1
    assert names["\\xff\\x1b[2J"].runs == 7
    assert names["x"].run.max == 2**28 / 1000
    assert names["x"].failure_rate is None
    assert not found.complete
    assert found.minutes >= 3
    assert "\x1b" not in cli("functions", "list", "--since", "2m").out
    everything = read(redis_client, keys, 10**9)
    assert (len(everything.functions), everything.complete) == (2000, False), "the newest, when there are too many"
    assert "old" not in {stat.func for stat in everything.functions}
    redis_client.delete(keys.stats(minute - 3))
    assert "old" in {stat.func for stat in read(redis_client, keys, 10**9).functions}
    first, *_ = reading(redis_client, keys, 10**9)
    assert {stat.func for stat in first.functions} > {"new"}, "told at once"
    assert "old" not in {stat.func for stat in first.functions}
    assert first.since > everything.since
