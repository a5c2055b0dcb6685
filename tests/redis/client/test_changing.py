"""Cancel, requeue and clear: RQ's own outcome, where RQ loses jobs a better one, and nothing lost for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue, Retry, Worker
from rq.executions import Execution
from rq.job import Job
from rq.rate_limit import RateLimit
from rq.registry import CanceledJobRegistry, FailedJobRegistry, FinishedJobRegistry
from rq.results import Result

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.control import undoing
from pantry_queue.control.audit import whoami
from pantry_queue.control.records import packed, unpacked
from pantry_queue.errors import NotFound
from tests.redis.control.jobs import add, fail
from tests.redis.control.keyspace import copy, differences, dump

if TYPE_CHECKING:
    from redis import Redis

Work = Callable[..., None]


def start(connection: Redis, job_id: str, queue: str) -> None:
    """What RQ's worker writes when it takes a job and starts it."""
    connection.lrem(f"rq:queue:{queue}", 1, job_id)
    job = Job.fetch(job_id, connection)
    with connection.pipeline() as pipe:
        Execution.create(job, 90, pipe, worker_name="w")
        job.prepare_for_execution("w", pipe)
        pipe.execute()


def make(kind: str, queue: Queue, work: Work) -> Job:
    """A job `j` that waits in some way."""
    options: dict[str, Any] = {"job_id": "j", "meta": {"k": 1}}
    if kind == "scheduled":
        return queue.enqueue_at(datetime.now(UTC) + timedelta(hours=1), add, 1, **options)
    if kind == "waits for its next try":
        job = queue.enqueue(fail, retry=Retry(max=3, interval=60), **options)
        work()
        assert job.get_status() == "scheduled"
        return job
    if kind == "deferred":
        queue.enqueue(add, 1, job_id="parent")
        return queue.enqueue(add, 1, depends_on="parent", **options)
    if kind == "holds a slot":
        job = queue.enqueue(add, 1, rate_limit=RateLimit("k", 1), **options)
        queue.enqueue(add, 1, rate_limit=RateLimit("k", 1), job_id="next")
        return job
    if kind == "rate limited":
        queue.enqueue(add, 1, rate_limit=RateLimit("k", 1), job_id="first")
        return queue.enqueue(add, 1, rate_limit=RateLimit("k", 1), **options)
    queue.enqueue(add, 1, job_id="before")
    return queue.enqueue(add, 1, **options)


@pytest.mark.parametrize(
    "kind", ["queued", "scheduled", "waits for its next try", "deferred", "holds a slot", "rate limited"]
)
def test_cancel_leaves_what_rqs_cancel_leaves(
    kind: str, client: QueueClient, settings: Settings, redis_client: Redis, other_database: Redis, work: Work
) -> None:
    make(kind, Queue(settings.queue_name, connection=redis_client), work)
    copy(redis_client, other_database)
    Job.fetch("j", other_database).cancel()
    assert client.cancel_job("j") is True
    assert differences(dump(other_database), dump(redis_client)) == {}
    assert client.cancel_job("j") is True, "it is canceled, whoever did it"
    assert differences(dump(other_database), dump(redis_client)) == {}


