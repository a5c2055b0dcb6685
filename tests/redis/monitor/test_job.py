"""One job, whole."""

from __future__ import annotations

import math
import pickle
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rq import Callback, Queue, Repeat, Retry, SimpleWorker, Webhook
from rq.group import Group
from rq.rate_limit import RateLimit
from rq.serializers import JSONSerializer

from pantry_queue.keys import Keys
from pantry_queue.monitor.job import read
from pantry_queue.monitor.model import JobDetail

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def found(client: Redis, job_id: str | bytes) -> JobDetail:
    detail = read(client, KEYS, job_id)
    assert detail is not None
    return detail


def work(client: Redis, *queues: Queue) -> None:
    SimpleWorker(list(queues), connection=client, name="w").work(burst=True)


@pytest.fixture
def queue(redis_client: Redis) -> Queue:
    return Queue("q", connection=redis_client)


def test_no_such_job(redis_client: Redis) -> None:
    assert read(redis_client, KEYS, "nope") is None


def test_a_finished_job(redis_client: Redis, queue: Queue) -> None:
    job = queue.enqueue(divmod, 7, 2, job_id="a", job_timeout=33, result_ttl=77, failure_ttl=88, meta={"colour": "red"})
    work(redis_client, queue)
    job.refresh()
    detail = found(redis_client, "a")
    assert (detail.row.state, detail.row.func, detail.row.worker, detail.row.ended_at) == (
        "finished",
        "builtins.divmod",
        "w",
        job.ended_at,
    )
    assert [part.value for part in detail.payload.args] == ["7", "2"]
    assert (detail.result, detail.traceback) == ("(3, 1)", ())
    assert (detail.timeout, detail.result_ttl, detail.failure_ttl) == (33, 77, 88)
    assert detail.expires_in is not None
    assert 60 < detail.expires_in <= 77
    assert [(part.name, part.value) for part in detail.meta] == [("colour", "'red'")]
    (result,) = detail.results
    assert (result.kind, result.worker, result.value) == ("successful", "w", "(3, 1)")
    assert result.started_at is not None
    assert result.ended_at is not None


def test_a_failed_job_and_every_result_it_had(redis_client: Redis, queue: Queue) -> None:
    job = queue.enqueue(math.sqrt, -1, job_id="a")
    work(redis_client, queue)
    job.requeue()
    work(redis_client, queue)
    detail = found(redis_client, "a")
    assert detail.row.error == "ValueError: math domain error"
    assert detail.traceback[0].startswith("Traceback")
    assert detail.traceback[-1] == "ValueError: math domain error"
    assert [result.kind for result in detail.results] == ["failed", "failed"]
    assert detail.results[0].at >= detail.results[1].at
    assert detail.result is None


def test_what_waits(redis_client: Redis, queue: Queue) -> None:
    for name in ("a", "b", "c"):
        queue.enqueue(math.sqrt, 4, job_id=name)
    assert [found(redis_client, name).position for name in ("a", "b", "c")] == [0, 1, 2]
    due = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)
    queue.enqueue_at(due, math.sqrt, 4, job_id="later")
    detail = found(redis_client, "later")
    assert (detail.row.state, detail.due_at, detail.position) == ("scheduled", due, None)


def test_dependencies_both_ways(redis_client: Redis, queue: Queue) -> None:
    queue.enqueue(math.sqrt, 4, job_id="first")
    queue.enqueue(math.sqrt, 4, job_id="second")
    queue.enqueue(math.sqrt, 4, job_id="third", depends_on=["first", "second"])
    assert found(redis_client, "third").depends_on == ("first", "second")
    assert found(redis_client, "first").dependents == ("third",)
    assert found(redis_client, "first").depends_on == ()


def test_retries_repeats_callbacks_group_and_limit(redis_client: Redis, queue: Queue) -> None:
    queue.enqueue(math.sqrt, 4, job_id="a", retry=Retry(max=3, interval=[10, 20]), repeat=Repeat(times=2, interval=5))
    queue.enqueue(math.sqrt, 4, job_id="b", on_success=Callback("m.done"), on_failure=Callback("m.undone", timeout=5))
    queue.enqueue(math.sqrt, 4, job_id="c", rate_limit=RateLimit("smtp", 2))
    Group.create(connection=redis_client, name="g").enqueue_many(
        queue, [Queue.prepare_data(math.sqrt, (4,), job_id="d")]
    )
    detail = found(redis_client, "a")
    assert (detail.retries_left, detail.retry_intervals, detail.repeats_left) == (3, (10, 20), 2)
    callbacks = {part.name: part.value for part in found(redis_client, "b").callbacks}
    assert callbacks == {"success": "m.done", "failure": "m.undone"}
    assert found(redis_client, "c").rate_limit == "smtp: 2 at a time"
    assert found(redis_client, "d").group == "g"


