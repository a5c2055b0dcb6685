"""Redis away, emptied, out of memory: the worker waits and records the job once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue
from rq.job import Job

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from tests.redis.task.agent import ScriptedAgent, until
from tests.redis.task.stage import Stage

CHORES = "tests.redis.worker.chores"
KEYS = Keys()
#: How long Redis is away; `make chaos` has it away for three minutes.
AWAY_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "0"))


@pytest.fixture
def own(agent: ScriptedAgent, database_url: str, tmp_path: Path) -> Iterator[tuple[Stage, embedded.EmbeddedServer]]:
    """A stage with a server of its own, which can be stopped."""
    server = embedded.start(tmp_path / "own")
    stage = Stage(replace(Settings(), redis_url=server.url), agent, database_url, tmp_path)
    yield stage, server
    stage.end()
    server.stop()


def _begin(stage: Stage) -> tuple[subprocess.Popen[bytes], Job]:
    process = stage.worker()
    job = Queue("pantry-pilot", connection=stage.redis).enqueue(
        f"{CHORES}.note_and_wait", str(stage.folder / "started"), str(stage.folder / "go"), job_id="j"
    )
    until((stage.folder / "started").exists, "the job runs")
    return process, job


def test_away_over_the_end_of_a_job(own: tuple[Stage, embedded.EmbeddedServer]) -> None:
    stage, server = own
    process, _ = _begin(stage)
    assert server.child is not None
    os.killpg(server.child.pid, signal.SIGKILL)
    server.child.stop()
    (stage.folder / "go").touch()
    until(lambda: "Redis is away" in stage.log(), "it noticed")
    time.sleep(AWAY_SECONDS)
    again = embedded.start(stage.folder / "own")
    try:
        until(lambda: stage.status_of("j") == "finished", "it is recorded")
        assert stage.redis.xlen("rq:results:j") == 1
        behind = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
        until(lambda: behind.get_status() == "finished", "the worker goes on")
        assert process.poll() is None
        process.terminate()
        assert process.wait(30) == 0
    finally:
        again.stop()


def test_emptied_just_before_a_job_ends(stage: Stage) -> None:
    process, _ = _begin(stage)
    stage.redis.flushall()
    (stage.folder / "go").touch()
    until(lambda: stage.status_of("j") == "finished", "it is recorded")
    assert stage.redis.xlen("rq:results:j") == 1
    until(lambda: stage.redis.scard("rq:workers") == 1, "the worker registers again")
    assert process.poll() is None


def test_emptied_while_a_job_runs(stage: Stage) -> None:
    process, _ = _begin(stage)
    stage.redis.flushall()
    until(lambda: stage.redis.scard("rq:workers") == 1 and "registered again" in stage.log(), "it registers again")
    (worker,) = stage.redis.smembers("rq:workers")
    assert stage.redis.hget(worker, "state") == b"busy"
    (stage.folder / "go").touch()
    until(lambda: stage.status_of("j") == "finished", "it is recorded")
    assert stage.redis.xlen("rq:results:j") == 1
    assert stage.redis.hget(worker, "birth")
    behind = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
    until(lambda: behind.get_status() == "finished", "the worker goes on")
    assert process.poll() is None


def test_out_of_memory_over_the_end_of_a_job(own: tuple[Stage, embedded.EmbeddedServer]) -> None:
    stage, _ = own
    process, _ = _begin(stage)
    stage.redis.config_set("maxmemory", "1mb")
    (stage.folder / "go").touch()
    until(lambda: "Redis is away" in stage.log(), "it noticed")
    assert stage.status_of("j") == "started"
    stage.redis.config_set("maxmemory", "0")
    until(lambda: stage.status_of("j") == "finished", "it is recorded")
    assert stage.redis.xlen("rq:results:j") == 1
    assert process.poll() is None


def test_a_job_deleted_while_it_runs_stays_deleted(stage: Stage) -> None:
    process, job = _begin(stage)
    job.delete()
    (stage.folder / "go").touch()
    until(lambda: "not the one that counts" in stage.log(), "its end is not recorded")
    assert not stage.redis.exists("rq:job:j")
    assert process.poll() is None


def test_a_frozen_worker_finds_out_that_its_job_went_to_another(stage: Stage) -> None:
    """It was handed a job, froze before it could register it, and another worker has put it back."""
    process, _ = _begin(stage)
    (horse,) = [int((stage.folder / "started").read_text())]
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(horse, signal.SIGSTOP)
    try:
        (run,) = stage.redis.zrange("rq:wip:pantry-pilot", 0, -1)
        stage.redis.zadd("rq:wip:pantry-pilot", {run: 1})
        (stage.folder / "go").touch()
        stage.worker()
        until(lambda: stage.status_of("j") == "finished", "another worker has run it")
    finally:
        os.kill(process.pid, signal.SIGCONT)
        os.kill(horse, signal.SIGCONT)
    until(lambda: "not the one that counts" in stage.log(), "its own end is not recorded")
    assert stage.redis.xlen("rq:results:j") == 1
    assert process.poll() is None
