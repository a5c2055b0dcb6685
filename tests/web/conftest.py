"""`pantry-console serve` as a process, and a client that has signed in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import aiohttp
import pyte


class Served:
    """A server that runs.

    Attributes:
        address: printed last, with a token that works once.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.address = ""
        self.next_address()

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return self.address.partition("/?")[0]

    @property
    def token(self) -> str:
        """The token of the address."""
        return self.address.partition("=")[2]

    def next_address(self) -> None:
        """Read the address that is printed when the one before was used."""
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.process.stderr and self.process.stderr.read()

    def consoles(self) -> dict[int, str]:
        """Its console processes by id, with their command lines."""
        found = {pid: line for pid, parent, line in _processes() if parent == self.process.pid}
        return {pid: line for pid, line in found.items() if "-m console --restricted" in line}

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(30)


def _processes() -> Iterator[tuple[int, int, str]]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        pid, parent, arguments = line.split(maxsplit=2)
        yield int(pid), int(parent), arguments


def alive(ids: Iterable[int]) -> bool:
    """Whether one of these consoles is still there, whoever is its parent now."""
    wanted = set(ids)
    return any(pid in wanted and "-m console --restricted" in line for pid, _, line in _processes())


def running(program: str) -> bool:
    """Whether a process with this text among its arguments is there."""
    return any(program in line for _, _, line in _processes())


def until(seen: Callable[[], object], what: str) -> None:
    """Wait for something."""
    end = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@contextmanager
def serving(url: str, *arguments: str, **environment: str) -> Iterator[Served]:
    """A server over this Redis, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "serve", "--port", "0", *arguments],
        env={"PATH": os.environ["PATH"], "PANTRY_REDIS_URL": url, "PANTRY_CONFIG": "/nowhere", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.communicate()


async def screen_of(socket: aiohttp.ClientWebSocketResponse, wanted: str) -> str:
    """What a console has drawn, once it shows this text."""
    drawn = pyte.Screen(100, 30)
    stream = pyte.ByteStream(drawn)
    while True:
        message = await socket.receive(timeout=30)
        assert message.type is aiohttp.WSMsgType.BINARY, (message, socket.close_code)
        stream.feed(message.data)
        shown = "\n".join(drawn.display)
        if wanted in shown:
            return shown


async def reason_of(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Why the server closed it."""
    while True:
        message = await socket.receive(timeout=30)
        if message.type is aiohttp.WSMsgType.CLOSE:
            return str(message.extra)
        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
