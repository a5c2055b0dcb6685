"""Data written by older RQs: our actions leave what the installed RQ's own calls leave of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rq.job import Job

from tests.redis.control.keyspace import copy, differences, dump

from .conftest import Operator
from .test_same_as_rq import REGISTRIES, as_we_requeue, ids_of

if TYPE_CHECKING:
    from redis import Redis

FIXTURES = sorted((Path(__file__).parent / "data").glob("rq-*.json"))


def load(connection: Redis, path: Path) -> str:
    """Put a fixture into an empty database; the RQ version that wrote it."""
    stored = json.loads(path.read_text())
    for name, (kind, content, ttl) in stored["keys"].items():
        key = base64.b64decode(name)
        if kind == "hash":
            connection.hset(key, mapping={base64.b64decode(k): base64.b64decode(v) for k, v in content.items()})
        elif kind == "zset":
            connection.zadd(key, {base64.b64decode(member): float(score) for member, score in content})
        elif kind == "list":
            connection.rpush(key, *map(base64.b64decode, content))
        elif kind == "set":
            connection.sadd(key, *map(base64.b64decode, content))
        elif kind == "stream":
            for entry, values in content:
                fields: dict[Any, Any] = {base64.b64decode(k): base64.b64decode(v) for k, v in values.items()}
                connection.xadd(key, fields, id=base64.b64decode(entry).decode())
        else:
            connection.set(key, base64.b64decode(content))
        if ttl > 0:
            connection.expire(key, ttl)
    return str(stored["rq"])


@pytest.fixture(params=FIXTURES, ids=lambda path: path.stem)
def twins(request: pytest.FixtureRequest, operator: Operator, redis_client: Redis, other_database: Redis) -> Any:
    """A fixture in two databases."""
    version = load(redis_client, request.param)
    assert version in request.param.name
    copy(redis_client, other_database)
    return redis_client, other_database


def test_there_are_fixtures_of_three_versions() -> None:
    assert [path.stem for path in FIXTURES] == ["rq-2.0.0", "rq-2.12.0", "rq-2.6.1"]


@pytest.mark.parametrize("place", ["failed", "finished", "canceled", "scheduled", "deferred"])
def test_requeue(place: str, operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    ids = ids_of(theirs, place)
    for queue in "ab":
        registry = REGISTRIES[place](queue, connection=theirs)
        for job_id in registry.get_job_ids(cleanup=False):
            registry.requeue(job_id)
    as_we_requeue(theirs, ids, forced=place == "deferred")
    name = "jobs.enqueue-now" if place in ("scheduled", "deferred") else "jobs.requeue"
    outcome = operator.act(name, states=(place,))
    assert (outcome.done, outcome.skipped) == (len(ids), {})
    assert len(ids) > 1
    assert differences(dump(theirs), dump(ours)) == {}


@pytest.mark.parametrize("place", ["queued", "scheduled", "deferred"])
def test_cancel(place: str, operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    ids = ids_of(theirs, place)
    for job_id in ids:
        Job.fetch(job_id, theirs).cancel()
    assert operator.act("jobs.cancel", *ids).done == len(ids) > 1
    assert differences(dump(theirs), dump(ours)) == {}


@pytest.mark.parametrize("place", ["queued", "scheduled", "deferred", "failed", "finished", "canceled"])
def test_delete_and_undo(place: str, operator: Operator, twins: tuple[Redis, Redis]) -> None:
    ours, theirs = twins
    before = dump(ours)
    ids = ids_of(theirs, place)
    for job_id in ids:
        Job.fetch(job_id, theirs).delete()
    outcome = operator.act("jobs.delete", states=(place,))
    assert outcome.done == len(ids) > 1
    assert differences(dump(theirs), dump(ours)) == {}
    assert operator.undo(outcome).done == len(ids)
    assert differences(before, dump(ours)) == {}
