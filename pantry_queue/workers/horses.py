"""Horses: the processes that run jobs, so that a crash costs one job and not the worker.

RQ forks one for each job, which costs more than most jobs do. Here a horse is kept for some jobs and replaced when it
has run enough of them, has grown too large, left threads behind, was stopped, or died. It ends with its worker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import random
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pantry_queue.workers import log
from pantry_queue.workers.parenthood import end_with

_LENGTH = struct.Struct("!I")
#: What a horse tells: the function has ended and the result is being recorded; all is done; done, and I leave.
ENDED, DONE, LEAVING = b"e", b"d", b"l"
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """When a horse is replaced.

    Attributes:
        jobs: it has run so many; 1 is RQ's way.
        memory: bytes it may hold after a job.
    """

    jobs: int = 100
    memory: int = 1 << 30


class Horse:
    """The worker's side of one horse.

    Attributes:
        pid: its process, also its process group.
        alive: it has not been waited for.
        doomed: it was told to die, and may not have yet.
    """

    def __init__(self, pid: int, link: socket.socket, output: int) -> None:
        self.pid = pid
        self.alive = True
        self.doomed = False
        self.status = 0
        self._link = link
        self._output = output

    def send(self, order: Any) -> None:
        """Give it a job.

        Raises:
            OSError: it is gone.
        """
        frame = pickle.dumps(order)
        self._link.sendall(_LENGTH.pack(len(frame)) + frame)

    def listen(self, seconds: float, wrote: Callable[[bytes], None]) -> bytes:
        """Wait for a word.

        Args:
            seconds: at most.
            wrote: called with what the job writes.

        Returns:
            the words it said (`ENDED`, `DONE`, `LEAVING`), none after the time has passed or it wrote something.

        Raises:
            EOFError: it is gone.
        """
        ends: list[Any] = [self._link, self._output]
        ready, _, _ = select.select(ends, [], [], seconds)
        said = b""
        if self._link in ready:
            try:
                said = self._link.recv(16)
            except OSError:
                said = b""
            if not said:
                self.drain(wrote)
                raise EOFError
        self.drain(wrote)
        return said

    def drain(self, wrote: Callable[[bytes], None]) -> None:
        """Take what the job has written so far, in turns of bounded length."""
        for _ in range(64):
            try:
                chunk = os.read(self._output, _CHUNK)
            except (BlockingIOError, OSError):
                return
            if not chunk:
                return
            wrote(chunk)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Signal its whole group: what a job has started goes with it."""
        if self.alive:
            self.doomed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def bury(self) -> int:
        """Wait for its end and close what connects us.

        Returns:
            its status as `os.waitpid` tells it.
        """
        if self.alive:
            with contextlib.suppress(ChildProcessError):
                _, self.status = os.waitpid(self.pid, 0)
            self.alive = False
            self._link.close()
            os.close(self._output)
        return self.status

    def dismiss(self) -> None:
        """An idle horse leaves when nobody can give it jobs any more."""
        if self.alive:
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)
            self.bury()


def mount(serve: Callable[[socket.socket], None]) -> Horse:
    """Fork a horse.

    Args:
        serve: what it does, with its end of the link; it never returns to the caller's code.
    """
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            _settle(parent, write_end)
            ours.close()
            os.close(read_end)
            serve(theirs)
            os._exit(0)
        except BaseException:
            logging.getLogger("pantry_queue.workers.horses").exception("A horse could not start.")
            os._exit(1)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # whoever of both is first
    theirs.close()
    os.close(write_end)
    os.set_blocking(read_end, False)
    return Horse(pid, ours, read_end)


def _settle(parent: int, output: int) -> None:
    """What differs in a child: signals, where output goes, and whose death it shares."""
    end_with(parent)
    # A supervisor that signals the whole group means the worker, which lets the job end. Handlers, unlike SIG_IGN,
    # are not inherited by what a job starts.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    log.keep_stderr()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    import faulthandler

    faulthandler.enable(sys.stderr)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        root.setLevel(logging.INFO)


def orders(link: socket.socket, limits: Limits, run: Callable[[Any, Callable[[bytes], None]], None]) -> None:
    """The life of a horse: jobs, one after the other, until a limit is reached or the worker is gone.

    Args:
        run: does one job, and may say `ENDED` before it returns.
    """
    home, threads = os.getcwd(), threading.active_count()
    for served in range(1, limits.jobs + 1):
        order = _receive(link)
        if order is None:
            return
        random.seed()
        run(order, link.sendall)
        signal.alarm(0)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        with contextlib.suppress(OSError):
            os.chdir(home)
        worn = served == limits.jobs or threading.active_count() > threads or _memory() > limits.memory
        link.sendall(LEAVING if worn else DONE)
        if worn:
            return


def _receive(link: socket.socket) -> Any:
    head = _exactly(link, _LENGTH.size)
    if head is None:
        return None
    frame = _exactly(link, _LENGTH.unpack(head)[0])
    return None if frame is None else pickle.loads(frame)


def _exactly(link: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        try:
            part = link.recv(min(count - len(parts), _CHUNK))
        except OSError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def _memory() -> int:
    """Bytes this process holds now; where only its peak is known, that."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def seconds_until(moment: float) -> float:
    """How long a wait until then is, in seconds of `time.monotonic`."""
    return max(0.0, moment - time.monotonic())
