"""The light connection beside redis-py's: the same answers, the same sentences when something is wrong."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from rq import Queue, SimpleWorker

from console.cli.target import reader
from pantry_queue import light
from pantry_queue.config import Settings
from pantry_queue.errors import RedisUnavailable
from pantry_queue.keys import Keys
from pantry_queue.monitor import job, jobs, snapshot
from pantry_queue.monitor.wire import ask

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def short(settings: Settings) -> Redis:
    address = light.address(settings)
    assert address is not None
    return cast("Redis", light.Client(address))


def test_the_same_answers(settings: Settings, redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue("math.sqrt", -1, job_id="failed")
    queue.enqueue("math.sqrt", 4, job_id="finished")
    SimpleWorker([queue], connection=redis_client, name="w").work(burst=True)
    redis_client.set("rq:queue:damaged", "no list")
    client = short(settings)
    one, other = (snapshot.take(each, KEYS, target="t") for each in (client, redis_client))
    assert repr(one.queues) == repr(other.queues)
    assert one.redis.version == other.redis.version
    for state in ("failed", "finished"):
        assert repr(jobs.window(client, KEYS, state)) == repr(jobs.window(redis_client, KEYS, state))
    for job_id in ("failed", "finished", "nobody"):
        details = [job.read(each, KEYS, job_id) for each in (client, redis_client)]
        if details[0] is not None:
            details = [replace(detail, expires_in=None) for detail in details if detail is not None]
        assert repr(details[0]) == repr(details[1])
    assert isinstance(ask(client, [("LLEN", "rq:queue:damaged")])[0], light.Refusal)


def test_user_password_and_database(settings: Settings, redis_client: Redis) -> None:
    redis_client.execute_command("ACL", "SETUSER", "eve", "reset", "on", ">p@ss/w", "~*", "+@all")
    url = str(settings.redis_url).replace("unix://", "unix://eve:p%40ss%2Fw@") + "?db=3"
    try:
        client = short(replace(settings, redis_url=url))
        assert ask(client, [("ACL", "WHOAMI"), ("SET", "k", "v")]) == [b"eve", b"OK"]
        assert redis_client.get("k") is None, "it is in another database"
        wrong = replace(settings, redis_url=url.replace("p%40ss", "wrong"))
        with pytest.raises(RedisUnavailable, match="refused the password") as caught, reader(wrong) as refused:
            ask(refused, [("PING",)])
        assert caught.value.cause == "auth"
        assert "wrong" not in str(caught.value)
    finally:
        redis_client.execute_command("ACL", "DELUSER", "eve")


def test_what_may_not_be_read_and_what_is_away(settings: Settings, redis_client: Redis) -> None:
    redis_client.execute_command("ACL", "SETUSER", "blind", "reset", "on", ">x", "~none:*", "+@all")
    url = str(settings.redis_url).replace("unix://", "unix://blind:x@")
    try:
        with pytest.raises(RedisUnavailable) as caught, reader(replace(settings, redis_url=url)) as client:
            snapshot.take(client, KEYS, target="")
        assert caught.value.cause == "permission"
    finally:
        redis_client.execute_command("ACL", "DELUSER", "blind")
    away = replace(settings, redis_url="unix:///nowhere/valkey.sock")
    with pytest.raises(RedisUnavailable) as caught, reader(away) as client:
        ask(client, [("PING",)])
    assert caught.value.cause == "refused"


def test_a_server_that_says_nothing_or_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = replace(Settings(), redis_url=f"redis://127.0.0.1:{port}/0")
        with pytest.raises(RedisUnavailable) as caught, reader(settings) as client:
            ask(client, [("PING",)])
        assert caught.value.cause == "timeout"
    with pytest.raises(RedisUnavailable) as caught, reader(settings) as client:
        ask(client, [("PING",)])
    assert caught.value.cause == "refused"


@pytest.mark.parametrize(
    "url",
    [
        "rediss://host/0",
        "redis+sentinel://host:26379/0",
        "redis://host/0?protocol=3",
        "redis://host:port/0",
        "redis://host/zero",
        "unix://user@/s.sock",
    ],
)
def test_where_it_does_not_go(url: str) -> None:
    assert light.address(replace(Settings(), redis_url=url)) is None


def test_an_error_of_another_kind_stays_what_it_is(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), reader(settings):
        raise ZeroDivisionError
