"""What a worker is called, and whether the name is free."""

from __future__ import annotations

import os
import secrets
import socket
from typing import TYPE_CHECKING

from pantry_queue.errors import ConfigError
from pantry_queue.keys import Keys
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis


def choose(client: Redis, wished: str | None) -> str:
    """A name no live worker bears.

    RQ refuses a name whose hash is there, and the hash of a worker that was killed stays for minutes: a container
    or unit that restarts under its old name could not start. So a name is taken over when its last bearer surely is
    gone: same host, no such process (or our own number), nobody subscribed to its commands.

    Args:
        client: a connection.
        wished: the name to bear; None makes one from host and pid.

    Raises:
        ConfigError: the wished name is borne by a live worker, or cannot be one.
    """
    if wished is not None:
        if not wished or not wished.isprintable() or " " in wished or len(wished) > 200:
            raise ConfigError(f"The worker name {safe(wished, 60)!r} should be printable and without spaces.")
        bearer = _bearer(client, wished)
        if bearer is not None:
            raise ConfigError(
                f"A worker named {wished} is at work already ({bearer}): stop it, or choose another WORKER_NAME."
            )
        return wished
    name = f"{_host()}-{os.getpid()}"
    return name if _bearer(client, name) is None else f"{name}-{secrets.token_hex(3)}"


def _host() -> str:
    return "".join(char if char.isprintable() and char not in " ," else "-" for char in socket.gethostname())


def _bearer(client: Redis, name: str) -> str | None:
    """The live worker of this name in words; a dead one's hash is marked dead, as its own end would have done."""
    from rq.utils import now, utcformat

    keys = Keys.from_env()
    key = keys.worker(name)
    host, pid, death, birth = client.hmget(key, ["hostname", "pid", "death", "birth"])
    if death is not None or not client.exists(key):
        return None
    ((_, listeners),) = client.pubsub_numsub(keys.worker_channel(name))
    if birth is not None and not listeners and _text(host) == socket.gethostname() and not _runs(_text(pid)):
        client.hset(key, "death", utcformat(now()))
        client.expire(key, 60)
        return None
    return f"process {_text(pid) or '?'} on {_text(host) or '?'}"


def _text(value: bytes | str | None) -> str:
    return str(safe(value, 100))


def _runs(pid: str) -> bool:
    """Whether this process number belongs to somebody else who is alive."""
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
