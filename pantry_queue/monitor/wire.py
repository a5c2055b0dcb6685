"""Many read commands in one round trip, with each refusal kept apart.

Keys and values are bytes on the wire, and names need not be UTF-8: inside the monitor a name is a str with lone
surrogates for odd bytes (`surrogateescape`), so that every key that can exist can be asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pantry_queue.light import Refusal

if TYPE_CHECKING:
    from redis import Redis

Command = tuple[str | bytes | int | float, ...]

#: Commands written to the socket at a time: redis-py makes a system call of every piece that it is given.
_A_WRITE = 1000

#: Beginnings of errors that speak of the whole server, not of one key: then nothing that was read can be trusted.
_SERVER_ERRORS = ("BUSY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "UNBLOCKED", "MISCONF", "TRYAGAIN", "LOADING")


def name_of(raw: bytes | str) -> str:
    """A name as the monitor holds it; `raw_of` gives the bytes back unchanged."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "surrogateescape")


def raw_of(name: bytes | str) -> bytes:
    """The bytes Redis knows a name by."""
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def ask(client: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send commands in one round trip, as a non-transactional pipeline.

    Args:
        client: a connection that returns bytes (`decode_responses` off, as `pantry_queue.connection` makes it).
        commands: command name first.

    Returns:
        One reply a command, as Redis gave it. A command Redis refused (wrong type of key, no permission, unknown to
        this server) has its exception as reply, so that one damaged key costs one value and not the picture.

    Raises:
        redis.exceptions.RedisError: the server is away, or refuses everything.
    """
    replies = exchange(client, list(map(packed, commands)), len(commands)) if commands else []
    for reply in replies:
        if isinstance(reply, Exception):
            raise_for_server(reply)
    return replies


def packed(command: Command) -> bytes:
    """A command as the protocol has it; redis-py's own packing asks every word for its type several times."""
    words = [word if isinstance(word, bytes) else _word(word) for word in command]
    return b"*%d\r\n" % len(words) + b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words])


def _word(word: str | float) -> bytes:
    return word.encode("utf-8", "surrogateescape") if isinstance(word, str) else str(word).encode()


def exchange(client: Redis, commands: Sequence[bytes], count: int) -> list[Any]:
    """Send commands that are packed already, and read so many replies; a refusal is the reply to its command.

    A connection that repeats what failed (`pantry_queue.connection`) repeats this too.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    retry = client.get_retry() if hasattr(client, "get_retry") else None
    if retry is None:
        return Waiting(client, commands, count).replies()
    found: list[Any] = retry.call_with_retry(lambda: Waiting(client, commands, count).replies(), lambda error: None)
    return found


class Waiting:
    """Commands that were sent, and replies that were not read yet: what is between them is time to work in.

    Either `replies` or `abandon` has to be called.

    Args:
        client: a connection that returns bytes.
        commands: packed already.
        count: replies they have.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """

    def __init__(self, client: Redis, commands: Sequence[bytes], count: int) -> None:
        self._pool: Any = client.connection_pool
        self._count = count
        connection: Any = self._pool.get_connection()
        self._connection = connection
        try:
            connection.send_packed_command(
                [b"".join(commands[start : start + _A_WRITE]) for start in range(0, len(commands), _A_WRITE)]
            )
        except BaseException:
            self.abandon()
            raise

    def replies(self) -> list[Any]:
        """One reply a command; a refusal is the reply to its command.

        Raises:
            redis.exceptions.RedisError: the server is away.
        """
        found: list[Any] = []
        try:
            for _ in range(self._count):
                try:
                    found.append(self._connection.read_response())
                except Exception as error:
                    if not is_refusal(error):
                        raise
                    found.append(error)
        except BaseException:
            self.abandon()
            raise
        self._pool.release(self._connection)
        return found

    def abandon(self) -> None:
        """Give the connection up: its replies must not be taken for those of the next call."""
        self._connection.disconnect()
        self._pool.release(self._connection)


def is_refusal(error: Exception) -> bool:
    """Whether this is what Redis said to one command, and not the end of the connection."""
    if isinstance(error, Refusal):
        return True
    errors = sys.modules.get("redis.exceptions")  # imported by whoever made the client, unless it is a light one
    return errors is not None and isinstance(error, errors.ResponseError)


def raise_for_server(refusal: Exception) -> None:
    """Raise a refusal that speaks of the whole server and not of one key."""
    if not is_refusal(refusal) or str(refusal).startswith(_SERVER_ERRORS):
        raise told(refusal)


def permitted(reply: Any) -> Any:
    """`reply`, unless it is a refusal for lack of rights.

    Raises:
        redis.exceptions.NoPermissionError: for what nothing can be shown without.
    """
    if isinstance(reply, Exception):
        import redis.exceptions as redis_errors

        error = told(reply)
        if isinstance(error, redis_errors.NoPermissionError):
            raise error
        if "ACL failure in script" in str(error):  # what a script is told where a command is told NOPERM
            raise redis_errors.NoPermissionError(str(error))
    return reply


def told(refusal: Exception) -> Exception:
    """A refusal as redis-py's exception of its kind."""
    import redis.exceptions as redis_errors

    if not isinstance(refusal, Refusal):
        return refusal
    kinds = {
        "NOPERM": redis_errors.NoPermissionError,
        "NOAUTH": redis_errors.AuthenticationError,
        "WRONGPASS": redis_errors.AuthenticationError,
        "LOADING": redis_errors.BusyLoadingError,
        "READONLY": redis_errors.ReadOnlyError,
    }
    return kinds.get(str(refusal).partition(" ")[0], redis_errors.ResponseError)(str(refusal))


