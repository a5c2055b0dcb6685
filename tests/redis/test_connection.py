"""Connections against a real server: what a user reads when it is away, refuses, or is asked wrongly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from redis import Redis
from redis.backoff import NoBackoff

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect, describe, translated
from pantry_queue.errors import ConfigError, RedisUnavailable
from pantry_queue.trying_again import OutermostRetry


def cause_of(settings: Settings) -> RedisUnavailable:
    """The error of a PING."""
    with pytest.raises(RedisUnavailable) as caught, translated(settings):
        connect(settings, "reader").ping()
    assert "canary" not in str(caught.value)
    return caught.value


def test_parts_and_url_reach_the_same_server(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = embedded.start(tmp_path, port=port)
    try:
        parts = Settings(redis_host="127.0.0.1", redis_port=port, redis_db=2)
        connect(parts).set("here", "1")
        assert connect(replace(parts, redis_url=f"redis://127.0.0.1:{port}/2")).get("here") == b"1"
        assert connect(Settings(redis_url=server.url)).get("here") is None
    finally:
        server.stop()


def test_nobody_there() -> None:
    error = cause_of(Settings(redis_host="127.0.0.1", redis_port=1))
    assert error.cause == "refused"
    assert "redis://127.0.0.1:1/0" in str(error)


def test_no_socket_there(tmp_path: Path) -> None:
    assert cause_of(Settings(redis_url=f"unix://{tmp_path}/none.sock")).cause == "refused"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_never_answers_costs_a_reader_one_time_out(silent_port: int) -> None:
    assert cause_of(Settings(redis_host="127.0.0.1", redis_port=silent_port)).cause == "timeout"


@pytest.mark.parametrize("purpose", ["client", "operator"])
def test_a_server_that_hangs_up_is_tried_four_times_and_no_more(purpose: Literal["client", "operator"]) -> None:
    links = 0
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            nonlocal links
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                links += 1
                link.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(RedisUnavailable), translated(Settings()):
            connect(Settings(redis_host="127.0.0.1", redis_port=server.getsockname()[1]), purpose).ping()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert links == 4, "not four times four"


def test_no_try_begins_after_its_time() -> None:
    tried, told = 0, 0
    end = threading.Event()

    def fails() -> None:
        nonlocal tried
        tried += 1
        end.wait(0.01)
        raise TimeoutError

    def failed(error: Exception) -> None:
        nonlocal told
        told += 1

    with pytest.raises(TimeoutError):
        OutermostRetry(NoBackoff(), 100_000, 0.1).call_with_retry(fails, failed)
    assert 1 < tried == told < 50


def test_a_connection_that_breaks_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            link, _ = server.accept()
            link.recv(100)
            link.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert cause_of(Settings(redis_host="127.0.0.1", redis_port=server.getsockname()[1])).cause == "lost"
        thread.join()


def test_passwords_and_rights(settings: Settings, redis_client: Redis) -> None:
    redis_client.acl_setuser(
        "viewer", enabled=True, passwords=["+right"], commands=["+get", "+ping"], keys=["*"], reset=True
    )
    address = str(settings.redis_url).removeprefix("unix://")
    wrong = replace(settings, redis_url=f"unix://viewer:canary@{address}")
    assert cause_of(wrong).cause == "auth"
    right = replace(settings, redis_url=f"unix://viewer:right@{address}")
    with pytest.raises(RedisUnavailable) as caught, translated(right):
        connect(right, "reader").set("a", "1")
    assert caught.value.cause == "permission"
    redis_client.acl_deluser("viewer")


def test_out_of_memory(settings: Settings, redis_client: Redis) -> None:
    redis_client.config_set("maxmemory", "1")
    try:
        with pytest.raises(RedisUnavailable) as caught, translated(settings):
            redis_client.set("a", "1")
        assert caught.value.cause == "memory"
    finally:
        redis_client.config_set("maxmemory", "0")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "localhost:6379",
        "redis://:can#ary@host:1/0",
        "redis://:can/ary@host:port/0",
        "redis+sentinel://h:x/0",
        "redis+sentinel://h:1/zero",
    ],
)
def test_a_url_that_cannot_be_used_says_so_without_the_password(url: str) -> None:
    settings = Settings(redis_url=url)
    with pytest.raises(ConfigError) as caught:
        connect(settings)
    assert "ary" not in str(caught.value).replace("necessary", "")


def test_an_address_for_titles_holds_no_password() -> None:
    assert describe(Settings(redis_url="rediss://ops:canary@cache:6380/1")) == "rediss://ops:***@cache:6380/1"
    assert describe(Settings(redis_password="canary")) == "redis://localhost:6379/0"