def test_a_job_that_runs_or_is_being_taken_is_not_canceled(
    client: QueueClient, settings: Settings, redis_client: Redis
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    for job_id in ("runs", "registered", "taken"):
        queue.enqueue(add, 1, job_id=job_id)
    start(redis_client, "runs", queue.name)
    start(redis_client, "registered", queue.name)
    redis_client.hset("rq:job:registered", "status", "queued")
    redis_client.lmove(queue.key, queue.intermediate_queue_key, "LEFT", "RIGHT")
    before = dump(redis_client)
    assert [client.cancel_job(job_id) for job_id in ("runs", "registered", "taken")] == [False, False, False]
    assert differences(before, dump(redis_client)) == {}


def test_what_has_ended_is_not_canceled(client: QueueClient, redis_client: Redis, work: Work) -> None:
    client.enqueue(add, 1, job_id="good")
    client.enqueue(fail, job_id="bad")
    work()
    before = dump(redis_client)
    assert not client.cancel_job("good")
    assert not client.cancel_job("bad")
    assert differences(before, dump(redis_client)) == {}


REGISTRIES = {"failed": FailedJobRegistry, "finished": FinishedJobRegistry, "canceled": CanceledJobRegistry}


@pytest.mark.parametrize("state", REGISTRIES)
@pytest.mark.parametrize("special", ["plain", "rate limit", "ttl", "old hash"])
def test_requeue_leaves_what_rqs_requeue_leaves_but_keeps_the_job(
    state: str,
    special: str,
    client: QueueClient,
    settings: Settings,
    redis_client: Redis,
    other_database: Redis,
    work: Work,
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    options: dict[str, Any] = {"job_id": "j", "meta": {"k": 1}}
    if special == "rate limit":
        options["rate_limit"] = RateLimit("k", 1)
    if special == "ttl":
        options["ttl"] = 4000
    job = queue.enqueue(fail if state == "failed" else add, 1, **options)
    if state == "canceled":
        job.cancel()
    work()
    if special == "old hash":  # RQ 1.16 wrote fewer fields
        redis_client.hdel(job.key, "group_id", "worker_name", "last_heartbeat", "timeout")
    queue.enqueue(add, 1, job_id="waits")
    copy(redis_client, other_database)
    REGISTRIES[state](queue.name, connection=other_database).requeue("j")
    other_database.persist(job.key)
    if special == "ttl":
        other_database.expire(job.key, 4000)
    assert client.requeue_job("j") is True
    assert differences(dump(other_database), dump(redis_client)) == {}
    assert client.requeue_job("j") is False, "it waits already"
    work()
    assert client.get_job_status("waits")["status"] == "finished"


def test_a_requeued_job_has_its_retries_again_its_queue_is_known_and_it_stands_in_one_place(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    job = queue.enqueue(add, 1, job_id="j", retry=Retry(max=3, interval=[10, 30, 60]))
    work()
    redis_client.hset(job.key, mapping={"retries_left": 0, "number_of_retries": 2})
    redis_client.zadd(f"rq:canceled:{queue.name}", {"j": 1})  # canceled while it ran
    redis_client.delete("rq:queues")
    assert client.requeue_job("j")
    assert redis_client.hmget(job.key, "retries_left", "number_of_retries") == [b"3", None]
    assert redis_client.smembers("rq:queues") == {queue.key.encode()}
    assert not redis_client.exists(f"rq:canceled:{queue.name}", f"rq:finished:{queue.name}")


def test_a_stopped_job_is_requeued_and_a_running_or_unknown_one_is_not(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    client.enqueue(fail, job_id="stopped")
    work()
    redis_client.hset("rq:job:stopped", "status", "stopped")
    client.enqueue(add, 1, job_id="runs")
    start(redis_client, "runs", settings.queue_name)
    client.enqueue(add, 1, job_id="canceled")
    start(redis_client, "canceled", settings.queue_name)
    Job.fetch("canceled", redis_client).cancel()
    assert [client.requeue_job(name) for name in ("stopped", "runs", "canceled", "none")] == [True, False, False, False]


def fill(queue: Queue, work: Work, count: int = 3) -> None:
    for number in range(count):
        queue.enqueue(fail, job_id=f"{queue.name}-{number}", meta={"n": number}, failure_ttl=1000)
    queue.enqueue(add, 1, job_id=f"{queue.name}-child", depends_on=f"{queue.name}-0")
    work(queue.name)


def test_clearing_deletes_the_failed_jobs_of_both_queues_as_rqs_delete_does(
    client: QueueClient, settings: Settings, redis_client: Redis, other_database: Redis, work: Work
) -> None:
    for name in settings.queue_names:
        fill(Queue(name, connection=redis_client), work)
    limited = Queue(settings.queue_name, connection=redis_client)
    limited.enqueue(fail, job_id="limited", rate_limit=RateLimit("k", 1))
    work()
    copy(redis_client, other_database)
    for name in settings.queue_names:
        for job_id in FailedJobRegistry(name, connection=other_database).get_job_ids(cleanup=False):
            Job.fetch(job_id, other_database).delete()
    assert client.clear_failed_jobs() == 7
    assert client.get_queue_info()["failed_jobs"] == 0
    assert differences(dump(other_database), dump(redis_client)) == {}
    assert client.clear_failed_jobs() == 0
    assert redis_client.zcard("pantry:trash") == 1, "nothing to clear leaves nothing behind"


def test_what_was_cleared_comes_back_as_it_was(
    client: QueueClient, settings: Settings, redis_client: Redis, other_database: Redis, work: Work
) -> None:
    for name in settings.queue_names:
        fill(Queue(name, connection=redis_client), work, 700)  # more than a chunk
    Job.fetch(f"{settings.queue_name}-1", redis_client).delete()
    queue = Queue(settings.queue_name, connection=redis_client)
    queue.enqueue(fail, job_id="for-ever", failure_ttl=-1)
    work()
    copy(redis_client, other_database)
    assert client.clear_failed_jobs() == 1400
    (operation,) = redis_client.zrange("pantry:trash", 0, -1)
    for key in redis_client.scan_iter("pantry:trash*"):
        assert key == b"pantry:trash" or 0 < redis_client.ttl(key) <= 86400
    restored = undoing.undo(client._scripts, operation.decode(), whoami("service"))
    assert (restored.done, restored.skipped) == (1400, {})
    assert differences(dump(other_database), dump(redis_client)) == {}


def test_time_stands_still_in_the_trash(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    fill(Queue(settings.queue_name, connection=redis_client), work, 1)
    client.clear_failed_jobs()
    (operation,) = redis_client.zrange("pantry:trash", 0, -1)
    jobs = f"pantry:trash:{operation.decode()}:jobs"
    (line,) = redis_client.lrange(jobs, 0, -1)
    (record,) = unpacked(line)
    record[3], record[5] = str(int(record[3]) - 500), record[5] - 500  # 500 s ago
    redis_client.lset(jobs, 0, packed([record]))  # type: ignore[arg-type]
    undoing.undo(client._scripts, operation.decode(), whoami("service"))
    job_id = f"{settings.queue_name}-0"
    now = redis_client.time()[0]
    assert redis_client.zscore(f"rq:failed:{settings.queue_name}", job_id) == pytest.approx(now + 1000, abs=60)
    assert redis_client.ttl(f"rq:job:{job_id}") == pytest.approx(1000, abs=60)


def test_restoring_never_overwrites_and_says_what_it_could_not(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    fill(Queue(settings.queue_name, connection=redis_client), work)
    client.clear_failed_jobs()
    (operation,) = redis_client.zrange("pantry:trash", 0, -1)
    name = settings.queue_name
    client.enqueue(add, 1, job_id=f"{name}-0")
    redis_client.delete(f"pantry:trash:{operation.decode()}:job:{name}-1")
    before = redis_client.hgetall(f"rq:job:{name}-0")
    result = undoing.undo(client._scripts, operation.decode(), whoami("service"))
    assert (result.done, result.skipped) == (1, {"exists": 1, "expired": 1})
    assert redis_client.hgetall(f"rq:job:{name}-0") == before
    redis_client.delete(f"rq:job:{name}-0")
    again = undoing.undo(client._scripts, operation.decode(), whoami("service"))
    assert (again.done, again.skipped) == (1, {}), "it had stayed in the trash"
    with pytest.raises(NotFound, match="no operation nonsense"):
        undoing.undo(client._scripts, "nonsense", whoami("service"))


def test_clearing_spares_what_runs_what_moved_on_and_what_failed_later(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    for job_id in ("gone", "runs", "moved", "later", "ghost"):
        queue.enqueue(fail, job_id=job_id)
    work()
    with redis_client.pipeline() as pipe:  # a worker whose clock is wrong runs it still
        Execution.create(Job.fetch("runs", redis_client), 90, pipe, worker_name="w")
        pipe.execute()
    redis_client.hset("rq:job:moved", "status", "queued")
    redis_client.rpush(queue.key, "moved")
    redis_client.hset("rq:job:later", "ended_at", "2999-01-01T00:00:00.000000Z")
    redis_client.delete("rq:job:ghost")
    redis_client.set("rq:job:odd", "another kind")
    redis_client.zadd(f"rq:failed:{queue.name}", {"odd": 9e9})
    assert client.clear_failed_jobs() == 3, "gone, and the entries of moved and ghost"
    assert set(redis_client.zrange(f"rq:failed:{queue.name}", 0, -1)) == {b"runs", b"later", b"odd"}
    assert redis_client.hget("rq:job:moved", "status") == b"queued"
    assert client.get_job_status("gone")["status"] == "not_found"
    assert client.clear_failed_jobs() == 0


def test_a_clearing_that_cannot_be_recorded_does_not_happen(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    fill(Queue(settings.queue_name, connection=redis_client), work)
    client.clear_failed_jobs()
    (intent, outcome) = [fields for _, fields in redis_client.xrange("pantry:audit")]
    assert (intent[b"event"], outcome[b"event"]) == (b"intent", b"outcome")
    assert intent[b"operation"] == outcome[b"operation"]
    assert (intent[b"action"], intent[b"total"], outcome[b"done"]) == (b"all.clear-failures", b"3", b"3")
    assert (intent[b"via"], bool(intent[b"user"])) == (b"service", True)
    fill(Queue(settings.queue_name, connection=redis_client), work)
    redis_client.delete("pantry:audit")
    redis_client.set("pantry:audit", "another kind")
    before = dump(redis_client)
    with pytest.raises(Exception, match="WRONGTYPE"):
        client.clear_failed_jobs()
    assert differences(before, dump(redis_client)) == {}


def test_a_cleared_job_keeps_its_results_while_in_the_trash(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    fill(Queue(settings.queue_name, connection=redis_client), work, 1)
    client.clear_failed_jobs()
    assert not redis_client.exists(Result.get_key(f"{settings.queue_name}-0"))
    assert len(list(redis_client.scan_iter("pantry:trash:*:results:*"))) == 1


def test_stock_workers_see_a_cleared_deployment(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Work
) -> None:
    fill(Queue(settings.queue_name, connection=redis_client), work)
    client.clear_failed_jobs()
    worker = Worker([Queue(settings.queue_name, connection=redis_client)], connection=redis_client)
    worker.clean_registries()
    assert client.enqueue(add, 1)
    work()
    assert client.get_queue_info()["finished_jobs"] == 1


def test_a_hash_that_a_late_heartbeat_made_again_is_no_job(
    client: QueueClient, settings: Settings, redis_client: Redis
) -> None:
    """RQ's own rule: no `data`, no job (`Job.restore`)."""
    for state in ("queued", "failed"):
        redis_client.hset(f"rq:job:{state}", mapping={"last_heartbeat": "x", "status": state, "origin": "q"})
    before = dump(redis_client)
    assert not client.requeue_job("failed")
    assert not client.cancel_job("queued")
    assert differences(before, dump(redis_client)) == {}
    redis_client.zadd(f"rq:failed:{settings.queue_name}", {"failed": 9e9})
    assert client.clear_failed_jobs() == 1
    assert differences(before, dump(redis_client)) == {}, "only the entry that named it is gone"
