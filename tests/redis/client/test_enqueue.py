"""What enqueueing leaves in Redis is what RQ itself would have left, and each job is there once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rq import Callback, Queue, Repeat, Retry, Webhook
from rq.executions import Execution
from rq.job import Job
from rq.rate_limit import RateLimit

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.ocr_job import TASK
from tests.redis.control.keyspace import differences, dump

if TYPE_CHECKING:
    from redis import Redis

ADD = "tests.redis.control.jobs.add"
FAIL = "tests.redis.control.jobs.fail"


def rq_enqueue_ocr(connection: Redis, settings: Settings, receipt: str, priority: str = "default") -> None:
    name = settings.low_queue_name if priority == "low" else settings.queue_name
    Queue(name, connection=connection).enqueue(
        TASK,
        receipt_id=receipt,
        image_path=f"/receipts/{receipt}.png",
        user_id="anna",
        job_id=f"ocr-{receipt}",
        job_timeout=settings.default_timeout,
        result_ttl=settings.result_ttl,
        failure_ttl=settings.failure_ttl,
        retry=Retry(max=3, interval=[10, 30, 60]),
        at_front=priority == "high",
    )


def ours(client: QueueClient, receipt: str, priority: str = "default") -> str:
    return client.enqueue_ocr_task(receipt, f"/receipts/{receipt}.png", "anna", priority)


def start(connection: Redis, job_id: str, queue: str) -> None:
    """What RQ's worker writes when it takes a job and starts it."""
    connection.lrem(f"rq:queue:{queue}", 1, job_id)
    job = Job.fetch(job_id, connection)
    with connection.pipeline() as pipe:
        Execution.create(job, 90, pipe, worker_name="w")
        job.prepare_for_execution("w", pipe)
        pipe.execute()


def test_a_receipt_is_stored_byte_for_byte_as_rq_stores_it(
    client: QueueClient, settings: Settings, redis_client: Redis, other_database: Redis
) -> None:
    for receipt, priority in (("r1", "default"), ("r2", "low"), ("r3", "high"), ("r4", "high"), ("r5", "default")):
        assert ours(client, receipt, priority) == f"ocr-{receipt}"
        rq_enqueue_ocr(other_database, settings, receipt, priority)
    assert differences(dump(other_database), dump(redis_client)) == {}


def test_a_batch_is_stored_as_rqs_enqueue_many_stores_it(
    client: QueueClient, settings: Settings, redis_client: Redis, other_database: Redis
) -> None:
    receipts = [f"r{number}" for number in range(2500)]
    ids = client.enqueue_batch_ocr(
        {"receipt_id": receipt, "image_path": f"/receipts/{receipt}.png", "user_id": "anna"} for receipt in receipts
    )
    assert ids == [f"ocr-{receipt}" for receipt in receipts]
    queue = Queue(settings.queue_name, connection=other_database)
    queue.enqueue_many(
        Queue.prepare_data(
            TASK,
            kwargs={"receipt_id": receipt, "image_path": f"/receipts/{receipt}.png", "user_id": "anna"},
            job_id=f"ocr-{receipt}",
            timeout=settings.default_timeout,
            result_ttl=settings.result_ttl,
            failure_ttl=settings.failure_ttl,
            retry=Retry(max=3, interval=[10, 30, 60]),
        )
        for receipt in receipts
    )
    assert differences(dump(other_database), dump(redis_client)) == {}


def test_a_batch_takes_tuples_and_mixed_priorities_and_an_id_twice(client: QueueClient, settings: Settings) -> None:
    tasks = [("a", "/a.png", "u"), ("b", "/b.png", 7, "low"), ("c", "/c.png", "u", "high"), ("a", "/other.png", "u")]
    assert client.enqueue_batch_ocr(tasks) == ["ocr-a", "ocr-b", "ocr-c", "ocr-a"]
    main = client._connection.lrange(f"rq:queue:{settings.queue_name}", 0, -1)
    low = client._connection.lrange(f"rq:queue:{settings.low_queue_name}", 0, -1)
    assert (main, low) == ([b"ocr-c", b"ocr-a"], [b"ocr-b"])
    assert Job.fetch("ocr-a", client._connection).kwargs["image_path"] == "/a.png"
    assert Job.fetch("ocr-b", client._connection).kwargs == {"receipt_id": "b", "image_path": "/b.png", "user_id": 7}
    assert client.enqueue_batch_ocr([]) == []


