"""The console as operators meet it: in tmux, on a real Valkey, with a real worker taking the jobs away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from tests.tui import tasks

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

_RUN = (
    "import sys; from console.tui.start import run_console; from pantry_queue.config import Settings; "
    "sys.exit(run_console(Settings.from_env()))"
)


class Tmux:
    """A private tmux server with one pane, in which a shell runs."""

    def __init__(self, size: tuple[int, int], env: dict[str, str]) -> None:
        self._socket = f"pantry-{uuid.uuid4().hex[:8]}"
        pairs = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        width, height = map(str, size)
        self._tmux("-f", os.devnull, "new-session", "-d", "-s", "t", "-x", width, "-y", height, *pairs, "sh")
        for option in ("status off", "escape-time 20", "window-size manual", "default-terminal tmux-256color"):
            self._tmux("set", "-g", *option.split())
        self.resize(*size)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        # COLUMNS and LINES would hide the real size from what runs in the pane.
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", "-t", "t", *keys)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window."""
        self._tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))

    def screen(self) -> str:
        """What the pane shows."""
        return self._tmux("capture-pane", "-p", "-t", "t")

    def wait(self, what: str | Callable[[str], bool], timeout: float = 20.0) -> str:
        """Until the text is there; the screen."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            shown = self.screen()
            if what(shown) if callable(what) else what in shown:
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{what!r} is not on the screen:\n{self.screen()}")

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def tmux(settings: Settings) -> Iterator[Tmux]:
    """A shell in which the console can be started."""
    root = str(Path(__file__).resolve().parents[2])
    found = Tmux((120, 40), {"PANTRY_REDIS_URL": settings.redis_url or "", "PYTHONPATH": root, "TERM": "tmux-256color"})
    yield found
    found.close()


def start(tmux: Tmux) -> None:
    """Start the console with a word before it that must be there again after it."""
    tmux.keys(f"echo before; {sys.executable} -c '{_RUN}'; echo ended with $?", "Enter")


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