def number(reply: Any) -> int:
    """A reply that is a count; a refused one counts nothing."""
    return reply if isinstance(reply, int) else 0


def blob(reply: Any) -> bytes | None:
    """A reply that is one value."""
    return reply if isinstance(reply, bytes) else None


def blobs(reply: Any) -> list[bytes]:
    """A reply that is a list or set of values; a refused one is empty."""
    if not isinstance(reply, (list, set, tuple, frozenset)):
        return []
    return [item for item in reply if isinstance(item, bytes)]


def fields(reply: Any, names: Sequence[str]) -> dict[str, bytes]:
    """A reply to HMGET as a mapping; absent fields are left out."""
    if not isinstance(reply, (list, tuple)):
        return {}
    return {name: value for name, value in zip(names, reply, strict=False) if isinstance(value, bytes)}


def scored(reply: Any) -> list[tuple[bytes, float]]:
    """A reply to ZRANGE WITHSCORES: pairs under RESP3, one flat list under RESP2."""
    if not isinstance(reply, (list, tuple)):
        return []
    if reply and isinstance(reply[0], (list, tuple)):
        return [(member, float(score)) for member, score in reply]
    flat: Iterable[Any] = iter(reply)
    return [(member, float(score)) for member, score in zip(flat, flat, strict=False)]


def scanned(reply: Any) -> list[bytes]:
    """The members in a reply to SSCAN."""
    if not isinstance(reply, (list, tuple)) or len(reply) != 2:
        return []
    return blobs(reply[1])


def entries(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """A reply to XRANGE or XREVRANGE as (id, fields); damaged entries are left out."""
    if not isinstance(reply, (list, tuple)):
        return []
    found = []
    for item in reply:
        if not isinstance(item, (list, tuple)) or len(item) != 2 or not isinstance(item[0], bytes):
            continue
        values = item[1]
        if isinstance(values, (list, tuple)):
            flat: Iterable[Any] = iter(values)
            values = dict(zip(flat, flat, strict=False))
        if isinstance(values, dict):
            found.append((item[0], values))
    return found


def server_time(reply: Any) -> datetime:
    """The reply to TIME; this machine's clock where a user may not even ask that."""
    if isinstance(reply, (list, tuple)) and len(reply) == 2:
        seconds, micros = int(reply[0]), int(reply[1])
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
    return datetime.now(UTC)
