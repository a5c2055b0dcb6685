"""A job that cannot be read is set aside, and the worker goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rq import Queue

from pantry_queue.keys import Keys
from tests.redis.task.agent import until
from tests.redis.task.stage import Stage

if TYPE_CHECKING:
    from redis import Redis

CHORES = "tests.redis.worker.chores"
KEYS = Keys()


def _field(name: str, value: bytes) -> Callable[[Redis], bytes]:
    def damage(client: Redis) -> bytes:
        Queue("elsewhere", connection=client).enqueue(f"{CHORES}.loaded", job_id="bad")
        client.delete("rq:queue:elsewhere")
        client.hset("rq:job:bad", name, value)
        return b"bad"

    return damage


def _missing_data(client: Redis) -> bytes:
    client.hset("rq:job:bad", "status", "queued")
    return b"bad"


def _odd_key(client: Redis) -> bytes:
    client.set("rq:job:bad", "x")
    return b"bad"


def _odd_id(raw_id: bytes) -> Callable[[Redis], bytes]:
    def damage(client: Redis) -> bytes:
        client.hset(b"rq:job:" + raw_id, mapping={"status": "queued", "data": b"x"})
        return raw_id

    return damage


DAMAGES = {
    "status": (_field("status", b"bogus"), "bogus"),
    "date": (_field("created_at", b"yesterday"), "yesterday"),
    "timeout": (_field("timeout", b"long"), "a field of it"),
    "ttl": (_field("result_ttl", b"x"), "a field of it"),
    "retries": (_field("retry_intervals", b"{"), "a field of it"),
    "worker": (_field("worker_name", b"\xff"), "a field of it"),
    "corrupt": (_field("data", b"\x00\x01\x02"), "neither pickle nor JSON"),
    "no data": (_missing_data, "its call is missing"),
    "kind": (_odd_key, "its key is"),
    "id": (_odd_id(b"a b"), "its id holds"),
    "id bytes": (_odd_id(b"\xff\xfe"), "its id holds"),
}


def _reason(client: Redis, raw_id: bytes) -> str:
    told = client.hget(KEYS.quarantine_reasons, raw_id)
    return str(json.loads(told)["reason"]) if told else ""


def test_every_kind_is_set_aside_by_the_same_worker_which_goes_on(stage: Stage) -> None:
    process = stage.worker("ours", "--queue", "pantry-pilot", "--queue", "low")
    for damage, words in DAMAGES.values():
        raw_id = damage(stage.redis)
        stage.redis.rpush("rq:queue:pantry-pilot", raw_id)
        good = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
        until(lambda good=good: good.get_status() == "finished", f"the job behind {raw_id!r}")
        assert words in _reason(stage.redis, raw_id)
        assert stage.redis.zscore(KEYS.quarantine, raw_id) is not None
        assert stage.redis.exists(b"rq:job:" + raw_id), "nothing is lost"
        assert stage.redis.llen("rq:queue:pantry-pilot:intermediate") == 0
        stage.redis.delete(b"rq:job:" + raw_id, KEYS.quarantine, KEYS.quarantine_reasons)
    assert process.poll() is None
    assert stage.redis.xlen(KEYS.audit) == len(DAMAGES)


@pytest.mark.parametrize("name", ["status", "id bytes", "kind", "no data"])
def test_what_is_scheduled_and_damaged_does_not_keep_others_from_coming(name: str, stage: Stage) -> None:
    raw_id = DAMAGES[name][0](stage.redis)
    good = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse", job_id="good")
    stage.redis.delete("rq:queue:pantry-pilot")
    stage.redis.hset("rq:job:good", "status", "scheduled")
    stage.redis.zadd("rq:scheduled:pantry-pilot", {raw_id: 1, "good": 2})
    stage.burst()
    assert good.get_status() == "finished"
    assert _reason(stage.redis, raw_id)


def test_a_queue_of_another_kind_is_passed_over(stage: Stage) -> None:
    stage.redis.set("rq:queue:pantry-pilot", "x")
    process = stage.worker("ours", "--queue", "pantry-pilot", "--queue", "low")
    good = Queue("low", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
    until(lambda: good.get_status() == "finished", "the job of the sound queue")
    assert process.poll() is None
