"""The real program in a real terminal: what it writes, how it ends, what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rq import Queue, SimpleWorker

from pantry_queue.config import Settings
from tests.tui import tasks
from tests.tui.ptykit import Pty

_RUN = "import sys; from console.tui.start import run_console; from pantry_queue.config import Settings; "
_PROGRAM = [sys.executable, "-c", f"{_RUN} sys.exit(run_console(Settings.from_env()))"]
_RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l")

# By a signal: one case is given up, not the process that has all others to run.
pytestmark = pytest.mark.timeout(90, method="signal")


@contextmanager
def running(settings: Settings, size: tuple[int, int] = (120, 40), **env: str) -> Iterator[Pty]:
    """The console on the private server."""
    pty = Pty(_PROGRAM, size, {"PANTRY_REDIS_URL": settings.redis_url or "", **env})
    try:
        yield pty
    finally:
        pty.close()


def test_it_starts_shows_data_and_quits(settings: Settings, redis_client: object) -> None:
    Queue("emails", connection=redis_client).enqueue(tasks.add, 1, b=1)
    with running(settings) as pty:
        pty.wait("emails")
        pty.send("2")
        pty.wait("1 of 1")
        # Typed ahead: all of it in one packet, as on a slow line.
        pty.send("/func:add /x\x7f\x7f\x7f\r")
        pty.wait("all 1 searched")
        pty.send("\x7f")
        pty.wait(lambda text: "searched" not in text and "1 of 1" in text)
        pty.send("\r")
        pty.wait("Facts")
        pty.wait("tests.tui.tasks.add(1, b=1)")
        pty.send("?")
        pty.wait("Keys here")
        # Not escape: a key that follows it within a moment makes it alt.
        pty.send("?")
        pty.wait(lambda text: "Keys here" not in text and "Facts" in text)
        pty.send("q")
        pty.wait("next to run first")
        pty.send("\x1a")
        pty.wait("No shell started")
        pty.send("q")
        assert pty.wait_end() == 0
        assert all(sequence in pty.raw for sequence in _RESTORED)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(settings: Settings, number: signal.Signals) -> None:
    with running(settings) as pty:
        pty.wait("live")
        os.kill(pty.pid, number)
        assert pty.wait_end() == 128 + number
        assert all(sequence in pty.raw for sequence in _RESTORED)


def test_ctrl_c_ends_it_at_once(settings: Settings) -> None:
    with running(settings) as pty:
        pty.wait("live")
        pty.send("\x03")
        assert pty.wait_end() == 0


@pytest.mark.parametrize(
    ("crippled", "ends"),
    [
        # 120 is Python's own, where what it had to print last finds no terminal.
        ("", (129, 120)),
        # What the kernel does when it hangs up can leave the event loop waiting for ever.
        ("from console.tui.app import ConsoleApp; ConsoleApp._end = lambda app, code: None; ", (129,)),
    ],
)
def test_a_terminal_that_vanishes_ends_it_even_when_sighup_is_ignored(
    settings: Settings, crippled: str, ends: tuple[int, ...]
) -> None:
    program = [
        sys.executable,
        "-c",
        "import signal, asyncio; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from console.tui import terminal; terminal.end_on_signals = lambda end: None; "
        f"{crippled}{_RUN} sys.exit(run_console(Settings.from_env()))",
    ]
    pty = Pty(program, env={"PANTRY_REDIS_URL": settings.redis_url or ""})
    try:
        pty.wait("live")
        pty.hang_up()
        end = time.monotonic() + 20
        while pty.ended() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert pty.ended() in ends
    finally:
        pty.close()


def test_no_control_character_of_a_job_reaches_the_terminal(settings: Settings, redis_client: object) -> None:
    evil = "\x1b]52;c;UFdORUQ=\x07\x1b]0;owned\x07\x9b31m\u202egnp [@click=app.quit]x[/] [/nope]"
    queue = Queue("que\x1b[31mue", connection=redis_client)
    queue.enqueue(tasks.fail, evil, description=evil, meta={evil: evil})
    SimpleWorker([queue], connection=redis_client, name="w").work(burst=True)
    with running(settings) as pty:
        pty.wait("que")
        for key, shown in (
            ("3", "mail server"),
            ("f", "1 of 1"),
            ("\r", "Runs 1"),
            ("]", "read from"),
            ("]", "x1b]52"),
        ):
            pty.send(key)
            pty.wait(shown)
        pty.send("\x03")
        pty.wait_end()
        assert b"\x1b]52;" not in pty.raw
        assert b"\x1b]0;owned" not in pty.raw
        assert "\u202e".encode() not in pty.raw
        assert "\x9b".encode() not in pty.raw


def test_ascii_mode_writes_nothing_above_127(settings: Settings, redis_client: object) -> None:
    Queue("日本", connection=redis_client).enqueue(tasks.add, "é", b="→")
    with running(settings, PYTHONIOENCODING="ascii") as pty:
        pty.wait("live")
        for key, shown in (("2", "add"), ("?", "Keys here")):
            pty.send(key)
            pty.wait(shown)
        pty.send("\x03")
        pty.wait_end()
        assert all(byte < 128 for byte in pty.raw)


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, b"38;2;"),
        ({"TERM": "screen-256color", "COLORTERM": ""}, b"38;5;"),
        ({"TERM": "xterm", "COLORTERM": ""}, b"\x1b["),
        ({"NO_COLOR": "1"}, b"\x1b["),
    ],
)
def test_colours_are_those_the_terminal_has(settings: Settings, env: dict[str, str], colours: bytes) -> None:
    with running(settings, **env) as pty:
        pty.wait("live")
        pty.gather(0.3)
        assert colours in pty.raw
        if env.get("TERM") == "xterm" or "NO_COLOR" in env:
            assert b"38;2;" not in pty.raw
            assert b"38;5;" not in pty.raw


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"env": {"TERM": "dumb"}}, "TERM=dumb"),
        ({"stdin": subprocess.DEVNULL}, "standard input"),
    ],
)
def test_without_a_terminal_it_says_what_to_use_instead(arguments: dict[str, object], reason: str) -> None:
    environment = {**os.environ, "TERM": "xterm", **arguments.pop("env", {})}  # type: ignore[dict-item]
    ended = subprocess.run(
        _PROGRAM,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **arguments,  # type: ignore[call-overload]
    )
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert "pantry-console status" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_a_fault_nobody_has_thought_of_ends_it_with_a_sentence_and_tells_no_values(tmp_path: Path) -> None:
    broken = (
        "from console.tui.screens.overview import Overview\n"
        "def compose(self):\n    password = 'hunter2'\n    raise ZeroDivisionError(len(password))\n"
        "Overview.compose = compose\n"
    )
    program = [sys.executable, "-c", f"{broken}{_RUN} sys.exit(run_console(Settings.from_env()))"]
    url = f"unix://{tmp_path}/nobody.sock"
    pty = Pty(program, env={"PANTRY_REDIS_URL": url, "TMPDIR": str(tmp_path)})
    try:
        assert pty.wait_end() == 1
        told = pty.raw.decode(errors="replace")
        assert "an unforeseen fault ended the console (ZeroDivisionError: 7)" in " ".join(told.split())
        assert "Traceback" not in told
        assert "hunter2" not in told
        assert all(sequence in pty.raw for sequence in _RESTORED[:2])
    finally:
        pty.close()
    (report,) = tmp_path.glob("pantry-console-fault-*.txt")
    assert report.stat().st_mode & 0o777 == 0o600
    assert "in compose" in report.read_text()
