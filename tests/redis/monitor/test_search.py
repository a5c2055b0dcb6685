"""Searches through real data, and through lists that change while they are read."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from pantry_queue.keys import Keys
from pantry_queue.monitor import jobs
from pantry_queue.monitor.merge import Source
from pantry_queue.monitor.model import STATES, JobRow, SearchChunk
from pantry_queue.monitor.query import parse
from pantry_queue.monitor.search import search
from pantry_queue.monitor.stream import Stream

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def found(client: Redis, text: str = "", **options: object) -> list[str]:
    """Ids of all hits."""
    return [row.id for row in rows(client, text, **options)]


def rows(client: Redis, text: str = "", **options: object) -> list[JobRow]:
    return [row for chunk in search(client, KEYS, parse(text), **options) for row in chunk.rows]  # type: ignore[arg-type]


@pytest.fixture
def work(redis_client: Redis) -> Redis:
    """Jobs made and run by RQ: finished, failed, waiting, of two queues."""
    mails, reports = Queue("mails", connection=redis_client), Queue("reports", connection=redis_client)
    mails.enqueue("operator.truediv", 7, 0, job_id="divided")
    mails.enqueue("operator.add", 1, 2, job_id="added", description="sum of the day")
    reports.enqueue("math.sqrt", -1, job_id="rooted")
    SimpleWorker([mails, reports], connection=redis_client, name="w1").work(burst=True)
    mails.enqueue("operator.add", "needle in hay", 1, job_id="waits")
    Queue("reports", connection=redis_client, serializer=JSONSerializer).enqueue(
        "operator.sub", kwargs={"key": "needle"}, job_id="json", description="by hand"
    )
    return redis_client


def test_fields_of_real_jobs(work: Redis) -> None:
    assert set(found(work)) == {"divided", "added", "rooted", "waits", "json"}
    assert found(work, "error:zerodivision") == ["divided"]
    assert found(work, "error:domain queue:reports") == ["rooted"]
    assert set(found(work, "func:operator.*")) == {"divided", "added", "waits", "json"}
    assert set(found(work, "args:needle")) == {"waits", "json"}
    assert found(work, 'description:"sum of the day" worker:w1') == ["added"]
    assert found(work, "state:queued queue:reports") == ["json"]
    assert set(found(work, "not state:failed,finished")) == {"waits", "json"}
    assert found(work, "runtime>1h or age>1h or retries>0") == []
    assert set(found(work, "ended<1h")) == {"divided", "added", "rooted"}
    assert found(work, "rooted") == ["rooted"]


def test_a_hit_is_the_row_a_window_shows(work: Redis) -> None:
    (hit,) = rows(work, "error:zerodivision")
    (row,) = jobs.window(work, KEYS, "failed", queue="mails").rows
    for name in JobRow.__dataclass_fields__:
        assert getattr(hit, name) == getattr(row, name), name
    (hit,) = rows(work, "args:needle queue:reports")
    assert hit.args == "key='needle'"


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_everything_in_the_order_of_a_window(redis_client: Redis, state: str, newest_first: bool) -> None:
    chosen = random.Random(7)
    for queue in range(30):
        redis_client.sadd("rq:queues", f"rq:queue:q{queue}")
        source = Source(KEYS, state, f"q{queue}", newest_first)
        entries = {f"{queue}-{number}": float(chosen.randrange(50)) for number in range(chosen.randrange(60))}
        for job_id, at in sorted(entries.items(), key=lambda entry: entry[1]):
            stamp = f"2026-01-01T00:00:{at:09.6f}Z"
            redis_client.hset(f"rq:job:{job_id}", mapping={"enqueued_at": stamp, "origin": f"q{queue}"})
            if source.is_list:
                redis_client.rpush(source.key, job_id)
            else:
                redis_client.zadd(source.key, {f"{job_id}:x" if state == "started" else job_id: at})
    window = jobs.window(redis_client, KEYS, state, count=5000, newest_first=newest_first)
    streamed = found(redis_client, states=[state], newest_first=newest_first)
    assert len(streamed) == window.total
    assert streamed == [row.id for row in window.rows]


def test_ids_without_a_hash_are_found_by_what_is_known_of_them(redis_client: Redis) -> None:
    redis_client.zadd("rq:failed:q", {"gone-1": time.time() + 9})
    assert found(redis_client, "id:gone-*", queues=["q"]) == ["gone-1"]
    assert found(redis_client, "state:failed queue:q", queues=["q"]) == ["gone-1"]
    assert found(redis_client, "func:x", queues=["q"]) == []


def fill(client: Redis, count: int, queue: str = "q") -> list[str]:
    ids = [f"j{number:05}" for number in range(count)]
    client.sadd("rq:queues", f"rq:queue:{queue}")
    client.zadd(f"rq:failed:{queue}", {job_id: 1e9 + number for number, job_id in enumerate(ids)})
    pipeline = client.pipeline(transaction=False)
    for job_id in ids:
        pipeline.hset(f"rq:job:{job_id}", mapping={"status": "failed", "description": f"app.f('{job_id}')"})
    pipeline.execute()
    return ids


def last(chunks: list[SearchChunk]) -> tuple[int, int, int, bool]:
    chunk = chunks[-1]
    return chunk.looked, chunk.total, chunk.hits, chunk.finished


def test_bounded_and_told_how_much_was_covered(redis_client: Redis) -> None:
    ids = fill(redis_client, 5000)
    some = parse("func:app.f description:7'")
    everything = list(search(redis_client, KEYS, some, states=["failed"]))
    assert last(everything) == (5000, 5000, 500, True)
    assert [row.id for chunk in everything for row in chunk.rows] == [one for one in reversed(ids) if one.endswith("7")]
    bounded = list(search(redis_client, KEYS, some, states=["failed"], scan=1234))
    assert last(bounded) == (1234, 5000, 124, True)
    few = list(search(redis_client, KEYS, some, states=["failed"], limit=3))
    assert last(few)[2:] == (3, True)
    assert [row.id for chunk in few for row in chunk.rows] == ["j04997", "j04987", "j04977"]
    assert last(list(search(redis_client, KEYS, some, states=["failed"], scan=0))) == (0, 5000, 0, True)
    assert sum(chunk.finished for chunk in everything) == 1


def test_first_hits_come_before_the_rest_is_read_and_stopping_reads_no_more(
    redis_client: Redis, trips: list[int]
) -> None:
    fill(redis_client, 5000)
    del trips[:]
    chunks = search(redis_client, KEYS, parse("func:app.f"), states=["failed"])
    first = next(chunks)
    assert (first.looked, first.hits) == (100, 100)
    chunks.close()
    assert len(trips) < 10


def test_lists_that_cannot_hold_a_hit_are_not_read(redis_client: Redis, trips: list[int]) -> None:
    fill(redis_client, 3000, "low")
    fill(redis_client, 10, "high")
    chunks = list(search(redis_client, KEYS, parse("state:failed queue:high func:app")))
    assert last(chunks) == (10, 10, 10, True)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("state", ["failed", "queued"])
@pytest.mark.parametrize("seed", range(4))
def test_a_list_that_changes_meanwhile_hides_and_repeats_nothing(
    redis_client: Redis, state: str, newest_first: bool, seed: int
) -> None:
    chosen = random.Random(seed)
    source = Source(KEYS, state, "q", newest_first)
    kept = [f"kept-{number:04}" for number in range(3000)]
    for number, job_id in enumerate(kept):
        add(redis_client, source, job_id, 1 + number)
    seen: list[str] = []
    stream = Stream(redis_client, [source])
    for turn, chunk in enumerate(stream.chunks(200)):
        seen += [place.job_id.decode() for place in chunk]
        gone = set(chosen.sample(kept, min(150, len(kept) // 4)))
        remove(redis_client, source, gone)
        kept = [job_id for job_id in kept if job_id not in gone]
        for number in range(chosen.choice([0, 40, 300])):
            # At the near end: already behind us.
            add(redis_client, source, f"new-{turn}-{number}", 10_000 + turn if newest_first else -turn)
        assert turn < 100
    assert len(set(seen)) == len(seen), "nothing twice"
    assert set(kept) <= set(seen), "all that stayed was seen"


def add(client: Redis, source: Source, job_id: str, score: float) -> None:
    if source.is_list:
        client.rpush(source.key, job_id) if score > 0 else client.lpush(source.key, job_id)
    else:
        client.zadd(source.key, {job_id: score})


def remove(client: Redis, source: Source, ids: set[str]) -> None:
    pipeline = client.pipeline(transaction=False)
    for job_id in ids:
        pipeline.lrem(source.key, 1, job_id) if source.is_list else pipeline.zrem(source.key, job_id)
    pipeline.execute()


def test_another_prefix(redis_client: Redis) -> None:
    redis_client.sadd("{other}:queues", "{other}:queue:q")
    redis_client.rpush("{other}:queue:q", "there")
    redis_client.hset("{other}:job:there", mapping={"status": "queued", "description": "app.f()"})
    chunks = search(redis_client, Keys("{other}"), parse("func:f"))
    assert [row.id for chunk in chunks for row in chunk.rows] == ["there"]