def test_secrets_of_webhooks_and_arguments_are_masked(redis_client: Redis, queue: Queue) -> None:
    hook = Webhook("https://u:hunter2@example.org/x", "finished", headers={"Authorization": "hunter2"})
    queue.enqueue("builtins.dict", password="hunter2", job_id="a", webhooks=[hook], meta={"api_key": "hunter2"})
    detail = found(redis_client, "a")
    assert "hunter2" not in str(detail)
    assert detail.webhooks == ("GET https://u:***@example.org/x on finished (Authorization: ***)",)
    revealed = read(redis_client, KEYS, "a", reveal=True)
    assert revealed is not None
    assert revealed.payload.kwargs[0].value == "'hunter2'"
    assert revealed.meta[0].value == "'hunter2'"


def test_json_jobs(redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client, serializer=JSONSerializer)
    queue.enqueue("builtins.divmod", 7, 2, job_id="a", meta={"k": [1]})
    SimpleWorker([queue], connection=redis_client, serializer=JSONSerializer).work(burst=True)
    detail = found(redis_client, "a")
    assert (detail.payload.format, detail.payload.func, detail.result) == ("json", "builtins.divmod", "[3, 1]")
    assert [(part.name, part.value) for part in detail.meta] == [("k", "[1]")]


def test_a_running_job(redis_client: Redis, queue: Queue) -> None:
    queue.enqueue(math.sqrt, 4, job_id="a")
    run = "e" * 32
    redis_client.hset("rq:job:a", "status", "started")
    redis_client.zadd("rq:executions:a", {run: 9e9})
    redis_client.hset(
        f"rq:execution:a:{run}",
        mapping={"worker_name": "w", "created_at": "1767225600.5", "last_heartbeat": "1767225660"},
    )
    (execution,) = found(redis_client, "a").executions
    assert (execution.id, execution.worker) == (run, "w")
    assert execution.created_at == datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert execution.last_heartbeat_at == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)


def test_results_of_old_versions_come_from_the_hash(redis_client: Redis) -> None:
    redis_client.hset("rq:job:a", mapping={"status": "finished", "result": pickle.dumps({"total": 7})})
    assert found(redis_client, "a").result == "{'total': 7}"
    redis_client.hset("rq:job:b", mapping={"status": "failed", "exc_info": zlib.compress(b"Traceback\nKeyError: 1")})
    assert found(redis_client, "b").traceback == ("Traceback", "KeyError: 1")
    assert found(redis_client, "b").row.error == "KeyError: 1"


def test_what_is_too_large_is_said_and_not_loaded(redis_client: Redis) -> None:
    redis_client.hset(
        "rq:job:a", mapping={"status": "queued", "origin": "q", "data": b"x" * 3_000_000, "description": "d"}
    )
    redis_client.xadd("rq:results:a", {"type": "1", "return_value": b"x" * 12_000_000})
    before = redis_client.info("stats")["total_net_output_bytes"]
    detail = found(redis_client, "a")
    assert redis_client.info("stats")["total_net_output_bytes"] - before < 100_000
    assert "data: 3,000,000 bytes, not loaded" in detail.notes
    assert any(note.startswith("results: ") for note in detail.notes)
    assert detail.row.description == "d"


def test_a_key_that_is_no_hash_says_so(redis_client: Redis) -> None:
    redis_client.set("rq:job:a", "x")
    assert any("not a hash" in note for note in found(redis_client, "a").notes)


def test_ids_of_any_kind(redis_client: Redis) -> None:
    for job_id in (b"a b", "é/ü".encode(), b"\xff\x1b[2J", b"--all", b"a:b", b""):
        redis_client.hset(b"rq:job:" + job_id, mapping={"status": "failed", "origin": "q"})
        detail = found(redis_client, job_id)
        assert detail.row.raw_id == job_id
        assert detail.row.id.isprintable()
        assert detail.row.state == "failed"


def test_a_reader_sees_what_the_owner_sees(viewer: Redis, redis_client: Redis, queue: Queue) -> None:
    queue.enqueue(math.sqrt, -1, job_id="a")
    queue.enqueue(math.sqrt, 4, job_id="b", depends_on="a")
    work(redis_client, queue)
    queue.enqueue(math.sqrt, 4, job_id="c")
    queue.enqueue_in(timedelta(hours=1), math.sqrt, 4, job_id="d")
    for job_id in "abcd":
        mine, whole = found(viewer, job_id), found(redis_client, job_id)
        assert (mine.traceback, mine.position, mine.due_at, mine.depends_on, mine.dependents) == (
            whole.traceback,
            whole.position,
            whole.due_at,
            whole.depends_on,
            whole.dependents,
        )
    assert redis_client.execute_command("ACL", "LOG") == []
