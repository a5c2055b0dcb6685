"""Whatever Redis holds - missing, wrong, oversized or foreign - no reader raises and nothing unprintable comes out."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import pickle
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantry_queue.keys import Keys
from pantry_queue.monitor import failures, job, joblog, jobs, schedule, search, snapshot, tree
from pantry_queue.monitor.model import STATES
from pantry_queue.monitor.query import parse
from pantry_queue.text import SafeText
from tests.effort import examples

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()
HOSTILE = [
    b"",
    b"\xff\xfe",
    b"\x1b]0;x\x1b\\",
    b"\x1b[2J",
    b"[/red]",
    b"[@click=app.quit]x[/]",
    "\u202e".encode(),
    b"a\nb",
    b"--all",
    b"$(id)",
    b"a:b",
    b"../x",
    b"\x00",
    b"x" * 70_000,
    "é".encode(),
    b" ",
    b"%s{0}",
    b"rq:queue:",
    b"," * 5000,
]
CALL = pickle.dumps(("m.f", None, (1,), {"password": "x"}))
RAW = st.sampled_from(HOSTILE) | st.binary(max_size=40)
IDENT = st.sampled_from([b"j1", b"j2", b"j3", b"j1:e1", b"j2:"]) | RAW
NUMBER = st.sampled_from([b"0", b"-1", b"180", b"1e9", b"nan", b"inf", b"9" * 400, b"12h", b"1d", b"", b"1_0"]) | RAW
TIME = (
    st.sampled_from(
        [
            b"2026-01-01T00:00:00.000000Z",
            b"2026-01-01T00:00:00Z",
            b"0001-01-01T00:00:00.000000+14:00",
            b"9999-12-31T23:59:59.999999Z",
            b"1767225600.5",
            b"1e308",
            b"nan",
        ]
    )
    | RAW
)
STATUS = (
    st.sampled_from(b"queued started finished failed deferred scheduled canceled stopped created bogus QUEUED".split())
    | RAW
)
DATA = (
    st.sampled_from(
        [
            zlib.compress(CALL),
            CALL,
            zlib.compress(CALL)[:10],
            b"\x80\x04.",
            b'["t",null,[],{}]',
            b"[1",
            b"x" * (1 << 20 | 1),
        ]
    )
    | RAW
)
JSON = st.sampled_from([b"[]", b'["j1"]', b"{}", b"null", b"[1", b"[[]]", b'"x"', b"[" * 99_999, b'[{"url":1}]']) | RAW
JOB = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("data", "meta", "result", "exc_info"), DATA),
        **dict.fromkeys(("created_at", "enqueued_at", "started_at", "ended_at", "last_heartbeat"), TIME),
        **dict.fromkeys(("timeout", "ttl", "result_ttl", "failure_ttl", "retries_left", "number_of_retries"), NUMBER),
        **dict.fromkeys(("repeats_left", "rate_limit_concurrency"), NUMBER),
        **dict.fromkeys(("dependency_ids", "retry_intervals", "webhooks"), JSON),
        **dict.fromkeys(("description", "worker_name", "group_id", "dependency_id", "rate_limit_key"), RAW),
        **dict.fromkeys(("success_callback_name", "failure_callback_name", "stopped_callback_name"), RAW),
        "status": STATUS,
        "origin": RAW | st.just(b"q"),
    },
)
SCORE = st.sampled_from([0.0, 1.0, -1.0, 1e18, -1e18, math.inf, -math.inf, 9e15]) | st.floats(allow_nan=False)
SORTED_SET = st.dictionaries(IDENT, SCORE, max_size=4)
WORKER = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("birth", "last_heartbeat", "death", "shutdown_requested_date"), TIME),
        **dict.fromkeys(("pid", "successful_job_count", "failed_job_count", "total_working_time"), NUMBER),
        **dict.fromkeys(("queues", "hostname", "ip_address", "version", "python_version", "state", "current_job"), RAW),
    },
)
RESULT = st.fixed_dictionaries(
    {"type": NUMBER | st.sampled_from([b"1", b"2", b"5", b"9"])},
    optional={
        "return_value": DATA.map(base64.b64encode) | RAW,
        "exc_string": DATA.map(lambda text: base64.b64encode(zlib.compress(text))) | RAW,
        **dict.fromkeys(("worker_name", "execution_id"), RAW),
        **dict.fromkeys(("execution_started_at", "execution_ended_at"), NUMBER),
    },
)
KINDS = ("string", "list", "set", "hash", "zset", "stream")
TYPED = (
    "rq:queues rq:workers rq:suspended rq:queue:q rq:queue:q:intermediate rq:wip:q rq:finished:q rq:failed:q"
    " rq:deferred:q rq:scheduled:q rq:canceled:q rq:ready:q rq:scheduler-lock:q rq:job:j1 rq:job:j1:dependents"
    " rq:job::j1:dependencies rq:results:j1 rq:executions:j1 rq:execution:j1:e1 rq:worker:w1"
    f" rq:worker:w1:executions {Keys().paused} {Keys().quarantine} {Keys().log('j1')}"
    " rq:cron_schedulers rq:cron_scheduler:s rq:cron_job:n:jobs rq:scheduler:scheduled_jobs rq:scheduler_lock"
).split()
#: What a CronScheduler says of one entry.
ENTRY = st.dictionaries(
    st.sampled_from("func_name name queue_name cron interval latest_enqueue_time next_enqueue_time".split()),
    st.none() | st.text(max_size=20) | st.floats() | st.integers() | st.sampled_from(["* * * * *", "n", "\x1b[2J"]),
)
WORLD = st.fixed_dictionaries(
    {
        "jobs": st.dictionaries(st.sampled_from([b"j1", b"j2", b"j3"]) | RAW, JOB, max_size=3),
        "queues": st.lists(st.just(b"rq:queue:q") | RAW | RAW.map(b"rq:queue:".__add__), max_size=3),
        "queue": st.lists(IDENT, max_size=5),
        "registries": st.dictionaries(
            st.sampled_from(["wip", "finished", "failed", "deferred", "scheduled", "canceled", "ready"]), SORTED_SET
        ),
        "workers": st.lists(st.just(b"rq:worker:w1") | RAW | RAW.map(b"rq:worker:".__add__), max_size=3),
        "worker": WORKER,
        "running": st.lists(IDENT, max_size=2),
        "results": st.lists(RESULT, max_size=3),
        "execution": st.fixed_dictionaries(
            {}, optional={"created_at": TIME, "last_heartbeat": TIME, "worker_name": RAW}
        ),
        "lock": RAW,
        "cron": st.lists(ENTRY | st.none(), max_size=3).map(json.dumps) | RAW,
        "theirs": SORTED_SET,
        "log": st.lists(RAW, max_size=3),
        "related": st.lists(IDENT, max_size=3),
        "wrong": st.dictionaries(st.sampled_from(TYPED), st.sampled_from(KINDS), max_size=3),
    }
)


def build(client: Redis, world: dict[str, Any]) -> None:
    """Write a damaged deployment."""
    client.flushdb()
    pipe = client.pipeline(transaction=False)
    for job_id, stored in world["jobs"].items():
        if stored:
            pipe.hset(b"rq:job:" + job_id, mapping=stored)
    for member in world["queues"]:
        pipe.sadd("rq:queues", member)
    for member in world["queue"]:
        pipe.rpush("rq:queue:q", member)
    for name, members in world["registries"].items():
        if members:
            pipe.zadd(f"rq:{name}:q", members)
    for member in world["workers"]:
        pipe.sadd("rq:workers", member)
    if world["worker"]:
        pipe.hset("rq:worker:w1", mapping=world["worker"])
    for member in world["running"]:
        pipe.sadd("rq:worker:w1:executions", member)
    for entry in world["results"]:
        pipe.xadd("rq:results:j1", entry)
    if world["execution"]:
        pipe.hset("rq:execution:j1:e1", mapping=world["execution"])
        pipe.zadd("rq:executions:j1", {"e1": 9e12})
    for member in world["related"]:
        pipe.sadd("rq:job:j1:dependents", member)
        pipe.sadd("rq:job::j1:dependencies", member)
    pipe.set("rq:scheduler-lock:q", world["lock"])
    pipe.zadd("rq:cron_schedulers", {"s": 9e9})
    pipe.hset("rq:cron_scheduler:s", "cron_jobs", world["cron"])
    pipe.zadd("rq:cron_job:n:jobs", {b"\x1b[0m": 1})
    if world["theirs"]:
        pipe.zadd("rq:scheduler:scheduled_jobs", world["theirs"])
    for line in world["log"]:
        pipe.xadd(Keys().log("j1"), {"line": line})
    for key, kind in world["wrong"].items():
        pipe.delete(key)
        write(pipe, key, kind)
    pipe.execute()


def write(pipe: Any, key: str, kind: str) -> None:
    """A key of some other type than the one that belongs there."""
    match kind:
        case "string":
            pipe.set(key, "x")
        case "list":
            pipe.rpush(key, "x")
        case "set":
            pipe.sadd(key, "x")
        case "hash":
            pipe.hset(key, "a", "b")
        case "zset":
            pipe.zadd(key, {"x": 1})
        case _:
            pipe.xadd(key, {"a": "b"})


def texts(value: Any) -> Iterator[str]:
    """Every text in what a reader gave."""
    if isinstance(value, str):
        known = value.isidentifier() or value.isalnum() or value == "rq-scheduler"
        assert isinstance(value, SafeText) or known, f"{value!r} did not go through the door"
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    else:
        assert value is None or isinstance(value, (int, float, bytes, datetime)), f"{value!r} is no plain value"


def read_all(client: Redis, names: snapshot.KnownNames) -> Iterator[Any]:
    """Everything the readers give over this deployment."""
    for _ in range(2):
        yield snapshot.take(client, KEYS, target="t", names=names)
    ids = {b"j1", b"j2", b"nope"}
    for state in STATES:
        for queue in ("q", None):
            for newest_first in (True, False):
                found = jobs.window(client, KEYS, state, queue=queue, newest_first=newest_first)
                yield found
                ids |= {row.raw_id for row in found.rows}
    for job_id in sorted(ids):
        yield job.read(client, KEYS, job_id)
        yield job.read(client, KEYS, job_id, reveal=True)
    yield from found_all(client)


def found_all(client: Redis) -> Iterator[Any]:
    """Everything that looks over many jobs, or at what stands around one."""
    for text in ("", "args:x func:m error:x age>0 runtime<9w wait<9w ended<9w retries<9 or worker:* or not x"):
        yield from search.search(client, KEYS, parse(text), queues=["q"])
    report = failures.groups(client, KEYS, queues=["q"])
    yield report
    yield from failures.members(client, KEYS, {group.signature for group in report.groups}, queues=["q"])
    yield schedule.read(client, KEYS)
    yield tree.read(client, KEYS, "j1")
    yield tree.read(client, KEYS, "j1", direction="dependencies")
    yield joblog.read(client, KEYS, "j1").lines


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(WORLD)
def test_damaged_deployments_are_read_without_a_crash(redis_client: Redis, world: dict[str, Any]) -> None:
    build(redis_client, world)
    before = everything(redis_client)
    for found in read_all(redis_client, snapshot.KnownNames()):
        unprintable = [text for text in texts(found) if not text.isprintable()]
        assert not unprintable
    assert everything(redis_client) == before


def everything(client: Redis) -> dict[bytes, Any]:
    """The whole key space. Not by DUMP: a hash that Redis is just growing tells its fields in changing order."""
    readers = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"stream": client.xrange,
    }
    return {key: (client.ttl(key) < 0, readers[client.type(key)](key)) for key in client.scan_iter(count=1000)}


@settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
@given(wrong=st.dictionaries(st.sampled_from(TYPED), st.sampled_from(KINDS), min_size=len(TYPED)))
def test_every_key_of_a_wrong_type(redis_client: Redis, wrong: dict[str, str]) -> None:
    redis_client.flushdb()
    for key, kind in wrong.items():
        write(redis_client, key, kind)
    for found in read_all(redis_client, snapshot.KnownNames(queues={"q"}, workers={"w1"})):
        assert all(text.isprintable() for text in texts(found))
