"""What operators do, with the real program in tmux, a real Valkey and real workers: each change is seen in Redis."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rq import Queue, SimpleWorker

from pantry_queue.workers import fleet
from tests.tui import tasks
from tests.tui.tmuxkit import Tmux, start

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.config import Settings

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
_ROOT = str(Path(__file__).resolve().parents[2])


@pytest.fixture
def tmux(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmux]:
    """A shell in which the console can be started, whose workers run tasks of the tests."""
    data = str(tmp_path / "data")
    env = {"PANTRY_DATA_DIR": data, "WORKER_ALLOWED_TASKS": "tests.tui.tasks.", "PYTHONPATH": _ROOT}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    found = Tmux((120, 40), {**env, "PANTRY_REDIS_URL": settings.redis_url or "", "TERM": "tmux-256color"})
    yield found
    found.close()
    for worker in fleet.known():
        fleet.stop(worker, 0.0)


@pytest.fixture
def stock_worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """RQ's own worker, started by others: the console knows it from Redis alone."""
    command = [sys.executable, "-m", "rq.cli", "worker", "emails", "slow", "--name", "far", "--url"]
    process = subprocess.Popen(
        [*command, settings.redis_url or ""], env=os.environ | {"PYTHONPATH": _ROOT}, stderr=subprocess.DEVNULL
    )
    yield process
    process.kill()
    process.wait()


def until(tmux: Tmux, condition: Callable[[], object], what: str) -> None:
    """Poll Redis until it is so."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"{what}:\n{tmux.screen()}"
        time.sleep(0.05)


def say(tmux: Tmux, words: str) -> None:
    """Words behind the colon."""
    tmux.keys(":")
    tmux.wait("complete")
    tmux.keys(words, "Enter")


def confirm(tmux: Tmux, title: str, *before: str) -> None:
    """Wait for the dialog to listen, and press its button."""
    tmux.wait(title)
    time.sleep(0.3)  # the quarter of a second in which no dialog listens to keys typed ahead
    tmux.slowly(*before, "Enter")


def test_a_day_of_an_operator(
    tmux: Tmux, redis_client: Redis, tmp_path: Path, stock_worker: subprocess.Popen[bytes]
) -> None:
    mended = tmp_path / "mended"
    emails, slow, bulk = (Queue(name, connection=redis_client) for name in ("emails", "slow", "bulk"))
    for number in range(5):
        emails.enqueue(tasks.deliver, str(mended), job_id=f"mail-{number}")
    SimpleWorker([emails], connection=redis_client, name="once").work(burst=True, logging_level="CRITICAL")
    for number in range(8):
        bulk.enqueue(tasks.add, number, b=1, job_id=f"sum-{number}")
    state = lambda job_id: (redis_client.hget(f"rq:job:{job_id}", "status") or b"").decode()  # noqa: E731

    # Marked jobs are requeued, and run.
    start(tmux)
    tmux.wait("bulk")
    say(tmux, "jobs emails failed")
    tmux.wait("1 of 5")
    until(tmux, lambda: state("mail-0") == "failed" and redis_client.exists("rq:worker:far"), "the worker is there")
    mended.touch()
    tmux.keys("Space", "Space")
    tmux.wait("2 marked")
    tmux.keys("R")
    confirm(tmux, "Requeue 2 jobs?")
    tmux.wait("2 jobs requeued")
    until(tmux, lambda: redis_client.zcard("rq:finished:emails") == 2, "requeued jobs run")

    # All failures are cleared, and brought back.
    tmux.keys("r")
    tmux.wait("of 3")
    tmux.keys("X")
    confirm(tmux, "Clear 3 failed jobs?")
    tmux.wait("3 jobs deleted")
    assert redis_client.zcard("rq:failed:emails") == 0
    tmux.keys("u")
    tmux.wait("3 jobs undone")
    assert redis_client.zcard("rq:failed:emails") == 3

    # A running job is stopped.
    slow.enqueue(tasks.rest, 60, job_id="long")
    until(tmux, lambda: state("long") == "started", "it runs")
    say(tmux, "jobs slow started")
    tmux.wait("1 of 1")
    tmux.keys("K")
    confirm(tmux, "Stop 1 job?")
    until(tmux, lambda: state("long") == "stopped", "it was stopped")

    # A waiting one is canceled, by words.
    say(tmux, "jobs bulk queued")
    tmux.wait("1 of 8")
    say(tmux, "cancel --reason 'not today'")
    confirm(tmux, "Cancel 1 job?")
    tmux.wait("1 job canceled")
    assert state("sum-0") == "canceled"

    # A queue is paused for a while and resumed; all workers are suspended and resumed.
    tmux.keys("1")
    tmux.wait("Throughput")
    tmux.keys("P")
    confirm(tmux, "Pause queue bulk?", "10m")
    until(tmux, lambda: redis_client.sismember("pantry:paused", "bulk"), "it is paused")
    tmux.wait("P resume")
    tmux.keys("P")
    until(tmux, lambda: not redis_client.sismember("pantry:paused", "bulk"), "it is resumed")
    tmux.keys("Z")
    confirm(tmux, "Suspend all workers?", "10m", "Tab", "Tab")
    until(tmux, lambda: 0 < redis_client.ttl("rq:suspended") <= 600, "they are suspended")
    tmux.wait(lambda shown: "SUSPENDED" in shown.upper())
    tmux.keys("Z")
    until(tmux, lambda: not redis_client.exists("rq:suspended"), "they are resumed")

    # Burst workers launched here drain a queue.
    tmux.keys("4", "L")
    tmux.wait("Launch workers")
    tmux.slowly("BSpace", "2", "Tab", "bulk", "Enter", "Enter")
    until(tmux, lambda: redis_client.zcard("rq:finished:bulk") == 7, "the queue is drained")
    tmux.wait("here: 0 of 2 running")

    # A worker of others is told to end, a new job is enqueued.
    tmux.keys("[")
    tmux.wait("❯ far")
    tmux.keys("S")
    confirm(tmux, "Shut down worker far?")
    assert stock_worker.wait(30) == 0
    say(tmux, "enqueue tests.tui.tasks.add 1 b:=2 --queue bulk --job-id new")
    tmux.wait("Enqueue a new job")
    tmux.slowly("BTab", "Enter")
    tmux.wait("Job new enqueued in queue bulk")
    assert (state("new"), bulk.count) == ("queued", 1)
    tmux.keys("q")
    assert "Traceback" not in tmux.wait("ended with 0")
