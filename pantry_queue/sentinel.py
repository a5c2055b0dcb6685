"""A Redis whose master is found by asking sentinels: `redis+sentinel://`, and `rediss+sentinel://` with TLS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pantry_queue.errors import ConfigError

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = ("redis+sentinel", "rediss+sentinel")

_EXPECTED = "redis+sentinel://user:password@host:26379,host2:26379/0?service=mymaster"
_TEXT_OPTIONS = ("service", "sentinel_username", "sentinel_password")
_TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
#: One sentinel that hangs must not hold up the question to the next one for long.
_SENTINEL_SECONDS = 2.0


def connect(url: str, policy: Mapping[str, Any]) -> Redis:
    """A connection object that finds the master anew whenever it has to connect.

    Args:
        url: as `_EXPECTED` shows it. User and password are those of the master; options are `service`
            (`mymaster`), `sentinel_username`, `sentinel_password`, and with TLS redis-py's `ssl_*` for files and
            checks, which hold for sentinels too.
        policy: arguments of `redis.Redis`: time-outs and retries.

    Raises:
        ConfigError: the URL cannot be used; the sentence never holds a password.
    """
    from pantry_queue.sentinel_link import MasterLink, SecureMasterLink, Sentinels

    try:
        parts = urlsplit(url.replace("+sentinel://", "://", 1))
        userinfo, _, hosts = parts.netloc.rpartition("@")
        addresses = [_address(host) for host in hosts.split(",")]
        db = int(parts.path.strip("/") or 0)
    except ValueError:
        raise ConfigError(f"The Sentinel URL cannot be read; it should be {_EXPECTED}.") from None
    user, _, password = userinfo.partition(":")
    tls = parts.scheme == "rediss"
    options = _options(parts.query, tls=tls)
    secure = {name: value for name, value in options.items() if name.startswith("ssl_")}
    sentinels: Any = Sentinels(addresses, sentinel_kwargs=_asking(policy, options) | secure | {"ssl": tls})  # type: ignore[no-untyped-call]  # redis-py types its Sentinel only in part
    master: Redis = sentinels.master_for(
        options.get("service", "mymaster"),
        connection_class=SecureMasterLink if tls else MasterLink,
        db=db,
        username=unquote(user) or None,
        password=unquote(password) or None,
        **secure,
        **policy,
    )
    return master


def _asking(policy: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """How sentinels are asked: once each, since there are others, and never for long."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    seconds = min(_SENTINEL_SECONDS, policy.get("socket_timeout") or _SENTINEL_SECONDS)
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        "username": options.get("sentinel_username"),
        "password": options.get("sentinel_password"),
    }


def _options(query: str, *, tls: bool) -> dict[str, Any]:
    allowed = (*_TEXT_OPTIONS, *(_TLS_OPTIONS if tls else ()))
    options: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in allowed:
            raise ConfigError(f"The Sentinel URL has an option {name[:40]!r}; it takes {', '.join(allowed)}.")
    if "ssl_check_hostname" in options:
        options["ssl_check_hostname"] = options["ssl_check_hostname"].lower() not in ("0", "false", "no", "off")
    return options


def _address(host: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\[\]]+)(?::(\d+))?", host)
    if not match:
        raise ValueError(host)
    return match[1].strip("[]"), int(match[2] or 26379)
