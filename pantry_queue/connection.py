"""From Settings to a Redis connection, and from Redis' errors to one of ours.

Four kinds of caller, four policies: a reader gives up after a second, since a console must say that Redis is
away rather than wait for it; a client repeats, which is safe because every write of ours can be sent twice, for at
most 20 seconds, and 35 behind sentinels, which need some to make a replica the master; an operator gives up after 20
there too, since a person waits; a worker is handed over to RQ, which sets its own time-outs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from pantry_queue import sentinel
from pantry_queue.config import EMBEDDED, Settings, mask_url
from pantry_queue.errors import ConfigError, PantryError, RedisUnavailable

if TYPE_CHECKING:
    from redis import Redis

Purpose = Literal["reader", "client", "operator", "worker"]

_SCHEMES = ("redis", "rediss", "unix", *sentinel.SCHEMES)
#: Seconds after which no other try begins, and where a replica may become the master. A try takes about 5 at most.
_TRYING, _TRYING_FOR_A_FAILOVER = 15.0, 30.0

_EXPECTED = "redis://host:port/db, rediss://..., unix:///path/to/socket, redis+sentinel://... or embedded"


def describe(settings: Settings) -> str:
    """The address for messages and titles, without secrets."""
    if settings.redis_url is None:
        return f"redis://{settings.redis_host}:{settings.redis_port}/{settings.redis_db}"
    return mask_url(settings.redis_url)


def connect(settings: Settings, purpose: Purpose = "client") -> Redis:
    """A connection object; nothing is sent until its first command.

    Args:
        settings: where Redis is.
        purpose: `reader` (1 s, never repeats), `client` and `operator` (5 s, repeat three times; behind sentinels
            twelve times, a client for longer) or `worker` (as RQ wants it).

    Raises:
        ConfigError: the URL cannot be used; the message never holds a password.
        RedisUnavailable: `embedded` was asked for and none runs.
    """
    from redis import Redis, RedisError

    policy = _policy(purpose)
    url = settings.redis_url
    if url is None:
        return Redis(
            host=settings.redis_host,
            port=settings.redis_port,
            db=settings.redis_db,
            password=settings.redis_password or None,
            **policy,
        )
    if url == EMBEDDED:
        from pantry_queue.embedded import attach

        url = attach()
    scheme = _checked_scheme(url)
    _check_files(url)
    if scheme in sentinel.SCHEMES:
        return sentinel.connect(url, policy | _through_a_failover(purpose))
    try:
        made = Redis.from_url(url, **policy)
        # Options of the URL are only looked at when a link is made, which would be too late to say what is wrong.
        made.connection_pool.connection_class(**made.connection_pool.connection_kwargs)
    except (ValueError, TypeError, RedisError):
        # Redis' own message repeats the part it could not read, which may be the password.
        raise ConfigError(
            "The Redis URL, or an option in it, cannot be used; write special characters of user and password as %XX. "
            f"It should be {_EXPECTED}."
        ) from None
    return made


def _checked_scheme(url: str) -> str:
    scheme = url.partition("://")[0]
    if "://" not in url or scheme not in _SCHEMES:
        raise ConfigError(f"The Redis URL {mask_url(url)!r} is not one of {_EXPECTED}.")
    return scheme


def _check_files(url: str) -> None:
    """Certificates named in the URL; redis-py would report a missing one as a server that is not there."""
    for match in re.finditer(r"[?&](ssl_ca_certs|ssl_certfile|ssl_keyfile)=([^&]*)", url):
        if not os.access(unquote(match[2]), os.R_OK):
            raise ConfigError(f"The Redis URL names {match[1]}={match[2]}, which is not a file that can be read.")


def _policy(purpose: Purpose) -> dict[str, Any]:
    from redis.backoff import ExponentialBackoff, NoBackoff
    from redis.retry import Retry

    common: dict[str, Any] = {"health_check_interval": 30}
    if purpose == "reader":
        return common | {
            "socket_timeout": 1.0,
            "socket_connect_timeout": 1.0,
            "retry": Retry(NoBackoff(), 0),
            "client_name": "pantry-console",
        }
    if purpose in ("client", "operator"):
        from pantry_queue.trying_again import OutermostRetry

        return common | {
            "socket_timeout": 5.0,
            "socket_connect_timeout": 2.0,
            "retry": OutermostRetry(ExponentialBackoff(cap=1.0, base=0.05), 3, _TRYING),
            "client_name": "pantry-queue",
        }
    return common | {"socket_connect_timeout": 5.0}


def _through_a_failover(purpose: Purpose) -> dict[str, Any]:
    """What is different behind sentinels: they need some seconds to make a replica the master, which we wait for.

    The pauses between these tries come to 9.5 s.
    """
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    from pantry_queue.trying_again import OutermostRetry

    if purpose == "reader":
        return {}
    pauses = ExponentialBackoff(cap=1.0, base=0.1)
    if purpose == "worker":
        return {"retry": Retry(pauses, 12)}
    return {"retry": OutermostRetry(pauses, 12, _TRYING_FOR_A_FAILOVER if purpose == "client" else _TRYING)}


@contextmanager
def translated(settings: Settings) -> Iterator[None]:
    """Turns what redis-py raises inside the block into `RedisUnavailable` with one sentence.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    import redis.exceptions as redis_errors

    try:
        yield
    except redis_errors.RedisError as error:
        raise unavailable(error, settings) from error
    except (ConnectionError, TimeoutError, OSError) as error:
        raise unavailable(error, settings) from error


