"""What services are told about a job and a queue."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rq import Queue, Worker

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from tests.redis.control.jobs import add, echo, fail, nothing
from tests.redis.control.keyspace import differences, dump

if TYPE_CHECKING:
    from redis import Redis

KEYS = [
    "job_id",
    "status",
    "result",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "error",
    "position",
]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_waiting_job_has_a_position(client: QueueClient) -> None:
    client.enqueue_batch_ocr((number, "/x.png", "u") for number in range(3))
    status = client.get_job_status("ocr-2")
    assert list(status) == KEYS
    assert (status["status"], status["position"], status["result"], status["error"]) == ("queued", 2, None, None)
    assert TIME.fullmatch(status["created_at"])
    assert TIME.fullmatch(status["enqueued_at"])
    assert (status["started_at"], status["ended_at"]) == (None, None)


def test_a_finished_job_has_its_result(client: QueueClient, work: Callable[..., None]) -> None:
    value = {"receipt_id": "r", "total": 12.5, "items": [("Brot", 2), {"x"}], 3: None, "raw": b"\xff"}
    job_id = client.enqueue(echo, value)
    none_id = client.enqueue(nothing)
    work()
    status = client.get_job_status(job_id)
    assert (status["status"], status["position"], status["error"]) == ("finished", None, None)
    assert status["result"] == {
        "receipt_id": "r",
        "total": 12.5,
        "items": [["Brot", 2], ["x"]],
        "3": None,
        "raw": "\\xff",
    }
    assert TIME.fullmatch(status["started_at"])
    assert TIME.fullmatch(status["ended_at"])
    assert json.loads(json.dumps(status)) == status
    assert client.get_job_status(none_id)["result"] is None


def test_a_result_that_is_not_plain_data_is_described_and_never_loaded(
    client: QueueClient, work: Callable[..., None]
) -> None:
    job_id = client.enqueue(echo, Decimal("1.20"))
    work()
    result = client.get_job_status(job_id)["result"]
    assert isinstance(result, str)
    assert "1.20" in result


def test_a_failed_job_has_the_last_line_of_its_traceback_until_it_is_enqueued_again(
    client: QueueClient, work: Callable[..., None]
) -> None:
    client.enqueue(fail, "line one\nthe agent refuses \x1b[31mthis", job_id="f")
    work()
    status = client.get_job_status("f")
    assert (status["status"], status["result"]) == ("failed", None)
    assert status["error"] == "the agent refuses \\x1b[31mthis"
    assert client.requeue_job("f")
    assert client.get_job_status("f")["error"] is None


def test_an_unknown_job_is_not_found(client: QueueClient, redis_client: Redis) -> None:
    redis_client.hset("rq:job:half", "last_heartbeat", "x")
    redis_client.sadd("rq:job:victim:dependents", "child")
    for job_id in ("none", "half", "victim:dependents", "", "\ud800", "a b", "x\0y", "é" * 1000):
        assert client.get_job_status(job_id) == {"job_id": job_id, "status": "not_found"}


def test_damaged_fields_are_unknown_rather_than_an_error(client: QueueClient, redis_client: Redis) -> None:
    redis_client.hset("rq:job:d", mapping={"data": b"x", "status": "failed", "created_at": "soon", "ended_at": b"\xff"})
    redis_client.xadd("rq:results:d", {"type": "9", "exc_string": "***"})
    status = client.get_job_status("d")
    assert (status["status"], status["created_at"], status["ended_at"]) == ("failed", None, None)
    redis_client.delete("rq:results:d")
    redis_client.set("rq:results:d", "another kind")
    assert client.get_job_status("d")["status"] == "failed"


hostile_text = st.text(st.characters(exclude_categories=()), max_size=30)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job_id=hostile_text)
def test_no_id_however_odd_is_more_than_unknown(client: QueueClient, job_id: str) -> None:
    assert client.get_job_status(job_id)["status"] == "not_found"
    assert client.cancel_job(job_id) is False
    assert client.requeue_job(job_id) is False


def test_the_queue_is_counted_as_rq_counts_it_without_its_clean_ups(
    client: QueueClient, settings: Settings, redis_client: Redis, work: Callable[..., None]
) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    client.enqueue(add, 1)
    client.enqueue(fail)
    client.enqueue(fail)
    work()
    queue.enqueue_at(datetime.now(UTC) + timedelta(hours=1), add, 1)
    parent = queue.enqueue(add, 1)
    queue.enqueue(add, 1, depends_on=parent)
    queue.enqueue(add, 1).cancel()
    Worker([queue], connection=redis_client, name="living").register_birth()
    redis_client.sadd(f"rq:workers:{queue.name}", "rq:worker:ghost")
    # Entries past their time, which RQ would drop when it counts.
    for registry in ("wip", "finished", "failed"):
        redis_client.zadd(f"rq:{registry}:{queue.name}", {"expired": 1})
    before = dump(redis_client)
    info = client.get_queue_info()
    assert differences(before, dump(redis_client)) == {}
    assert info == {
        "name": settings.queue_name,
        "count": queue.count,
        "started_jobs": queue.started_job_registry.count,
        "finished_jobs": queue.finished_job_registry.count,
        "failed_jobs": queue.failed_job_registry.count,
        "deferred_jobs": queue.deferred_job_registry.count,
        "scheduled_jobs": queue.scheduled_job_registry.count,
        "canceled_jobs": queue.canceled_job_registry.count,
        "workers": 1,
    }
    assert list(info.values())[1:] == [1, 0, 1, 2, 1, 1, 1, 1]


def commands(connection: Redis) -> dict[str, Any]:
    return {name: stat["calls"] for name, stat in connection.info("commandstats").items()}


def test_asking_takes_one_round_trip(client: QueueClient, redis_client: Redis) -> None:
    client.get_queue_info()
    redis_client.config_resetstat()
    client.get_queue_info()
    assert commands(redis_client)["cmdstat_evalsha"] == 1


@pytest.mark.parametrize("name", ["get_job_status", "cancel_job", "requeue_job"])
def test_text_after_a_colon_is_part_of_the_id(name: str, client: QueueClient, redis_client: Redis) -> None:
    """RQ's `Job.fetch` drops it, and would act on another job."""
    client.enqueue_ocr_task("victim", "/x.png", "u")
    before = dump(redis_client)
    assert getattr(client, name)("ocr-victim:0") in (False, {"job_id": "ocr-victim:0", "status": "not_found"})
    assert differences(before, dump(redis_client)) == {}
