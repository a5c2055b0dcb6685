"""The console inside GNU screen: left and taken up again on another terminal, its keys, clipboard, what it leaves."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Queue

from pantry_queue.config import Settings
from tests.tui import tasks
from tests.tui.ptykit import Pty
from tests.tui.tmuxkit import RUN

pytestmark = [
    pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed"),
    pytest.mark.timeout(90, method="signal"),
]


class Inside:
    """GNU screen with a session of its own, on terminals that come and go.

    Args:
        folder: where its sockets are; short, for they are Unix sockets.
        env: more environment variables.
    """

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        folder.chmod(0o700)
        self._env = {"SCREENDIR": str(folder), "COLORTERM": "", **env}
        self._config = folder / "rc"
        self._config.write_text("maptimeout 20\nstartup_message off\n")
        self._on: list[Pty] = []

    def on(self, size: tuple[int, int], *arguments: str, **env: str) -> Pty:
        """A terminal with it, or with the session taken up again."""
        self._on.append(Pty(["screen", "-c", str(self._config), *arguments], size, self._env | env))
        return self._on[-1]

    def tell(self, *words: str) -> None:
        """Command the session."""
        environment = {"PATH": "/usr/bin:/bin", **self._env}
        subprocess.run(["screen", "-S", "t", *words], env=environment, capture_output=True, check=False, timeout=20)

    def close(self) -> None:
        """End it and what runs in it."""
        self.tell("-X", "quit")
        for pty in self._on:
            pty.close()


@pytest.fixture
def inside(settings: Settings, redis_client: object) -> Iterator[Inside]:
    """GNU screen in which the console can be started, on a server with two jobs."""
    import tempfile

    queue = Queue("emails", connection=redis_client)
    for number in range(2):
        queue.enqueue(tasks.add, number, b=1, job_id=f"job-{number}")
    root = str(Path(__file__).resolve().parents[2])
    with tempfile.TemporaryDirectory(prefix="scr") as folder:
        found = Inside(Path(folder), {"PANTRY_REDIS_URL": settings.redis_url or "", "PYTHONPATH": root})
        yield found
        found.close()


def typed(pty: Pty, line: str) -> None:
    """Give the shell a line, once it is there."""
    pty.wait(lambda text: text.strip() != "")
    pty.send(f"clear; {line}\r")


def test_left_and_taken_up_again(inside: Inside) -> None:
    first = inside.on((120, 40), "-S", "t", "sh")
    typed(first, f"{sys.executable} -c '{RUN}'; echo ended with $?")
    first.wait("Throughput")
    assert b"\x1b[?1000h" not in first.raw, "with the mouse on, screen keeps Esc back"
    first.send("?")
    first.wait("Keys here")
    first.send("\x1b")
    first.wait(lambda text: "Keys here" not in text)
    first.send("\x01d")
    first.wait_end()
    second = inside.on((80, 24), "-r", "t")
    second.wait(lambda text: "out 0/s" in text and "Throughput" not in text)
    assert all(len(line) <= 80 for line in second.text.split("\n"))
    second.resize(120, 40)
    second.wait("Throughput")
    second.send("2")
    second.wait("1 of 2")
    second.send("y")
    second.wait("clipboard")
    second.send("\r")
    second.wait("was sent")
    sent = re.search(rb"\x1b\]52;c;([^\x07]*)\x07", second.raw)
    assert sent is not None
    assert base64.b64decode(sent[1]) == b"job-0"
    second.send("\x1a")
    second.wait("Stopped")
    assert "emails" not in second.text
    second.send("clear; fg; echo ended with $?\r")
    second.wait("1 of 2")
    second.send("qq")
    second.wait("ended with 0")
    assert "emails" not in second.text, "without altscreen its only page is left clean"


def test_a_session_that_takes_no_utf8_is_drawn_in_ascii(inside: Inside) -> None:
    pty = inside.on((120, 40), "-S", "t", "sh", LANG="C")
    typed(pty, f"{sys.executable} -m console terminal")
    pty.wait("so plain ASCII is drawn")
    pty.wait("ctrl+a :utf8 on")
    pty.wait("x failed")
    assert "off; ctrl+o takes it" in pty.text