def test_a_number_stays_a_number(client: QueueClient) -> None:
    assert client.enqueue_ocr_task(42, "/x.png", 7) == "ocr-42"
    assert Job.fetch("ocr-42", client._connection).kwargs == {"receipt_id": 42, "image_path": "/x.png", "user_id": 7}


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "limits": {"job_timeout": "1h", "result_ttl": 0, "failure_ttl": -1, "ttl": 5000},
    "front": {"at_front": True},
    "retry": {"retry": Retry(max=4, interval=[1, 2], enqueue_at_front=True)},
    "repeat": {"repeat": Repeat(times=2, interval=9)},
    "meta": {"meta": {"a": [1, {"b": "c"}]}, "description": "said so"},
    "callbacks": {
        "on_success": Callback("a.b"),
        "on_failure": Callback("a.c", timeout=7),
        "on_stopped": Callback("a.d"),
    },
    "webhook": {"webhooks": [Webhook("http://127.0.0.1:1/x", "finished")]},
    "unique": {"unique": True},
    "explicit": {"args": (1,), "kwargs": {"right": 2}},
    "rate limit": {"rate_limit": RateLimit("k", 1)},
    "deferred": {"depends_on": "before"},
    "dependency met": {"depends_on": "done"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_any_function_with_rqs_own_options_is_stored_as_rq_stores_it(
    name: str,
    client: QueueClient,
    settings: Settings,
    redis_client: Redis,
    other_database: Redis,
    work: Callable[..., None],
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    queue.enqueue(ADD, 1, job_id="done")
    work()
    queue.enqueue(ADD, 1, job_id="before")
    for key in redis_client.scan_iter():
        other_database.restore(key, max(redis_client.pttl(key), 0), redis_client.dump(key))
    options = OPTIONS[name]
    positional = () if "args" in options else (1,)
    defaults = {"job_timeout": settings.default_timeout, "result_ttl": settings.result_ttl}
    defaults["failure_ttl"] = settings.failure_ttl
    for number in (1, 2):
        job_id = f"job-{number}"
        assert client.enqueue(ADD, *positional, job_id=job_id, **options) == job_id
        theirs = Queue(settings.queue_name, connection=other_database)
        theirs.enqueue(ADD, *positional, job_id=job_id, **(defaults | options))
    assert differences(dump(other_database), dump(redis_client)) == {}


def test_a_function_can_be_given_as_itself_and_gets_an_id(client: QueueClient, work: Callable[..., None]) -> None:
    from tests.redis.control.jobs import add

    job_id = client.enqueue(add, 20, right=22)
    work()
    assert client.get_job_status(job_id)["result"] == 42


def make_active(state: str, client: QueueClient, connection: Redis, queue: Queue) -> None:
    """A job `ocr-r` in some state, made by RQ itself."""
    if state == "scheduled":
        queue.enqueue_at(datetime.now(UTC) + timedelta(hours=1), ADD, 1, job_id="ocr-r")
    elif state == "deferred":
        queue.enqueue(ADD, 1, job_id="parent")
        queue.enqueue(ADD, 1, job_id="ocr-r", depends_on="parent")
    elif state == "rate_limited":
        queue.enqueue(ADD, 1, job_id="first", rate_limit=RateLimit("k", 1))
        queue.enqueue(ADD, 1, job_id="ocr-r", rate_limit=RateLimit("k", 1))
    elif state == "ready_to_enqueue":
        queue.enqueue(ADD, 1, job_id="ocr-r")
        connection.lrem(queue.key, 1, "ocr-r")
        connection.hset("rq:job:ocr-r", "status", "ready_to_enqueue")
        connection.zadd(f"rq:ready:{queue.name}", {"ocr-r": 1})
    else:
        queue.enqueue(ADD, 1, job_id="ocr-r")
        if state == "intermediate":
            connection.lmove(queue.key, queue.intermediate_queue_key, "LEFT", "RIGHT")
        elif state in ("started", "canceled while it runs"):
            start(connection, "ocr-r", queue.name)
            if state != "started":
                Job.fetch("ocr-r", connection).cancel()


@pytest.mark.parametrize(
    "state",
    [
        "queued",
        "intermediate",
        "started",
        "canceled while it runs",
        "scheduled",
        "deferred",
        "rate_limited",
        "ready_to_enqueue",
    ],
)
@pytest.mark.parametrize("low", [False, True])
def test_what_waits_or_runs_is_left_exactly_as_it_is(
    state: str, low: bool, client: QueueClient, settings: Settings, redis_client: Redis
) -> None:
    name = settings.low_queue_name if low else settings.queue_name
    make_active(state, client, redis_client, Queue(name, connection=redis_client))
    redis_client.sadd("rq:queues", f"rq:queue:{settings.queue_name}")
    before = dump(redis_client)
    assert ours(client, "r") == "ocr-r"
    assert client.enqueue(FAIL, job_id="ocr-r") == "ocr-r"
    assert differences(before, dump(redis_client)) == {}


@pytest.mark.parametrize("end", ["finished", "failed", "canceled", "stopped", "expired", "half gone"])
def test_what_has_ended_is_enqueued_afresh_and_nothing_of_its_earlier_life_stays(
    end: str, client: QueueClient, settings: Settings, redis_client: Redis, work: Callable[..., None]
) -> None:
    for name in settings.queue_names:
        redis_client.sadd("rq:queues", f"rq:queue:{name}")
    ours(client, "r")
    fresh = dump(redis_client, but=("pantry:", "rq:worker", "rq:clean"))
    redis_client.flushdb()
    for name in settings.queue_names:
        redis_client.sadd("rq:queues", f"rq:queue:{name}")
    # An earlier life in the other queue, with all that RQ can leave behind.
    queue = Queue(settings.low_queue_name, connection=redis_client)
    func = FAIL if end == "failed" else ADD
    job = queue.enqueue(func, 1, job_id="ocr-r", meta={"old": 1}, result_ttl=50, failure_ttl=50, description="old")
    if end == "canceled":
        job.cancel()
    else:
        work()
    if end == "stopped":
        redis_client.hset(job.key, "status", "stopped")
        redis_client.zrem(f"rq:finished:{queue.name}", job.id)
        redis_client.zadd(f"rq:failed:{queue.name}", {job.id: 9e9})
    if end == "expired":
        redis_client.delete(job.key)
        redis_client.zadd(f"rq:failed:{settings.queue_name}", {job.id: 9e9})
    if end == "half gone":
        redis_client.delete(job.key)
        redis_client.hset(job.key, "last_heartbeat", "x")
    ours(client, "r")
    assert redis_client.ttl("rq:job:ocr-r") == -1
    after = dump(redis_client, but=("pantry:", "rq:worker", "rq:clean"))
    if end in ("expired", "half gone"):  # nothing names the queue it was in, so RQ drops that entry by its own time
        after.pop(f"rq:finished:{queue.name}", None)
    assert differences(fresh, after) == {}


def test_jobs_that_wait_for_it_go_on_waiting_for_the_new_one(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Callable[..., None]
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    client.enqueue(FAIL, job_id="ocr-r", failure_ttl=100)
    queue.enqueue(ADD, 1, job_id="child", depends_on="ocr-r")
    work()
    assert redis_client.ttl("rq:job:ocr-r:dependents") > 0
    client.enqueue(ADD, 1, job_id="ocr-r")
    assert redis_client.ttl("rq:job:ocr-r:dependents") == -1
    work()
    assert client.get_job_status("child")["status"] == "finished"


def test_a_job_that_claims_to_wait_but_is_in_no_list_is_enqueued_afresh(
    client: QueueClient, settings: Settings, redis_client: Redis
) -> None:
    for state in ("queued", "started", "scheduled", "created"):
        ours(client, state)
        redis_client.hset(f"rq:job:ocr-{state}", "status", state)
    redis_client.delete(f"rq:queue:{settings.queue_name}")
    client.enqueue_batch_ocr((state, "/x.png", "u") for state in ("queued", "started", "scheduled", "created"))
    assert redis_client.lrange(f"rq:queue:{settings.queue_name}", 0, -1) == [
        b"ocr-queued",
        b"ocr-started",
        b"ocr-scheduled",
        b"ocr-created",
    ]
    assert {client.get_job_status(f"ocr-{state}")["status"] for state in ("started", "scheduled")} == {"queued"}


def test_a_job_that_is_registered_within_the_grace_is_not_enqueued_again(
    client: QueueClient, settings: Settings, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RQ's worker on two queues takes a job and registers it a moment later: between, no list holds it."""
    from pantry_queue.control import submission

    ours(client, "r")
    redis_client.lpop(f"rq:queue:{settings.queue_name}")
    monkeypatch.setattr(submission.time, "sleep", lambda _: start(redis_client, "ocr-r", settings.queue_name))
    before = redis_client.hget("rq:job:ocr-r", "created_at")
    ours(client, "r")
    assert redis_client.llen(f"rq:queue:{settings.queue_name}") == 0
    assert redis_client.hget("rq:job:ocr-r", "created_at") == before


def test_twenty_callers_of_one_receipt_make_one_job(
    client: QueueClient, settings: Settings, redis_client: Redis
) -> None:
    for round_number in range(20):
        barrier = threading.Barrier(20)
        ids: list[str] = []

        def call(barrier: threading.Barrier = barrier, ids: list[str] = ids, receipt: str = f"r{round_number}") -> None:
            barrier.wait()
            ids.append(ours(QueueClient(settings), receipt))

        threads = [threading.Thread(target=call) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ids == [f"ocr-r{round_number}"] * 20
    waiting = redis_client.lrange(f"rq:queue:{settings.queue_name}", 0, -1)
    assert waiting == [f"ocr-r{number}".encode() for number in range(20)]