@contextmanager
def held_as(key: str, what: str) -> Iterator[None]:
    """Tells which key of ours something else has written over, where a command inside the block meets one.

    Args:
        key: its name.
        what: the kind of key it should be.

    Raises:
        PantryError: it is of another kind.
    """
    import redis.exceptions as redis_errors

    try:
        yield
    except redis_errors.ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise
        raise PantryError(
            f"The key {key} is no {what}, so something else has written over it: rename or delete that key."
        ) from None


def unavailable(error: Exception, settings: Settings) -> RedisUnavailable:
    """The sentence for an error of redis-py, never with a secret in it."""
    cause = _cause(error)
    return RedisUnavailable(_SENTENCES[cause].format(where=describe(settings), detail=_detail(error)), cause)


_SENTENCES = {
    "refused": "No Redis answers at {where}: start it, or name the right one with --url or REDIS_HOST and REDIS_PORT.",
    "timeout": "Redis at {where} does not answer in time: check the network and the server's load.",
    "auth": "Redis at {where} refused the password: check REDIS_PASSWORD, or user and password in the URL.",
    "permission": "The Redis user at {where} may not do this ({detail}): ask for the right, or use another user.",
    "loading": "Redis at {where} is still loading its data: wait a moment and try again.",
    "readonly": "Redis at {where} is a read-only replica: connect to the primary.",
    "certificate": "Redis at {where} shows a certificate that is not trusted: name its CA in the URL with "
    "?ssl_ca_certs=/path/to/ca.pem, and the host as the certificate does.",
    "memory": "Redis at {where} is out of memory and refuses writes: free memory or raise maxmemory.",
    "busy": "Redis at {where} is busy with a script: wait for its end and try again.",
    "lost": "The connection to Redis at {where} broke off: check that the server still runs, and try again.",
    "error": "Redis at {where} answered with an error: {detail}.",
}


def _detail(error: Exception) -> str:
    from pantry_queue.text import safe

    return safe(mask_url(str(error)), 200).rstrip(".")


def _cause(error: Exception) -> str:
    import redis.exceptions as redis_errors

    by_class: tuple[tuple[type[Exception], str], ...] = (
        (redis_errors.NoPermissionError, "permission"),
        (redis_errors.AuthenticationError, "auth"),
        (redis_errors.BusyLoadingError, "loading"),
        (redis_errors.ReadOnlyError, "readonly"),
        (redis_errors.OutOfMemoryError, "memory"),
        (redis_errors.TimeoutError, "timeout"),
        (TimeoutError, "timeout"),
    )
    for kind, cause in by_class:
        if isinstance(error, kind):
            return cause
    text = str(error)
    if text.startswith(("BUSY", "UNBLOCKED")):
        return "busy"
    if "WRONGPASS" in text or "NOAUTH" in text or "invalid username-password" in text:
        return "auth"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "certificate"
    if isinstance(error, (redis_errors.ConnectionError, OSError)):
        opening = re.search(r"Error \S+ connecting|No master found|Name or service|\[Errno 2\]|refused", text)
        return "refused" if opening else "lost"
    return "error"
