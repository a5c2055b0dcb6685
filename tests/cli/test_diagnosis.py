"""`jobs why` over jobs that no worker has: what RQ itself, its clients and our commands make of them."""

from __future__ import annotations

import marshal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Dependency
from rq.rate_limit import RateLimit

from pantry_queue.monitor.diagnosis import deferred
from tests.cli.conftest import Cli
from tests.cli.crew import Crew
from tests.cli.inside import cli
from tests.cli.situations import answer, checks, explained, findings
from tests.redis.engines.servers import until

__all__ = ["cli"]


def test_jobs_that_nobody_takes(cli: Cli, redis_client: Redis) -> None:
    lonely = Queue("lonely", connection=redis_client)
    lonely.enqueue("operator.add", 1, 2, job_id="done")
    SimpleWorker([lonely], connection=redis_client, name="was-here").work(burst=True)
    lonely.enqueue("operator.add", 1, 2, job_id="nobody")
    told = answer(redis_client, "nobody")
    assert (told["code"], told["severity"]) == ("no-worker", "critical")
    assert any("was-here" in sentence for sentence in told["evidence"])
    assert told["command"] == "pantry-console workers launch --no-burst --queue lonely"
    assert cli("queues", "pause", "lonely").code == 0
    assert answer(redis_client, "nobody")["code"] == "paused"
    assert cli("suspend", "--yes").code == 0
    marks = {code: one["mark"] for code, one in checks(redis_client, "nobody").items()}
    assert (marks["suspended"], marks["paused"], marks["worker"]) == ("cause", "warning", "warning")
    # The command line says the same, and knows what our own workers would run.
    done = cli("jobs", "why", "nobody")
    assert "All workers are suspended" in done.out
    shown = {one["code"]: one for one in cli("jobs", "why", "nobody", "--json").json()["checks"]}
    assert shown["allowed"]["mark"] == "warning", "operator.add is not among the tasks of these settings"
    assert cli("jobs", "why", "no-such-job").code == 3


def test_jobs_that_wait_for_other_jobs(redis_client: Redis) -> None:
    queue = Queue("served", connection=redis_client)

    def works() -> None:
        SimpleWorker([queue], connection=redis_client, name="other").work(burst=True)

    parent = queue.enqueue("operator.truediv", 1, 0, job_id="parent")
    queue.enqueue("operator.add", 1, 2, job_id="child", depends_on=parent)
    told = answer(redis_client, "child")
    assert told["code"] == "dependency-waiting"
    assert "parent" in told["says"]
    assert "waits-in-vain" not in findings(redis_client)
    works()
    assert answer(redis_client, "child")["code"] == "dependency-failed"
    found = findings(redis_client)["waits-in-vain"]
    assert (found["severity"], found["selection"]["ids"]) == ("warning", ["child"])
    assert found["evidence"] == ["child of queue served waits for parent, which failed."]
    parent.delete()
    found = findings(redis_client)["waits-in-vain"]
    assert (found["severity"], "which does not exist any more" in found["evidence"][0]) == ("critical", True)
    told = answer(redis_client, "child")
    assert (told["code"], told["action"], told["selection"]["ids"]) == (
        "dependency-gone",
        "jobs.enqueue-now",
        ["child"],
    )
    # Who enqueues it again under its old id gets its result, and RQ has forgotten who waited for it.
    queue.enqueue("operator.truediv", 1, 1, job_id="parent")
    works()
    assert answer(redis_client, "child")["code"] == "dependency-finished"
    assert "parent, which has finished, and did not let it go" in findings(redis_client)["waits-in-vain"]["evidence"][0]
    other = queue.enqueue("operator.add", 1, 2, job_id="other")
    queue.enqueue("operator.add", 1, 2, job_id="orphaned", depends_on=other)
    other.cancel()
    assert answer(redis_client, "orphaned")["code"] == "dependency-canceled"
    found = findings(redis_client)["waits-in-vain"]
    assert (found["severity"], found["selection"]["ids"]) == ("critical", ["child", "orphaned"])
    assert found["says"].startswith("2 deferred jobs of 2 looked at wait for")
    # One that bears failures waits for the other one.
    wrong, busy = queue.enqueue("operator.truediv", 1, 0), Queue("none", connection=redis_client).enqueue("a.b")
    both = Dependency([wrong, busy], allow_failure=True)
    queue.enqueue("operator.add", 1, 2, job_id="tolerant", depends_on=both)
    works()
    told = answer(redis_client, "tolerant")
    assert (told["code"], busy.id in told["says"], wrong.id in told["says"]) == ("dependency-waiting", True, False)
    assert "tolerant" not in findings(redis_client)["waits-in-vain"]["selection"]["ids"]
    for number in range(2):
        queue.enqueue("operator.add", 1, 2, job_id=f"slot-{number}", rate_limit=RateLimit("api", 1))
    told = answer(redis_client, "slot-1")
    assert told["code"] == "rate-limit"
    assert "1 of 1" in told["evidence"][0]


