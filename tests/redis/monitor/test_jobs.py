"""Windows of jobs: the right rows, in the right order, at a cost that does not depend on the length of the list."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rq import Queue, SimpleWorker

from pantry_queue.keys import REGISTRIES, Keys
from pantry_queue.monitor.jobs import window
from pantry_queue.monitor.model import STATES

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()
SHARED_SERVER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def add(client: Redis, key: str, ids: list[str], first: float = 1000.0) -> None:
    """Entries in order, and a hash for each with its time."""
    for index, job_id in enumerate(ids):
        if ":queue:" in key:
            client.rpush(key, job_id)
        else:
            client.zadd(key, {job_id: first + index})
        client.hset(f"rq:job:{job_id}", mapping={"status": "queued", "enqueued_at": f"2026-01-01T00:00:{index:02}Z"})


@pytest.mark.parametrize("state", STATES)
def test_every_state_from_both_ends(redis_client: Redis, state: str) -> None:
    key = {"queued": "rq:queue:q", "intermediate": "rq:queue:q:intermediate"}.get(state)
    ids = [f"j{n}" for n in range(9)]
    if key is None:
        key = f"rq:{REGISTRIES[state]}:q"
    add(redis_client, key, [f"{job}:{'e' * 32}" if state == "started" else job for job in ids])
    if state == "started":
        for job in ids:
            redis_client.hset(f"rq:job:{job}", "status", "started")
    redis_client.sadd("rq:queues", "rq:queue:q")
    for queue in (None, "q", b"q", ["q"], [b"q", "empty"]):
        for start in (0, 4, 7, 9, 100):
            for count in (0, 3):
                oldest = window(redis_client, KEYS, state, queue=queue, start=start, count=count, newest_first=False)
                newest = window(redis_client, KEYS, state, queue=queue, start=start, count=count)
                assert [row.id for row in oldest.rows] == ids[start : start + count]
                assert [row.id for row in newest.rows] == ids[::-1][start : start + count]
                assert oldest.total == newest.total == 9
                assert oldest.start == start


def test_an_unknown_state_is_a_mistake_of_the_caller(redis_client: Redis) -> None:
    with pytest.raises(ValueError, match="'lost' is no state"):
        window(redis_client, KEYS, "lost")


def test_rows_of_real_jobs(redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    good = queue.enqueue(math.sqrt, 4, job_id="good")
    queue.enqueue(math.sqrt, -1, job_id="bad", description="Square root of a debt")
    worker = SimpleWorker([queue], connection=redis_client, name="w")
    worker.work(burst=True)
    (row,) = window(redis_client, KEYS, "finished").rows
    good.refresh()
    assert (row.id, row.state, row.queue, row.func, row.worker) == ("good", "finished", "q", "math.sqrt", "w")
    assert (row.created_at, row.enqueued_at, row.started_at, row.ended_at) == (
        good.created_at,
        good.enqueued_at,
        good.started_at,
        good.ended_at,
    )
    assert (row.description, row.error, row.expired, row.raw_id) == ("math.sqrt(4)", None, False, b"good")
    assert row.at is not None
    (row,) = window(redis_client, KEYS, "failed").rows
    assert (row.func, row.description) == ("math.sqrt", "Square root of a debt")
    assert row.error == "ValueError: math domain error"


def test_errors_of_old_versions_come_from_the_hash(redis_client: Redis) -> None:
    import zlib

    redis_client.zadd("rq:failed:q", {"a": 9e9})
    text = b"Traceback (most recent call last):\n  ...\nKeyError: 'x'\n"
    redis_client.hset("rq:job:a", mapping={"status": "failed", "description": "m.f()", "exc_info": zlib.compress(text)})
    assert window(redis_client, KEYS, "failed", queue="q").rows[0].error == "KeyError: 'x'"


def test_ids_whose_hash_is_gone_have_rows(redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue(math.sqrt, 4, job_id="here")
    redis_client.rpush("rq:queue:q", "gone")
    rows = window(redis_client, KEYS, "queued", queue="q", newest_first=False).rows
    assert [(row.id, row.expired, row.state, row.queue) for row in rows] == [
        ("here", False, "queued", "q"),
        ("gone", True, "queued", "q"),
    ]


def test_executions_are_stripped_and_versions_without_them_too(redis_client: Redis) -> None:
    now = time.time()
    redis_client.zadd("rq:wip:q", {f"a:{'0' * 32}": now + 1, "b": now + 2, f"x:y:{'1' * 32}": now + 3})
    rows = window(redis_client, KEYS, "started", queue="q", newest_first=False).rows
    assert [row.id for row in rows] == ["a", "b", "x:y"]


def test_scores_that_are_no_times(redis_client: Redis) -> None:
    redis_client.zadd("rq:failed:q", {"forever": math.inf, "kept": -1, "then": 1_800_000_000, "far": 1e18})
    at = {row.id: row.at for row in window(redis_client, KEYS, "failed", queue="q").rows}
    assert [job for job, moment in at.items() if moment is None] == ["forever", "far", "kept"]
    assert at["then"] is not None


def test_a_large_payload_is_not_loaded_for_a_row(redis_client: Redis) -> None:
    Queue("q", connection=redis_client).enqueue(len, b"x" * 3_000_000, job_id="big", description="big one")
    redis_client.hset("rq:job:big", "data", b"x" * 3_000_000)
    before = redis_client.info("stats")["total_net_output_bytes"]
    (row,) = window(redis_client, KEYS, "queued", queue="q").rows
    assert redis_client.info("stats")["total_net_output_bytes"] - before < 100_000
    assert (row.id, row.func, row.description) == ("big", "", "big one")


def test_a_window_of_one_queue_is_two_round_trips(redis_client: Redis, trips: list[int]) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue_many([Queue.prepare_data(math.sqrt, (n,), job_id=f"j{n}") for n in range(300)])
    del trips[:]
    assert len(window(redis_client, KEYS, "queued", queue="q", start=100).rows) == 50
    assert len(trips) == 2, "its length and its ids, then its rows"


TIMES = st.integers(0, 40)


@SHARED_SERVER
@given(
    contents=st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e"]), st.lists(TIMES, max_size=12), min_size=1),
    start=st.integers(0, 30),
    count=st.integers(0, 12),
    newest_first=st.booleans(),
    state=st.sampled_from(["queued", "failed"]),
)
def test_queues_are_merged_by_time(
    redis_client: Redis, contents: dict[str, list[int]], start: int, count: int, newest_first: bool, state: str
) -> None:
    redis_client.flushdb()
    expected = []
    for queue, times in contents.items():
        for index, at in enumerate(sorted(times)):
            job_id = f"{queue}{index}"
            expected.append((at, job_id))
            redis_client.hset(
                f"rq:job:{job_id}", mapping={"status": state, "enqueued_at": f"2026-01-01T00:00:{at:02}Z"}
            )
            if state == "queued":
                redis_client.rpush(f"rq:queue:{queue}", job_id)
            else:
                redis_client.zadd(f"rq:failed:{queue}", {job_id: at})
    found = window(redis_client, KEYS, state, queue=list(contents), start=start, count=count, newest_first=newest_first)
    times_in_order = sorted((at for at, _ in expected), reverse=newest_first)
    at_of = {job_id: at for at, job_id in expected}
    assert found.total == len(expected)
    assert [at_of[row.id] for row in found.rows] == times_in_order[start : start + count]
    assert len({row.id for row in found.rows}) == len(found.rows)


@SHARED_SERVER
@given(sizes=st.lists(st.integers(0, 9), min_size=2, max_size=5), count=st.integers(1, 5), newest_first=st.booleans())
def test_paging_through_merged_queues_meets_every_job_once(
    redis_client: Redis, sizes: list[int], count: int, newest_first: bool
) -> None:
    redis_client.flushdb()
    for number, size in enumerate(sizes):
        for index in range(size):  # equal times on purpose
            redis_client.zadd(f"rq:failed:q{number}", {f"{number}-{index}": index // 3})
    names = [f"q{number}" for number in range(len(sizes))]
    seen: list[str] = []
    while True:
        page = window(
            redis_client, KEYS, "failed", queue=names, start=len(seen), count=count, newest_first=newest_first
        )
        if not page.rows:
            break
        seen += [row.id for row in page.rows]
    assert len(seen) == len(set(seen)) == sum(sizes)


@pytest.mark.parametrize("newest_first", [True, False])
def test_one_queue_may_hold_all_that_comes_first(redis_client: Redis, newest_first: bool) -> None:
    """Sources are read in steps; the one that holds the whole window has to be read on until it is settled."""
    for number in range(20):
        redis_client.zadd(f"rq:failed:q{number}", {f"{number}-{index}": 1000 + index for index in range(3)})
    edge = 5000 if newest_first else 0
    redis_client.zadd("rq:failed:full", {f"full-{index}": edge + index for index in range(100)})
    names = [*(f"q{number}" for number in range(20)), "full"]
    found = window(redis_client, KEYS, "failed", queue=names, start=40, count=20, newest_first=newest_first)
    order = range(99, -1, -1) if newest_first else range(100)
    assert [row.id for row in found.rows] == [f"full-{index}" for index in order][40:60]
    assert found.total == 160


def test_all_queues_are_those_registered_or_listened_to(redis_client: Redis) -> None:
    Queue("registered", connection=redis_client).enqueue(math.sqrt, 4)
    heard = Queue("heard", connection=redis_client)
    SimpleWorker([heard], connection=redis_client, name="w").register_birth()
    heard.enqueue(math.sqrt, 4)
    redis_client.srem("rq:queues", "rq:queue:heard")
    assert {row.queue for row in window(redis_client, KEYS, "queued").rows} == {"registered", "heard"}


def test_another_prefix(redis_client: Redis) -> None:
    redis_client.sadd("{s}:queues", "{s}:queue:q")
    redis_client.rpush("{s}:queue:q", "a")
    redis_client.hset("{s}:job:a", mapping={"status": "queued", "description": "m.f()", "origin": "q"})
    assert window(redis_client, Keys("{s}"), "queued").rows[0].func == "m.f"
    assert window(redis_client, KEYS, "queued").rows == ()


def test_a_reader_sees_what_the_owner_sees(viewer: Redis, redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue(math.sqrt, -1)
    SimpleWorker([queue], connection=redis_client).work(burst=True)
    queue.enqueue(math.sqrt, 4)
    queue.enqueue_in(timedelta(hours=1), math.sqrt, 4)
    for state in STATES:
        mine, whole = window(viewer, KEYS, state), window(redis_client, KEYS, state)
        assert [(row.id, row.error) for row in mine.rows] == [(row.id, row.error) for row in whole.rows]
    assert redis_client.execute_command("ACL", "LOG") == []
