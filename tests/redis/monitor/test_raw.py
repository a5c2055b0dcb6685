"""A job as it lies in Redis, beside what RQ writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rq import Callback, Queue, Repeat, Retry
from rq.job import Job

from pantry_queue.keys import Keys
from pantry_queue.monitor import joblog, raw

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def test_every_field_rq_writes_is_known(redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    first = queue.enqueue("math.sqrt", 4)
    job = queue.enqueue(
        "math.sqrt",
        args=("s3cret-value",),
        kwargs={"api_token": "s3cret-token"},
        depends_on=first,
        retry=Retry(max=3, interval=[1, 2]),
        repeat=Repeat(times=2, interval=5),
        on_success=Callback("math.sqrt"),
        on_failure=Callback("math.sqrt"),
        on_stopped=Callback("math.sqrt"),
        meta={"password": "s3cret-meta"},
        job_timeout=9,
        result_ttl=9,
        failure_ttl=9,
        ttl=90,
        at_front=True,
        description="described",
    )
    found = raw.read(redis_client, KEYS, job.id)
    assert found is not None
    stored = redis_client.hgetall(job.key)
    assert {one.name: one.size for one in found.fields} == {name.decode(): len(v) for name, v in stored.items()}
    assert found.unknown == 0
    values = {one.name: one.value for one in found.fields}
    assert values["data"].startswith("zlib, pickle, protocol ")
    assert values["timeout"] == "9"
    assert values["ended_at"] == "(empty)"
    assert "s3cret" not in repr(found)
    assert [(what, number) for _, number, what in found.beside] == [("jobs it waits for", 1)]
    assert raw.read(redis_client, KEYS, "no such job") is None


def test_what_is_damaged_is_told_and_not_loaded(redis_client: Redis) -> None:
    redis_client.hset("rq:job:odd", mapping={"data": b"x" * (2 << 20), "status": b"\x1b[31m" * 9000, "mine": 1})
    redis_client.hset("rq:job:json", mapping={"data": json.dumps(["f", None, [], {}]), "meta": b"\xff\xfe"})
    redis_client.set("rq:job:text", "x")
    odd = raw.read(redis_client, KEYS, "odd")
    assert odd is not None
    assert {one.name: one.value for one in odd.fields} == dict.fromkeys(("data", "status"), "too large to be loaded")
    assert odd.unknown == 1
    kinds = raw.read(redis_client, KEYS, "json")
    assert kinds is not None
    assert {one.name: one.value for one in kinds.fields} == {"data": "JSON", "meta": "bytes"}
    text = raw.read(redis_client, KEYS, "text")
    assert text is not None
    assert text.fields == ()


def test_progress(redis_client: Redis) -> None:
    assert joblog.progress(redis_client, KEYS, "x") is None
    redis_client.hset("pantry:progress:x", mapping={"done": "3", "total": "", "message": "\x1b[2J"})
    assert joblog.progress(redis_client, KEYS, "x") == (3.0, None, "\\x1b[2J")
    redis_client.hset("pantry:progress:x", mapping={"done": "often"})
    assert joblog.progress(redis_client, KEYS, "x") is None


def test_json_jobs_of_rq(redis_client: Redis) -> None:
    job = Job.create("math.sqrt", args=(4,), connection=redis_client, serializer="json")
    job.save()
    found = raw.read(redis_client, KEYS, job.id)
    assert found is not None
    assert next(one.value for one in found.fields if one.name == "data") == "zlib, JSON"