def test_a_job_that_is_let_go_while_it_is_looked_at(redis_client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    queue, asked = Queue("served", connection=redis_client), deferred.ask_each
    parent = queue.enqueue("operator.add", 1, 2)
    queue.enqueue("operator.add", 1, 2, depends_on=parent)

    def after_it_ran(client: Any, questions: Any, names: Any) -> Any:
        if any("status" in question for question in questions):
            SimpleWorker([queue], connection=redis_client).work(burst=True)
        return asked(client, questions, names)

    monkeypatch.setattr(deferred, "ask_each", after_it_ran)
    assert "waits-in-vain" not in findings(redis_client)
    assert redis_client.zcard("rq:finished:served") == 2


def test_jobs_that_wait_for_their_time(redis_client: Redis, crew: Crew) -> None:
    queue = Queue("timed", connection=redis_client)
    queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 2, job_id="later")
    told = answer(redis_client, "later")
    assert (told["code"], told["severity"]) == ("due-later", "warning")
    assert "no scheduler runs for it so far" in told["says"]
    assert findings(redis_client)["no-scheduler"]["evidence"] == ["timed: 1 scheduled."]
    queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 2, job_id="dies", ttl=60)
    assert answer(redis_client, "dies")["code"] == "expires"
    queue.enqueue_at(datetime.now(UTC) - timedelta(seconds=60), "operator.add", 1, 2, job_id="late")
    told = answer(redis_client, "late")
    assert (told["code"], told["severity"]) == ("overdue-no-scheduler", "critical")
    found = findings(redis_client)
    assert found["overdue-no-scheduler"]["subject"] == "timed"
    assert "no-scheduler" not in found
    # RQ forgets a queue that is deleted, and a scheduled job of it stays.
    queue.delete()
    assert checks(redis_client, "later")["registered"]["mark"] == "warning"
    # That its jobs are nowhere to be seen makes them no less real.
    crew.stock("w", "timed")
    assert findings(redis_client)["unregistered"]["evidence"] == ["timed: 0 wait, 3 are scheduled."]


def test_jobs_that_cannot_be_read_or_are_gone(redis_client: Redis) -> None:
    queue = Queue("broken", connection=redis_client)
    queue.enqueue("operator.add", 1, 2, job_id="expired", ttl=1)
    # A serializer of their own, and a service that puts into a field what is no number: RQ writes both as it is told.
    Queue("broken", connection=redis_client, serializer=marshal).enqueue("operator.add", 1, 2, job_id="garbage")  # type: ignore[arg-type]
    timed = queue.enqueue("operator.add", 1, 2, job_id="time")
    timed.timeout = "soon"
    timed.save()
    check = checks(redis_client, "garbage")["serializer"]
    assert check["finding"]["severity"] == "critical"
    assert answer(redis_client, "time")["code"] == "unreadable"
    assert findings(redis_client)["serializer"]["severity"] == "critical"
    until(lambda: not redis_client.exists("rq:job:expired"))
    told = explained(redis_client, "expired")
    assert (told["answer"]["code"], told["answer"]["severity"]) == ("expired", "critical")
    assert told["queue"] == "broken"


def test_an_id_of_an_older_client(redis_client: Redis) -> None:
    """RQ before 2.8 and clients in other languages allow ids that RQ 3 neither writes nor reads."""
    queue = Queue("broken", connection=redis_client)
    queue.enqueue("operator.add", 1, 2, job_id="id")
    redis_client.rename("rq:job:id", "rq:job:an id")
    redis_client.lset("rq:queue:broken", 0, "an id")
    assert answer(redis_client, "an id")["code"] == "unreadable"
    found = findings(redis_client)
    assert (found["unreadable"]["severity"], found["unreadable"]["evidence"][0]) == ("critical", "'an id'.")
