"""The real program in a pseudo-terminal: its bytes, its screen (by pyte), keys, size, end."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

#: What makes a terminal, and nothing of the machine the tests run on that could change the picture.
_PASSED_ON = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")


class Pty:
    """A program in a terminal of its own.

    Args:
        argv: command and arguments.
        size: columns and lines.
        env: more environment variables.
    """

    def __init__(
        self, argv: Sequence[str], size: tuple[int, int] = (120, 40), env: Mapping[str, str] | None = None
    ) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or {})}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            self._resize(1, size)
            os.execvpe(argv[0], list(argv), environment)
        self._resize(self._fd, size)
        self._code: int | None = None

    @staticmethod
    def _resize(fd: int, size: tuple[int, int]) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def resize(self, width: int, height: int) -> None:
        """Change the size of the terminal."""
        self._screen.resize(height, width)
        self._resize(self._fd, (width, height))
        os.kill(self.pid, signal.SIGWINCH)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join(self._screen.display)

    @property
    def raw(self) -> bytes:
        """Every byte written so far."""
        return b"".join(chunk for _, chunk in self.chunks)

    def wait(self, what: str | Callable[[str], bool], timeout: float = 40.0) -> None:
        """Read until the text is on the screen.

        Raises:
            AssertionError: it does not come; shows the screen.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if what(self.text) if callable(what) else what in self.text:
                return
            if not self._read(0.1) and self.ended() is not None:
                break
        raise AssertionError(f"{what!r} is not on the screen:\n{self.text}")

    def gather(self, seconds: float) -> int:
        """Read for a time; returns how many bytes came."""
        before = sum(len(chunk) for _, chunk in self.chunks)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(min(left, 0.05))
        return sum(len(chunk) for _, chunk in self.chunks) - before

    def _read(self, patience: float, most: int = 65536) -> bool:
        ready, _, _ = select.select([self._fd], [], [], patience)
        if not ready:
            return False
        try:
            data = os.read(self._fd, most)
        except OSError:
            return False
        self.chunks.append((time.monotonic(), data))
        self._stream.feed(data)
        return bool(data)

    def ended(self) -> int | None:
        """Its exit code, None while it runs."""
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                return self._code
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait_end(self, timeout: float = 40.0) -> int:
        """Read until it ends; its exit code.

        Raises:
            AssertionError: it does not end.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self._read(0.05)
            if (code := self.ended()) is not None:
                while self._read(0.05):
                    pass
                return code
        raise AssertionError(f"it did not end:\n{self.text}")

    def hang_up(self) -> None:
        """The terminal vanishes, as when an SSH connection breaks."""
        os.close(self._fd)
        self._fd = -1

    def close(self) -> None:
        """End it whatever it does."""
        if self.ended() is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._code = -signal.SIGKILL
        if self._fd >= 0:
            os.close(self._fd)
