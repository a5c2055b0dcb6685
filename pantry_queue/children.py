"""Processes we start on this machine and that must not outlive us.

Each child gets a session of its own, so that Ctrl-C in the terminal reaches only us and we end the children in
order. A small reaper process holds the other end of a pipe: when we vanish in whatever way, `kill -9` included,
the pipe closes and the reaper ends what is left, last started first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_REAPER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
alive = []
for line in sys.stdin:
    verb, pid = line.split()
    if verb == "add":
        alive.append(int(pid))
    elif int(pid) in alive:
        alive.remove(int(pid))
def gone(pid):
    try:
        os.killpg(pid, 0)
    except OSError:
        return True
    return False
for pid in reversed(alive):
    for sig, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 2)):
        if gone(pid):
            break
        try:
            os.kill(pid, sig) if sig == signal.SIGTERM else os.killpg(pid, sig)
        except OSError:
            pass
        end = time.monotonic() + patience
        while time.monotonic() < end and not gone(pid):
            time.sleep(0.05)
"""

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_reaper: subprocess.Popen[str] | None = None
_reaper_owner = 0
#: Children may be ended from several threads at once.
_telling = threading.Lock()


def _tell_reaper(verb: str, pid: int) -> None:
    global _reaper, _reaper_owner
    if _reaper is None or _reaper_owner != os.getpid():
        if verb == "del":
            return
        _reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _REAPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        _reaper_owner = os.getpid()
    if _reaper.stdin is not None:
        with _telling, contextlib.suppress(OSError):
            _reaper.stdin.write(f"{verb} {pid}\n")
            _reaper.stdin.flush()


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Inside, the signals that end a process only wait; they are delivered at the end.

    A child that was started but not yet written down would be left behind, and an impatient second Ctrl-C would leave
    parts running. Handlers, not a mask: a mask would be inherited by the children started inside. To be used in the
    main thread.
    """
    came: list[int] = []
    before = {number: signal.signal(number, lambda got, _: came.append(got)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            os.kill(os.getpid(), came[0])


class Child:
    """A running child process.

    Attributes:
        name: what it is called in messages, `worker 1` for example.
        log: file that holds its output, None when that goes to ours.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path | None) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """Process id, also the id of its session and process group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the process itself; nothing happens when it is gone."""
        if self.exit_code() is None:
            self._process.send_signal(number)

    def stop(self, patience: float = 10.0) -> int:
        """End it and return its exit code.

        SIGTERM, after `patience` seconds a second one (a worker then drops its job), then SIGKILL to its group.
        """
        for wait in (patience, 2.0):
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(wait)
                break
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self._process.wait()
        _tell_reaper("del", self.pid)
        return code

    def last_lines(self, count: int = 5) -> str:
        """The end of its output, for an error message."""
        if self.log is None:
            return ""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-count:])
        return ""


def start(
    name: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path | int | None,
    cwd: Path | None = None,
    talk: socket.socket | None = None,
) -> Child:
    """Start a child whose life ends with ours.

    Args:
        name: what it is called in messages.
        argv: command and arguments; no secrets, since everybody on the machine can read them.
        env: its whole environment.
        log: file its output is appended to, made private to the user; or the descriptor of one, ours to close and to
            read; None: our own output.
        cwd: its working directory, ours when left out.
        talk: becomes its standard input and output, and only what it says on standard error goes to `log`; ours to
            close. Without one its input is empty.

    Raises:
        OSError: the command cannot be started.
    """
    with contextlib.ExitStack() as closing:
        output = log if isinstance(log, int) else None
        if isinstance(log, Path):
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            closing.callback(os.close, output)
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL if talk is None else talk.fileno(),
            stdout=output if talk is None else talk.fileno(),
            stderr=output,
            start_new_session=True,
        )
    _tell_reaper("add", process.pid)
    return Child(name, process, log if isinstance(log, Path) else None)
