"""The same questions about many names: by a script on the server, and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis.exceptions as redis_errors

from pantry_queue.monitor.each import NAME, ask_all, ask_each

if TYPE_CHECKING:
    from redis import Redis

QUESTIONS = [("GET", f"k:{NAME}"), ("HMGET", f"h:{NAME}:x", "a", "b"), ("ZCOUNT", f"z:{NAME}", 0, 5.5)]
NAMES = [b"plain", b"", b"\xff\x00\r\n{}", "gr\u00fcn".encode(), b"listed", b"absent"]


def plant(client: Redis) -> None:
    for name in NAMES[:4]:
        client.set(b"k:" + name, b"value of " + name)
        client.hset(b"h:" + name + b":x", mapping={"a": b"\xfe\r\n", "c": "never asked for"})
        client.zadd(b"z:" + name, {"one": 1, "six": 6})
    client.rpush("k:listed", "of another type")


def told(replies: list[list[object]]) -> list[list[object]]:
    return [[str(reply) if isinstance(reply, Exception) else reply for reply in of_one] for of_one in replies]


@pytest.mark.parametrize("scripted", [True, False])
def test_each_name_gets_its_replies_in_order(redis_client: Redis, unscripted: Redis, scripted: bool) -> None:
    plant(redis_client)
    replies = ask_each(redis_client if scripted else unscripted, QUESTIONS, NAMES)
    for name, (value, fields, count) in zip(NAMES[:4], replies, strict=False):
        assert (value, fields, count) == (b"value of " + name, [b"\xfe\r\n", None], 1)
    assert isinstance(replies[4][0], redis_errors.ResponseError), "one damaged key costs one value"
    assert str(replies[4][0]).startswith("WRONGTYPE")
    assert replies[4][1:] == [[None, None], 0]
    assert replies[5] == [None, [None, None], 0]


def test_thousands_of_names_are_one_round_trip_either_way(
    redis_client: Redis, unscripted: Redis, trips: list[int]
) -> None:
    plant(redis_client)
    names = NAMES * 1000
    scripted = ask_each(redis_client, QUESTIONS, names)
    assert len(trips) == 1
    first = ask_each(unscripted, QUESTIONS, names)
    assert len(trips) == 3, "the script was tried, and refused"
    assert told(ask_each(unscripted, QUESTIONS, names)) == told(first) == told(scripted)
    assert len(trips) == 4, "and not tried again"


def test_other_commands_ride_along(redis_client: Redis, unscripted: Redis, trips: list[int]) -> None:
    plant(redis_client)
    ask_each(unscripted, QUESTIONS, NAMES)
    for client in (redis_client, unscripted):
        del trips[:]
        others, (first, second, none) = ask_all(
            client, [("ECHO", "x")], [([("GET", f"k:{NAME}")], ["plain"]), (QUESTIONS, NAMES), (QUESTIONS, [])]
        )
        assert (others, first, len(second), none) == ([b"x"], [[b"value of plain"]], len(NAMES), [])
        assert len(trips) == 1


def test_the_server_refuses_a_script_that_writes(redis_client: Redis) -> None:
    ((reply,),) = ask_each(redis_client, [("SET", f"k:{NAME}", "written")], ["x"])
    assert isinstance(reply, redis_errors.ResponseError)
    assert redis_client.get("k:x") is None


def test_nothing_to_ask_is_no_round_trip(redis_client: Redis, trips: list[int]) -> None:
    assert ask_each(redis_client, QUESTIONS, []) == []
    assert trips == []
