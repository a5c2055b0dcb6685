"""The console as operators meet it: in tmux, on a real Valkey, with a real worker taking the jobs away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from tests.tui import tasks
from tests.tui.tmuxkit import Tmux, start

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def tmux(settings: Settings) -> Iterator[Tmux]:
    """A shell in which the console can be started."""
    root = str(Path(__file__).resolve().parents[2])
    found = Tmux((120, 40), {"PANTRY_REDIS_URL": settings.redis_url or "", "PYTHONPATH": root, "TERM": "tmux-256color"})
    yield found
    found.close()


def test_a_visit(tmux: Tmux, redis_client: object) -> None:
    queue = Queue("emails", connection=redis_client)
    for number in range(20):
        queue.enqueue(tasks.add, number, b=1)
    queue.enqueue(tasks.fail, "chi@example.org")
    start(tmux)
    tmux.wait("no worker listens; 21 wait")
    tmux.keys("Enter")
    tmux.wait("Jobs  ›  emails")
    # A worker takes them while we look.
    worker = [sys.executable, "-m", "rq.cli", "worker", "emails", "--burst", "-w", "rq.worker.SimpleWorker"]
    url = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    address = connect_url(redis_client)
    subprocess.run([*worker, "--url", address], env=url, capture_output=True, timeout=60, check=True)
    tmux.wait("nothing is queued here")
    tmux.keys("3")
    tmux.wait("1 cause")
    tmux.keys("f")
    tmux.wait("1 of 1")
    tmux.keys("Enter")
    tmux.wait("ConnectionError: mail server refused chi@example.org")
    tmux.keys("?")
    tmux.wait("Keys here")
    # Not escape: a key that follows it within a moment makes it alt.
    tmux.keys("?")
    tmux.wait(lambda shown: "Keys here" not in shown)
    tmux.resize(80, 24)
    tmux.wait("Arguments    Facts")
    tmux.resize(50, 10)
    tmux.wait("needs 60x15")
    tmux.resize(120, 40)
    tmux.wait("─ Facts ─")
    tmux.keys("1")
    tmux.wait("Throughput")
    tmux.keys("C-z")
    tmux.wait(lambda shown: "before" in shown and "Throughput" not in shown)
    tmux.keys("fg; echo ended with $?", "Enter")
    tmux.wait(lambda shown: "Throughput" in shown and "✓ live" in shown and "? keys" in shown)
    tmux.keys("q")
    left = tmux.wait("ended with 0")
    assert "before" in left
    assert "Throughput" not in left


def connect_url(client: object) -> str:
    """The address of the private server."""
    return f"unix://{client.connection_pool.connection_kwargs['path']}"  # type: ignore[attr-defined]


def test_redis_goes_and_comes_back(tmux: Tmux, tmp_path: Path) -> None:
    server = embedded.start(tmp_path / "valkey")
    settings = replace(Settings(), redis_url=server.url)
    Queue("emails", connection=connect(settings)).enqueue(tasks.add, 1, b=1)
    try:
        tmux.keys(f"export PANTRY_REDIS_URL={server.url}", "Enter")
        start(tmux)
        tmux.wait("emails")
        server.stop()
        shown = tmux.wait("STALE")
        assert "emails" in shown
        server = embedded.start(tmp_path / "valkey")
        shown = tmux.wait("✓ live", timeout=40)
        assert "emails" in shown
        assert "Traceback" not in shown
        tmux.keys("q")
        tmux.wait("ended with 0")
    finally:
        server.stop()
