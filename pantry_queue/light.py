"""A connection for one short command that only reads: what the monitor needs of redis-py, without importing it.

Importing redis-py takes longer than a whole snapshot. It is used where this does not do: TLS, Sentinel, options in
the URL, and whenever an error has to be told.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pantry_queue.config import EMBEDDED, Settings

#: Seconds, as `pantry_queue.connection` gives a reader.
_TIMEOUT = 1.0
_CHUNK = 1 << 18


class Refusal(Exception):  # noqa: N818 - a reply
    """What Redis said instead of an answer to one command."""


class Connection:
    """One socket; the part of `redis.connection.Connection` that `monitor.wire` uses.

    Raises:
        OSError: the server is away, in any of its methods.
    """

    def __init__(self, address: Address) -> None:
        import hiredis

        self._reader = hiredis.Reader(replyError=Refusal, protocolError=ConnectionError)
        family = socket.AF_UNIX if address.path else socket.AF_INET
        self._socket = (
            socket.socket(family, socket.SOCK_STREAM)
            if address.path
            else socket.create_connection((address.host, address.port), _TIMEOUT)
        )
        self._socket.settimeout(_TIMEOUT)
        if address.path:
            self._socket.connect(address.path)

    def send_packed_command(self, commands: bytes | Sequence[bytes]) -> None:
        """Send commands as the protocol has them."""
        self._socket.sendall(commands if isinstance(commands, bytes) else b"".join(commands))

    def read_response(self) -> Any:
        """The next reply; a refusal is one."""
        while (reply := self._reader.gets()) is False:
            data = self._socket.recv(_CHUNK)
            if not data:
                raise ConnectionResetError("the server closed the connection")
            self._reader.feed(data)
        return reply

    def disconnect(self) -> None:
        """Close it."""
        self._socket.close()


class Address:
    """Where a Redis is, as far as this module can go there.

    Attributes:
        path: of a unix socket; empty for TCP.
    """

    def __init__(self, *, path: str = "", host: str = "", port: int = 6379) -> None:
        self.path, self.host, self.port = path, host, port
        self.db = 0
        self.username = ""
        self.password = ""


class Client:
    """Stands for `redis.Redis` in the monitor: a pool of connections, kept until `close`."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._free: list[Connection] = []

    @property
    def connection_pool(self) -> Client:
        """Itself: it is no more than a pool."""
        return self

    @property
    def username(self) -> str:
        """Name of the Redis user; empty for the default one."""
        return self._address.username

    def get_connection(self) -> Connection:
        """A connection that is ready to be sent commands.

        Raises:
            OSError: the server is away.
            Refusal: it does not let us in.
        """
        if self._free:
            return self._free.pop()
        connection = Connection(self._address)
        commands = []
        if self._address.password:
            names = [self._address.username] if self._address.username else []
            commands.append(["AUTH", *names, self._address.password])
        if self._address.db:
            commands.append(["SELECT", str(self._address.db)])
        for command in commands:
            connection.send_packed_command(_packed(command))
            reply = connection.read_response()
            if isinstance(reply, Refusal):
                connection.disconnect()
                raise reply
        return connection

    def release(self, connection: Connection) -> None:
        """Take a connection back, unless it was closed."""
        if connection._socket.fileno() >= 0:
            self._free.append(connection)

    def close(self) -> None:
        """Close all connections."""
        while self._free:
            self._free.pop().disconnect()


def _packed(words: Sequence[str]) -> bytes:
    raw = [word.encode() for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)


def address(settings: Settings) -> Address | None:
    """Where these settings point to; None where redis-py has to go there.

    Raises:
        RedisUnavailable: `embedded` was asked for and none runs.
    """
    url = settings.redis_url
    if url is None:
        found = Address(host=settings.redis_host, port=settings.redis_port)
        found.db, found.password = settings.redis_db, settings.redis_password or ""
        return found
    if url == EMBEDDED:
        from pantry_queue.embedded import attach

        url = attach()
    try:
        return _parsed(url)
    except ValueError:
        return None  # redis-py's side tells what is wrong with it


def _parsed(url: str) -> Address | None:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme not in ("redis", "unix") or set(query) - {"db"}:
        return None
    if parts.scheme == "unix":
        found = Address(path=unquote(parts.path))
        found.db = int(query.get("db", ["0"])[0])
    else:
        found = Address(host=unquote(parts.hostname or "localhost"), port=parts.port or 6379)
        found.db = int(query.get("db", [parts.path.strip("/") or "0"])[0])
    found.username, found.password = unquote(parts.username or ""), unquote(parts.password or "")
    if found.username and not found.password:
        return None
    return found
