"""Users that may only read, and RQ kept quiet."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pantry_queue.config import Settings
from pantry_queue.connection import connect

if TYPE_CHECKING:
    from redis import Redis

#: What looking needs and no more. `eval_ro` asks many of these at once and gives no right that is not here. `sort_ro`
#: is allowed so that asking for it is no violation that ACL LOG would record; without the right to read every key
#: Redis then refuses to follow its pattern, and we ask in two steps.
VIEWER_RULE = (
    "%R~rq:* %R~pantry:* -@all +ping +hello +auth +select +client|setinfo +client|setname +info +time"
    " +pttl +memory|usage +get +hget +hmget +hscan +hstrlen +hlen +llen +lrange +lpos +lindex +scard +smembers +sscan"
    " +sort_ro +eval_ro +zcard +zrange +zrevrange +zcount +zscore +xlen +xrange +xrevrange +pubsub|numsub"
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """RQ's workers log a line a job."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def viewer(settings: Settings, redis_client: Redis) -> Iterator[Redis]:
    """A connection of a user with no more rights than looking needs."""
    redis_client.execute_command("ACL", "SETUSER", "viewer", "reset", "on", ">look", *VIEWER_RULE.split())
    redis_client.execute_command("ACL", "LOG", "RESET")
    assert settings.redis_url is not None
    client = connect(replace(settings, redis_url=settings.redis_url.replace("unix://", "unix://viewer:look@")))
    yield client
    client.close()
    redis_client.execute_command("ACL", "DELUSER", "viewer")


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each round trip of the monitor, whose every command goes through one door: replies awaited."""
    from pantry_queue.monitor.wire import Waiting

    made: list[int] = []
    begin = Waiting.__init__

    def counting(self: Waiting, client: Redis, commands: Sequence[bytes], count: int) -> None:
        made.append(count)
        begin(self, client, commands, count)

    monkeypatch.setattr(Waiting, "__init__", counting)
    return made


@pytest.fixture
def unscripted(settings: Settings, redis_client: Redis) -> Iterator[Redis]:
    """A connection of a user who may run no script."""
    redis_client.execute_command("ACL", "SETUSER", "noscript", "reset", "on", ">x", "~*", "+@all", "-@scripting")
    assert settings.redis_url is not None
    client = connect(replace(settings, redis_url=settings.redis_url.replace("unix://", "unix://noscript:x@")))
    yield client
    client.close()
    redis_client.execute_command("ACL", "DELUSER", "noscript")
