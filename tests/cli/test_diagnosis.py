"""`jobs why`, `doctor` and `check` over situations that were really made: workers of RQ, settings of a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from rq import Queue, Retry, SimpleWorker, Worker
from rq.rate_limit import RateLimit
from rq.registry import StartedJobRegistry

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker
from tests.cli.conftest import Cli
from tests.cli.inside import cli
from tests.redis.engines.servers import until

__all__ = ["cli"]


@pytest.fixture
def worker(redis_client: Redis) -> Iterator[Worker]:
    """An idle stock worker of queue `served`, registered by RQ itself; nobody listens to its commands."""
    found = SimpleWorker(["served"], connection=redis_client, name="stock")
    found.register_birth()
    found.set_state("idle")
    found.pubsub = redis_client.pubsub()
    found.pubsub.subscribe("rq:pubsub:stock")
    found.pubsub.get_message(timeout=1)
    yield found
    found.pubsub.close()


def answer(cli: Cli, job_id: str, **environment: str) -> dict:
    done = cli("jobs", "why", job_id, "--json", WORKER_ALLOWED_TASKS="*", **environment)
    assert done.code == 0, done.err
    return done.json()["answer"]


def test_jobs_that_wait(cli: Cli, redis_client: Redis, worker: Worker) -> None:
    served, lonely = Queue("served", connection=redis_client), Queue("lonely", connection=redis_client)
    lonely.enqueue("operator.add", 1, 2, job_id="done")
    SimpleWorker([lonely], connection=redis_client, name="was-here").work(burst=True)
    lonely.enqueue("operator.add", 1, 2, job_id="nobody")
    told = answer(cli, "nobody")
    assert (told["code"], told["severity"]) == ("no-worker", "critical")
    assert any("was-here" in sentence for sentence in told["evidence"])
    assert told["command"] == "pantry-console workers launch --no-burst --queue lonely"

    served.enqueue("operator.add", 1, 2, job_id="turn")
    assert answer(cli, "turn")["code"] == "in-turn"
    worker.set_state("busy")
    assert answer(cli, "turn")["code"] == "all-busy"
    worker.set_state("idle")
    worker.pubsub.unsubscribe()
    worker.pubsub.get_message(timeout=1)
    assert answer(cli, "turn")["code"] == "workers-silent"
    cli("queues", "pause", "served")
    told = answer(cli, "turn")
    assert (told["code"], told["action"], told["selection"]["queues"]) == ("paused", "queues.resume", ["served"])
    cli("suspend", "--yes")
    assert (answer(cli, "turn")["code"]) == "suspended"
    redis_client.srem("rq:queues", "rq:queue:served")
    checks = {one["code"]: one["mark"] for one in cli("jobs", "why", "turn", "--json").json()["checks"]}
    assert (checks["suspended"], checks["paused"], checks["registered"]) == ("cause", "warning", "warning")
    assert checks["allowed"] == "warning", "operator.add is not among the tasks of these settings"
    redis_client.rename("rq:queue:served", "rq:queue:served:intermediate")
    assert answer(cli, "turn")["code"] == "stuck"
    redis_client.delete("rq:queue:served:intermediate")
    assert answer(cli, "turn")["code"] == "lost"


def test_jobs_that_wait_for_something(cli: Cli, redis_client: Redis, worker: Worker) -> None:
    queue = Queue("served", connection=redis_client)
    parent = queue.enqueue("operator.truediv", 1, 0, job_id="parent")
    queue.enqueue("operator.add", 1, 2, job_id="child", depends_on=parent)
    told = answer(cli, "child")
    assert told["code"] == "dependency-waiting"
    assert "parent" in told["says"]
    SimpleWorker([queue], connection=redis_client, name="other").work(burst=True)
    assert answer(cli, "child")["code"] == "dependency-failed"
    redis_client.hset("rq:job:parent", "status", "canceled")
    assert answer(cli, "child")["code"] == "dependency-canceled"
    redis_client.hset("rq:job:parent", "status", "finished")
    assert answer(cli, "child")["code"] == "dependency-finished"
    redis_client.delete("rq:job:parent")
    assert answer(cli, "child")["code"] == "dependency-gone"

    queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 2, job_id="later")
    assert answer(cli, "later")["code"] == "due-later"
    redis_client.zadd("rq:scheduled:served", {"later": time.time() - 60})
    assert answer(cli, "later")["code"] == "overdue-no-scheduler"
    redis_client.set("rq:scheduler-lock:served", "somebody", ex=60)
    assert answer(cli, "later")["code"] == "overdue"
    queue.enqueue("operator.truediv", 1, 0, job_id="again", retry=Retry(max=3, interval=600))
    SimpleWorker([queue], connection=redis_client, name="third").work(burst=True)
    assert answer(cli, "again")["code"] == "retry-waiting"
    queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 2, job_id="dies", ttl=60)
    assert answer(cli, "dies")["code"] == "expires"

    for number in range(2):
        queue.enqueue("operator.add", 1, 2, job_id=f"slot-{number}", rate_limit=RateLimit("api", 1))
    told = answer(cli, "slot-1")
    assert told["code"] == "rate-limit"
    assert "1 of 1" in told["evidence"][0]


def test_jobs_that_run_or_ended(cli: Cli, redis_client: Redis, worker: Worker) -> None:
    queue = Queue("served", connection=redis_client)
    job = queue.enqueue("operator.add", 1, 2, job_id="runs")
    redis_client.delete("rq:queue:served")
    execution = worker.prepare_execution(job)
    worker.prepare_job_execution(job)
    assert answer(cli, "runs")["code"] == "runs"
    registry = StartedJobRegistry("served", connection=redis_client)
    redis_client.zadd(registry.key, {f"runs:{execution.id}": time.time() - 5})
    told = answer(cli, "runs")
    assert (told["code"], told["action"], told["selection"]["ids"]) == ("orphan", "jobs.rescue", ["runs"])
    redis_client.zadd(registry.key, {f"runs:{execution.id}": time.time() + 90})
    worker.pubsub.unsubscribe()
    worker.pubsub.get_message(timeout=1)
    assert answer(cli, "runs")["code"] == "worker-deaf"
    redis_client.expire("rq:worker:stock", 30)
    assert answer(cli, "runs")["code"] == "worker-gone"

    broken = Queue("broken", connection=redis_client)
    broken.enqueue("nowhere.at.all", job_id="import")
    broken.enqueue("operator.add", 1, 2, job_id="fine", result_ttl=600)
    broken.enqueue("operator.add", 1, 2, job_id="canceled").cancel()
    SimpleWorker([broken], connection=redis_client, name="fourth").work(burst=True)
    told = answer(cli, "import")
    assert told["code"] == "failed-not-importable"
    assert (told["action"], told["command"]) == ("jobs.requeue", "pantry-console jobs requeue import")
    assert answer(cli, "fine")["code"] == "finished"
    assert answer(cli, "canceled")["code"] == "canceled"
    broken.enqueue("nowhere.at.all", job_id="import-2")
    checks = {one["code"]: one["mark"] for one in cli("jobs", "why", "import-2", "--json").json()["checks"]}
    assert checks["importable"] == "warning"
    broken.enqueue("operator.add", 1, 2, job_id="garbage")
    redis_client.hset("rq:job:garbage", "data", b"neither")
    checks = {one["code"]: one for one in cli("jobs", "why", "garbage", "--json").json()["checks"]}
    assert checks["serializer"]["finding"]["severity"] == "critical"
    redis_client.rename("rq:job:import-2", "rq:job:an id")
    assert answer(cli, "an id")["code"] == "unreadable"
    redis_client.rename("rq:job:an id", "rq:job:import-2")
    redis_client.hset("rq:job:import-2", "timeout", "soon")
    assert answer(cli, "import-2")["code"] == "unreadable"
    broken.enqueue("operator.add", 1, 2, job_id="expired", ttl=1)
    redis_client.pexpire("rq:job:expired", 1)
    until(lambda: not redis_client.exists("rq:job:expired"))
    assert (answer(cli, "expired")["code"], answer(cli, "expired")["severity"]) == ("expired", "critical")
    assert cli("jobs", "why", "no-such-job").code == 3


def test_a_pantry_worker_sets_aside_and_refuses(cli: Cli, settings: Settings, redis_client: Redis) -> None:
    queue = Queue("strict", connection=redis_client)
    queue.enqueue("operator.add", 1, 2, job_id="refused")
    queue.enqueue("operator.add", 1, 2, job_id="garbage")
    redis_client.hset("rq:job:garbage", "timeout", "soon")
    strict = PantryWorker(["strict"], connection=connect(settings, "worker"), allow=AllowList(["nothing."]))
    strict.work(burst=True)
    told = answer(cli, "garbage")
    assert told["code"] == "quarantine"
    assert "cannot be read" in told["evidence"][0]
    assert answer(cli, "refused")["code"] == "failed-not-allowed"
