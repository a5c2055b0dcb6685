"""The rules of docs/acl.md, run: each user can do its work, and what it cannot do leaves no mark."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import NoPermissionError
from rq import Queue, SimpleWorker
from rq.rate_limit import RateLimit

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.control import audit, new_job, trash
from pantry_queue.control.audit import whoami
from pantry_queue.control.lua import Scripts
from pantry_queue.control.new_job import Request
from pantry_queue.control.plan import Options
from pantry_queue.errors import RedisUnavailable
from pantry_queue.keys import Keys
from pantry_queue.monitor import jobs as monitor_jobs
from pantry_queue.monitor import snapshot
from tests.redis.control.jobs import nothing
from tests.redis.control.keyspace import differences, dump

from .conftest import Operator
from .test_same_as_rq import seed
from .test_undo import CASES

if TYPE_CHECKING:
    from redis import Redis

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "acl.md"
RULES = dict(re.findall(r"^## (\w+)\n.*?^```\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL))
WITHOUT_SCRIPTS = RULES["Operator"].replace("+evalsha +script|load", "")


def words(rule: str) -> list[str]:
    """As ACL SETUSER takes them: a selector is one word."""
    return re.findall(r"\([^)]*\)|\S+", rule)


@pytest.fixture
def login(settings: Settings, redis_client: Redis) -> Iterator[Callable[[str], Operator]]:
    """Makes a user with a rule and connects as it."""
    made: list[Redis] = []

    def as_user(rule: str) -> Operator:
        redis_client.execute_command("ACL", "SETUSER", "tried", "reset", "on", ">pw", *words(rule))
        here = replace(settings, redis_url=str(settings.redis_url).replace("unix://", "unix://tried:pw@"))
        client = connect(here)
        made.append(client)
        return Operator(Scripts(client, Keys(), here))

    yield as_user
    for client in made:
        client.close()
    redis_client.execute_command("ACL", "DELUSER", "tried")


def test_every_user_is_documented() -> None:
    assert list(RULES) == ["Viewer", "Operator", "Worker", "Service"]
    assert RULES["Operator"] != WITHOUT_SCRIPTS


@pytest.mark.parametrize("rule", [RULES["Viewer"], RULES["Operator"]], ids=["viewer", "operator"])
def test_looking(rule: str, login: Callable[[str], Operator], redis_client: Redis, work: Callable[..., None]) -> None:
    seed(redis_client, work)
    user = login(rule)
    client, keys = user.scripts.connection, user.scripts.keys
    redis_client.execute_command("ACL", "LOG", "RESET")
    assert snapshot.take(client, keys, target="x").totals.failed > 3
    assert monitor_jobs.window(client, keys, "failed").rows
    assert user.plan("jobs.delete", states=("failed",)).total > 3
    assert user.plan("jobs.delete", "q-0", options=Options(dependents=True)).total == 3
    assert trash.operations(user.scripts) == []
    assert audit.newest(client, keys, 10) == []
    assert redis_client.execute_command("ACL", "LOG") == []


def test_a_viewer_changes_nothing(
    login: Callable[[str], Operator], redis_client: Redis, work: Callable[..., None]
) -> None:
    seed(redis_client, work)
    viewer = login(RULES["Viewer"])
    before = dump(redis_client, but=())
    for name, selection, options in CASES.values():
        chosen = dict(selection)
        with pytest.raises(RedisUnavailable, match="may not do this"):
            viewer.act(name, *chosen.pop("ids", ()), options=options, **chosen)
    with pytest.raises(RedisUnavailable):
        viewer.act("all.suspend", everything=True)
    client = viewer.scripts.connection
    for refused in (client.flushall, client.keys, client.scan, client.config_get, client.client_list, client.acl_list):
        with pytest.raises(NoPermissionError):
            refused()
    with pytest.raises(NoPermissionError):
        client.publish("rq:pubsub:w", "x")
    assert differences(before, dump(redis_client, but=())) == {}


@pytest.mark.parametrize("rule", [RULES["Operator"], WITHOUT_SCRIPTS], ids=["scripts", "pipelines"])
@pytest.mark.parametrize("case", CASES)
def test_an_operator_does_and_undoes(
    case: str, rule: str, login: Callable[[str], Operator], redis_client: Redis, work: Callable[..., None]
) -> None:
    seed(redis_client, work)
    operator = login(rule)
    name, selection, options = CASES[case]
    chosen = dict(selection)
    redis_client.execute_command("ACL", "LOG", "RESET")
    outcome = operator.act(name, *chosen.pop("ids", ()), options=options, **chosen)
    assert (outcome.done > 1, outcome.failed, outcome.broken) == (True, (), None)
    assert operator.undo(outcome).done > 0
    refusals = redis_client.execute_command("ACL", "LOG")
    assert all(b"evalsha" in str(entry).encode() for entry in refusals), refusals


@pytest.mark.parametrize("rule", [RULES["Operator"], WITHOUT_SCRIPTS], ids=["scripts", "pipelines"])
def test_an_operator_enqueues(rule: str, login: Callable[[str], Operator], redis_client: Redis) -> None:
    scripts = login(rule).scripts
    soon = datetime.now(UTC) + timedelta(hours=1)
    for request in (
        Request("a.b", job_id="now"),
        Request("a.b", job_id="then", due=soon),
        Request("a.b", job_id="after", depends_on=("now",)),
    ):
        new_job.enqueue(scripts, scripts.settings, request, whoami("test"))
    redis_client.hset("rq:job:then", "status", "failed")
    new_job.enqueue(scripts, scripts.settings, Request("a.b", job_id="then", queue="other"), whoami("test"))
    states = [redis_client.hget(f"rq:job:{name}", "status") for name in ("now", "then", "after")]
    assert states == [b"queued", b"queued", b"deferred"]


def test_an_operator_can_do_no_more(login: Callable[[str], Operator], redis_client: Redis) -> None:
    Queue("a", connection=redis_client).enqueue(nothing, job_id="l", rate_limit=RateLimit("k", 1))
    redis_client.sadd("rq:workers", "rq:worker:ghost")
    redis_client.set("other", "x")
    operator = login(RULES["Operator"])
    assert operator.act("queues.pause", queues=("a",)).done == 1
    assert operator.act("queues.resume", queues=("a",)).done == 1
    assert operator.act("all.suspend", everything=True).done == 1
    assert operator.act("all.resume", everything=True).done == 1
    assert operator.act("workers.forget", "ghost").done == 1
    assert operator.act("jobs.delete", "l").done == 1
    assert operator.act("trash.empty", everything=True).done == 1
    redis_client.hset("rq:worker:w", "birth", "2026-11-24T12:00:00Z")
    assert operator.act("workers.shutdown", "w").left == (("w", "deaf"),)
    client = operator.scripts.connection
    for refused in (
        client.flushall,
        client.keys,
        client.config_get,
        lambda: client.get("other"),
        lambda: client.set("other", "y"),
        lambda: client.hset("rq:worker:w", "state", "x"),
        lambda: client.set("rq:scheduler-lock:a", "x"),
        lambda: client.publish("elsewhere", "x"),
        lambda: client.delete("pantry:audit"),
        lambda: client.xtrim("pantry:audit", 0),
        lambda: client.eval("return 1", 0),
    ):
        with pytest.raises(NoPermissionError):
            refused()


def test_workers_work_as_the_worker(login: Callable[[str], Operator], settings: Settings, redis_client: Redis) -> None:
    queue = Queue(settings.queue_name, connection=redis_client)
    for number in range(3):
        queue.enqueue("operator.add", 1, number, job_id=f"j-{number}", rate_limit=RateLimit("k", 2))
    worker = login(RULES["Worker"])
    client = worker.scripts.connection
    SimpleWorker([Queue(queue.name, connection=client)], connection=client).work(burst=True, logging_level="CRITICAL")
    assert redis_client.zcard(f"rq:finished:{queue.name}") == 3
    queue.enqueue("operator.add", 1, 1, job_id="ours")
    ours = subprocess.run(
        [sys.executable, "-m", "console", "workers", "run", "--burst"],
        env=os.environ | {"PANTRY_REDIS_URL": str(worker.scripts.settings.redis_url), "WORKER_ALLOWED_TASKS": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ours.returncode == 0, ours.stderr
    assert redis_client.hget("rq:job:ours", "status") == b"finished", ours.stderr
    for refused in (client.flushall, lambda: client.set("other", "x"), client.keys):
        with pytest.raises(NoPermissionError):
            refused()
