"""What RQ 2.0, 2.6, 2.12 and 3.0 left in Redis (`data/make.py`), read by ours: the same picture each time."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pantry_queue.keys import Keys
from pantry_queue.monitor import failures, job, jobs, schedule, search, snapshot, tree
from pantry_queue.monitor.model import STATES, JobRow
from pantry_queue.monitor.query import parse

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()
DATA = Path(__file__).with_name("data")
VERSIONS = ["2.0.0", "2.6.1", "2.12.0", "3.0.0"]


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, redis_client: Redis) -> Redis:
    """The database as that version left it, its scores moved to now."""
    load(redis_client, json.loads((DATA / f"rq-{request.param}.json").read_text()))
    return redis_client


def load(client: Redis, dump: dict[str, Any]) -> None:
    later = time.time() - dump["made_at"]
    for key, found in dump["keys"].items():
        name, value = raw(key), found["value"]
        if found["type"] == "string":
            client.set(name, raw(value))
        elif found["type"] == "list":
            client.rpush(name, *map(raw, value))
        elif found["type"] == "set":
            client.sadd(name, *map(raw, value))
        elif found["type"] == "hash":
            client.hset(name, mapping={raw(field): raw(text) for field, text in value.items()})
        elif found["type"] == "zset":
            client.zadd(name, {raw(member): float(score) + later for member, score in value})
        else:
            for entry, fields in value:
                client.xadd(name, {raw(field): raw(text) for field, text in fields.items()}, id=raw(entry))
        if found["ttl"] > 0:
            client.pexpire(name, found["ttl"])


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def rows(client: Redis, state: str) -> dict[str, JobRow]:
    return {str(row.id): row for row in jobs.window(client, KEYS, state).rows}


def test_the_snapshot(old: Redis) -> None:
    taken = snapshot.take(old, KEYS, target="")
    counts = {str(queue.name): queue.counts for queue in taken.queues}
    assert (counts["work"].finished, counts["work"].failed, counts["work"].scheduled) == (1, 2, 1)
    assert (counts["work"].queued, counts["other"].queued, counts["json"].queued) == (1, 1, 1)
    assert (counts["other"].deferred, counts["other"].scheduled, counts["other"].canceled) == (1, 1, 1)
    assert counts["running"].started == 1
    assert {str(worker.name): worker.verdict for worker in taken.workers} == {"third": "deaf"}
    (worker,) = taken.workers
    assert (worker.state, worker.job_ids, worker.queues, worker.hostname) == (
        "busy",
        ("started",),
        ("running",),
        "host1",
    )


def test_rows_of_every_state(old: Redis) -> None:
    found = {state: rows(old, state) for state in STATES}
    assert {state: set(ids) for state, ids in found.items() if ids} == {
        "queued": {"parent", "queued", "json"},
        "started": {"started"},
        "finished": {"finished"},
        "failed": {"failed", "failed-again"},
        "deferred": {"deferred"},
        "scheduled": {"retried", "scheduled"},
        "canceled": {"canceled"},
    }
    assert found["finished"]["finished"].func == "make.add"
    assert found["finished"]["finished"].description == "by hand"
    assert found["failed"]["failed"].error == "ValueError: no receipt 17"
    assert found["queued"]["json"].func == "make.add"
    for row in (row for ids in found.values() for row in ids.values()):
        assert row.created_at is not None
        assert not row.expired


def test_jobs_whole(old: Redis) -> None:
    done = job.read(old, KEYS, "finished")
    assert done is not None
    assert done.result == "{'sum': 3, 'who': 'bob'}"
    assert [argument.value for argument in done.payload.args] == ["1"]
    assert {argument.name: argument.value for argument in done.payload.kwargs} == {"b": "2", "who": "'bob'"}
    assert [one.kind for one in done.results] == ["successful"]
    failed = job.read(old, KEYS, "failed-again")
    assert failed is not None
    assert failed.traceback[-1] == "ValueError: no receipt 18"
    assert [one.kind for one in failed.results] == ["failed", "failed"]
    assert failed.results[0].at > failed.results[1].at
    assert [(item.name, item.value) for item in job_of(old, "failed").meta] == [("tries", "[1, 2]")]
    running = job.read(old, KEYS, "started")
    assert running is not None
    assert len(running.executions) == 1
    assert running.executions[0].created_at is not None
    waits = job.read(old, KEYS, "retried")
    assert waits is not None
    assert (waits.retries_left, waits.retry_intervals) == (1, (60, 600))
    assert waits.due_at is not None
    assert job_of(old, "json").payload.format == "json"
    assert job_of(old, "deferred").depends_on == ("parent",)


def job_of(client: Redis, job_id: str) -> Any:
    return job.read(client, KEYS, job_id)


def test_failures_search_schedule_and_tree(old: Redis) -> None:
    (group,) = failures.groups(old, KEYS).groups
    assert (group.count, group.retried, group.exception) == (2, 1, "ValueError")
    assert (group.message, group.func, group.where) == ("no receipt ‹n›", "make.fail", "data/make.py in fail")
    chunks = search.search(old, KEYS, parse("args:17 or error:18 or args:eve"))
    assert sorted(row.id for chunk in chunks for row in chunk.rows) == ["failed", "failed-again", "json"]
    found = schedule.read(old, KEYS)
    assert {str(one.row.id) for one in found.due} == {"retried", "scheduled"}
    assert set(found.unattended) == {"other", "work"}
    assert [node.row.id for node in tree.read(old, KEYS, "parent").children] == ["deferred"]
