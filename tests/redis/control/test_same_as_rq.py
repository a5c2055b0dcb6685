"""Every action leaves what RQ's own call leaves: two copies of one database, RQ on one and ours on the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rq import Callback, Queue, Retry
from rq.group import Group
from rq.job import Job
from rq.rate_limit import RateLimit
from rq.registry import (
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
)

from pantry_queue.control.plan import Options
from tests.redis.control.jobs import fail, nothing
from tests.redis.control.keyspace import copy, differences, dump

from .conftest import Operator
from .places import out_of_place

if TYPE_CHECKING:
    from redis import Redis

REGISTRIES = {
    "failed": FailedJobRegistry,
    "finished": FinishedJobRegistry,
    "canceled": CanceledJobRegistry,
    "scheduled": ScheduledJobRegistry,
    "deferred": DeferredJobRegistry,
}


def seed(connection: Redis, work: Callable[..., None], *, limits: bool = True) -> None:
    """Jobs of every kind in every state, in the queues `a` and `b`; those with a rate limit only if wanted."""
    queue, other = Queue("a", connection=connection), Queue("b", connection=connection)
    for func, tag in ((fail, "f"), (nothing, "o")):
        queue.enqueue(func, job_id=f"{tag}-plain")
        queue.enqueue(func, job_id=f"{tag}-meta", meta={"k": [1, 2, {"x": "y"}]})
        queue.enqueue(func, job_id=f"{tag}-ttl", ttl=5000, failure_ttl=300, result_ttl=250)
        queue.enqueue(func, job_id=f"{tag}-ever", failure_ttl=-1, result_ttl=-1)
        queue.enqueue(func, job_id=f"{tag}-callbacks", on_success=Callback(nothing), on_failure=Callback(nothing))
        queue.enqueue(func, job_id=f"{tag}-told", description="d", job_timeout="1h")
        other.enqueue(nothing, depends_on=f"{tag}-plain", job_id=f"{tag}-child")
    group = Group.create(connection=connection, name="g")
    group.enqueue_many(
        queue, [Queue.prepare_data(fail, job_id="f-group"), Queue.prepare_data(nothing, job_id="o-group")]
    )
    queue.enqueue(fail, job_id="f-retried", retry=Retry(max=1))
    queue.enqueue(fail, job_id="r-waits", retry=Retry(max=2, interval=[600, 900]))
    if limits:
        queue.enqueue(fail, job_id="f-limited", rate_limit=RateLimit("k", 2))
    work("a", "b")
    for number in range(5):
        queue.enqueue(nothing, job_id=f"q-{number}", ttl=4000 if number % 2 else None)
    other.enqueue(nothing, job_id="q-other", group_id="g")
    due = datetime.now(UTC) + timedelta(hours=2)
    queue.enqueue_at(due, nothing, job_id="s-1")
    other.enqueue_at(due, nothing, job_id="s-2", meta={"s": 1})
    queue.enqueue(nothing, job_id="d-1", depends_on=["q-0", "q-1"])
    other.enqueue(nothing, job_id="d-2", depends_on="q-0", ttl=3000)
    for number in range(3):
        queue.enqueue(nothing, job_id=f"c-{number}").cancel()
    for number in range(3 if limits else 0):
        queue.enqueue(nothing, job_id=f"l-{number}", rate_limit=RateLimit("z", 1))


def ids_of(connection: Redis, place: str) -> list[str]:
    """Ids of a registry, or of the queues, in their order."""
    if place == "queued":
        return [name.decode() for queue in "ab" for name in connection.lrange(f"rq:queue:{queue}", 0, -1)]
    return [name.decode() for queue in "ab" for name in connection.zrange(f"rq:{place}:{queue}", 0, -1)]


def as_we_requeue(connection: Redis, ids: list[str], *, forced: bool = False) -> None:
    """The named differences to RQ: data that stays until the job has run, all retries, one place only."""
    for job_id in ids:
        job = f"rq:job:{job_id}"
        if not connection.hget(job, "ttl"):
            connection.persist(job)
            connection.persist(f"{job}:dependents")
        if connection.hexists(job, "retry_intervals"):
            connection.hset(job, "retries_left", len(json.loads(connection.hget(job, "retry_intervals") or b"[]")))
            connection.hdel(job, "number_of_retries")
        if forced:
            for parent in connection.smembers(f"rq:job::{job_id}:dependencies"):
                connection.srem(f"rq:job:{parent.decode()}:dependents", job_id)


@pytest.fixture
def twins(operator: Operator, redis_client: Redis, other_database: Redis, work: Any) -> Any:
    """The seeded database twice."""
    seed(redis_client, work)
    copy(redis_client, other_database)
    return redis_client, other_database


@pytest.mark.parametrize("at_front", [False, True], ids=["back", "front"])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "ids"])
@pytest.mark.parametrize("place", ["failed", "finished", "canceled", "scheduled", "deferred"])
def test_requeue_and_enqueue_now(
    place: str, whole: bool, at_front: bool, operator: Operator, twins: tuple[Redis, Redis]
) -> None:
    ours, theirs = twins
    ids = ids_of(theirs, place)
    for queue in "ab":
        registry = REGISTRIES[place](queue, connection=theirs)
        for job_id in registry.get_job_ids(cleanup=False):
            registry.requeue(job_id, at_front=at_front)
    as_we_requeue(theirs, ids, forced=place == "deferred")
    name = "jobs.enqueue-now" if place in ("scheduled", "deferred") else "jobs.requeue"
    chosen: dict[str, Any] = {"states": (place,)} if whole else {}
    outcome = operator.act(name, *([] if whole else ids), options=Options(at_front=at_front), **chosen)
    assert (outcome.done, outcome.skipped, outcome.failed) == (len(ids), {}, ())
    assert len(ids) > 1
    assert differences(dump(theirs), dump(ours)) == {}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "ids"])
@pytest.mark.parametrize("place", ["queued", "scheduled", "deferred"])
def test_cancel(place: str, whole: bool, operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    ids = ids_of(theirs, place)
    if place == "queued" and not whole:
        ids = ids[::2]
    for job_id in ids:
        Job.fetch(job_id, theirs).cancel()
    chosen: dict[str, Any] = {"states": (place,)} if whole else {}
    outcome = operator.act("jobs.cancel", *([] if whole else ids), **chosen)
    assert (outcome.done, outcome.skipped) == (len(ids), {})
    assert differences(dump(theirs), dump(ours)) == {}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "ids"])
@pytest.mark.parametrize("place", ["queued", "scheduled", "deferred", "failed", "finished", "canceled"])
def test_delete(place: str, whole: bool, operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    ids = ids_of(theirs, place)
    if place in ("queued", "failed") and not whole:
        ids = ids[1::2]
    for job_id in ids:
        Job.fetch(job_id, theirs).delete()
    chosen: dict[str, Any] = {"states": (place,)} if whole else {}
    outcome = operator.act("jobs.delete", *([] if whole else ids), **chosen)
    assert (outcome.done, outcome.skipped) == (len(ids), {})
    assert differences(dump(theirs), dump(ours)) == {}


@pytest.mark.parametrize("name", ["queues.empty", "queues.delete"])
def test_emptying_a_queue(name: str, operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    ids = [job_id.decode() for job_id in theirs.lrange("rq:queue:a", 0, -1)]
    queue = Queue("a", connection=theirs)
    queue.empty() if name == "queues.empty" else queue.delete()
    # RQ leaves more behind: what they wait for, and the slots they hold, which nobody frees until maintenance.
    for job_id in ids:
        theirs.delete(f"rq:job::{job_id}:dependencies")
        theirs.srem("rq:group:g", job_id)
    outcome = operator.act(name, queues=("a",))
    assert outcome.done == len(ids)
    left = differences(dump(theirs), dump(ours))
    freed = {key for key in left if key.startswith(("rq:rl:", "rq:queue:a", "rq:job:l-"))}
    if freed and name == "queues.delete":
        freed.add("rq:queues")  # the job that took the free slot keeps the queue alive
    assert set(left) == freed, left


def test_cancel_lets_dependents_go_and_leaves_parents(operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    for connection in twins:
        Queue("a", connection=connection).enqueue(nothing, job_id="both", depends_on="q-2")
        Job.fetch("q-1", connection).cancel()
    Job.fetch("q-2", theirs).cancel(enqueue_dependents=True)
    Job.fetch("d-1", theirs).cancel(remove_from_dependencies=True)
    assert operator.act("jobs.cancel", "q-2", options=Options(dependents=True)).done == 1
    assert operator.act("jobs.cancel", "d-1", options=Options(parents=True)).done == 1
    assert differences(dump(theirs), dump(ours)) == {}
    assert ours.hget("rq:job:both", "status") == b"queued"


def test_a_dependent_that_is_canceled_too_is_not_let_go(operator: Operator, redis_client: Redis) -> None:
    queue = Queue("a", connection=redis_client)
    queue.enqueue(nothing, job_id="first")
    for job_id, parent in (("child", "first"), ("grandchild", "child"), ("free", "child")):
        queue.enqueue(nothing, job_id=job_id, depends_on=parent)
    outcome = operator.act("jobs.cancel", "child", "grandchild", options=Options(dependents=True))
    assert (outcome.done, outcome.skipped) == (2, {})
    assert ids_of(redis_client, "queued") == ["first", "free"]
    assert out_of_place(redis_client) == {}


def test_delete_with_dependents(operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    Job.fetch("q-0", theirs).delete(delete_dependents=True)
    outcome = operator.act("jobs.delete", "q-0", options=Options(dependents=True))
    assert outcome.done == 3
    assert differences(dump(theirs), dump(ours)) == {}
