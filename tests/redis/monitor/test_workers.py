"""Verdicts over real worker processes: living, working, killed and gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rq import Queue

from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from pantry_queue.monitor.model import WorkerStat
from pantry_queue.monitor.snapshot import KnownNames, take

if TYPE_CHECKING:
    from redis import Redis

Starter = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(settings: Settings, tmp_path: Path) -> Iterator[Starter]:
    """Starts stock RQ workers, each in a session of its own, and ends them all."""
    started: list[subprocess.Popen[bytes]] = []
    assert settings.redis_url is not None
    connect = f"import redis, rq; c = redis.Redis.from_url({settings.redis_url!r})"

    def start(name: str, kind: str = "Worker", queue: str = "q") -> subprocess.Popen[bytes]:
        script = f"{connect}; rq.{kind}([{queue!r}], connection=c, name={name!r}).work()"
        log = (tmp_path / f"{name}.log").open("wb")
        child = subprocess.Popen([sys.executable, "-c", script], start_new_session=True, stdout=log, stderr=log)
        started.append(child)
        return child

    yield start
    for child in started:
        end_session(child)


def end_session(child: subprocess.Popen[bytes]) -> None:
    """Kill a worker and the process that runs its job."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def until(client: Redis, names: KnownNames, **wanted: str) -> dict[str, WorkerStat]:
    """The workers, as soon as their verdicts are the wanted ones."""
    end = time.monotonic() + 60
    while True:
        workers = {str(worker.name): worker for worker in take(client, Keys(), target="t", names=names).workers}
        verdicts = {name: workers[name].verdict for name in wanted if name in workers}
        if verdicts == wanted:
            return workers
        assert time.monotonic() < end, f"verdicts are {verdicts}, not {wanted}"
        time.sleep(0.05)


def test_a_workers_life(redis_client: Redis, start_worker: Starter) -> None:
    names = KnownNames()
    start_worker("idle")
    runner = start_worker("runner", "SimpleWorker", "busy")
    workers = until(redis_client, names, idle="alive", runner="alive")
    assert workers["idle"].subscribed is True
    assert workers["idle"].queues == ("q",)
    assert workers["idle"].rq_version.startswith("3.")
    assert workers["idle"].heartbeat_age is not None

    Queue("busy", connection=redis_client).enqueue("time.sleep", 300, job_id="long", job_timeout=600)
    workers = until(redis_client, names, idle="alive", runner="busy")
    assert workers["runner"].job_ids == ("long",)
    assert workers["runner"].state == "busy"
    assert workers["runner"].pid == runner.pid

    end_session(runner)
    workers = until(redis_client, names, idle="alive", runner="deaf")
    assert workers["runner"].subscribed is False
    assert "killed" in workers["runner"].evidence

    redis_client.pexpire("rq:worker:runner", 25_000)  # as if the time to its next heartbeat had passed
    workers = until(redis_client, names, idle="alive", runner="dead")
    assert "overdue" in workers["runner"].evidence

    redis_client.delete("rq:worker:runner")
    workers = until(redis_client, names, idle="alive", runner="ghost")
    assert workers["runner"].ttl is None

    redis_client.pexpire("rq:worker:idle", 40_000)
    until(redis_client, names, idle="late", runner="ghost")


def test_a_worker_that_ends_in_good_order_is_seen_to_end(redis_client: Redis, start_worker: Starter) -> None:
    names = KnownNames()
    child = start_worker("w")
    while until(redis_client, names, w="alive")["w"].state != "idle":
        time.sleep(0.02)  # only once it waits for jobs has it taken over its signals
    child.send_signal(signal.SIGTERM)
    child.wait(60)
    workers = until(redis_client, names, w="dead")
    assert "good order" in workers["w"].evidence
    redis_client.delete("rq:worker:w")
    assert take(redis_client, Keys(), target="t", names=names).workers == ()


def test_only_workers_that_may_live_count_for_a_queue(redis_client: Redis, start_worker: Starter) -> None:
    names = KnownNames()
    child = start_worker("w")
    Queue("q", connection=redis_client)
    until(redis_client, names, w="alive")
    assert take(redis_client, Keys(), target="t", names=names).queues[0].workers == ("w",)
    end_session(child)
    redis_client.pexpire("rq:worker:w", 20_000)
    until(redis_client, names, w="dead")
    assert take(redis_client, Keys(), target="t", names=names).queues[0].workers == ()
