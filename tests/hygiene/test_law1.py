"""Law 1: looking changes nothing and runs nothing.

Every public reader of the monitor runs as a user that may only read, in a process whose audit hook forbids to run
anything, over jobs whose every field would leave a mark if it were loaded.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pantry_queue.config import Settings
from pantry_queue.embedded import EmbeddedServer, socket_path

if TYPE_CHECKING:
    from redis import Redis

ROOT = Path(__file__).resolve().parents[2]
READER = Path(__file__).with_name("read_everything.py")
#: The right to look, as in the operator's guide.
VIEWER_RULE = (
    "%R~rq:* %R~pantry:* -@all +ping +hello +auth +select +client|setinfo +client|setname +info +time"
    " +pttl +memory|usage +get +hget +hmget +hscan +hstrlen +hlen +llen +lrange +lpos +lindex +scard +smembers +sscan"
    " +sort_ro +eval_ro +zcard +zrange +zrevrange +zcount +zscore +xlen +xrange +xrevrange +pubsub|numsub"
)


class Mark:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@dataclass(frozen=True)
class Trap:
    """Data that would leave marks.

    Attributes:
        marks: directory where marks would appear.
        hook: a server no webhook may reach.
    """

    marks: Path
    hook: socket.socket


@pytest.fixture
def trap(redis_client: Redis, tmp_path: Path) -> Iterator[Trap]:
    """A deployment full of traps, in every state and field."""
    marks = tmp_path / "marks"
    marks.mkdir()
    (tmp_path / "evil_callbacks.py").write_text(f"open({str(marks / 'callback')!r}, 'w')\ndef call(*args): pass\n")
    with socket.create_server(("127.0.0.1", 0)) as hook:
        hook.setblocking(False)
        plant(redis_client, marks, f"http://127.0.0.1:{hook.getsockname()[1]}/internal")
        yield Trap(marks, hook)


def plant(client: Redis, marks: Path, url: str) -> None:
    places = ["rq:queue:q", "rq:queue:q:intermediate"]
    registries = ["wip", "finished", "failed", "deferred", "scheduled", "canceled", "ready"]
    states = ["queued", "queued", "started", "finished", "failed", "deferred", "scheduled", "canceled", "created"]
    client.sadd("rq:queues", "rq:queue:q", "rq:queue:other")
    for protocol in range(6):
        for number, state in enumerate(states):
            job_id = f"job-{protocol}-{number}"
            stored = pickle.dumps(("m.f", Mark(marks / "data"), (Mark(marks / "data"),), {}), protocol)
            client.hset(
                f"rq:job:{job_id}",
                mapping={
                    "status": state,
                    "origin": "q",
                    "description": "described by hand" if number % 2 else "m.f()",
                    "data": zlib.compress(stored) if protocol % 2 else stored,
                    "meta": pickle.dumps({"k": Mark(marks / "meta")}, protocol),
                    "result": pickle.dumps(Mark(marks / "result"), protocol),
                    "exc_info": zlib.compress(b"Traceback\nValueError: x"),
                    "failure_callback_name": "evil_callbacks.call",
                    "success_callback_name": "evil_callbacks.call",
                    "webhooks": json.dumps([{"url": url, "job_status": "failed", "method": "POST"}]),
                    "created_at": "2026-01-01T00:00:00.000000Z",
                    "enqueued_at": "2026-01-01T00:00:00.000000Z",
                },
            )
            value = base64.b64encode(pickle.dumps(Mark(marks / "value"), protocol))
            client.xadd(f"rq:results:{job_id}", {"type": "1", "return_value": value})
            if number < len(places):
                client.rpush(places[number], job_id)
            else:
                member = f"{job_id}:{'e' * 32}" if state == "started" else job_id
                # A minute ago: abandoned, expired and overdue, so that RQ's own readers would act.
                client.zadd(f"rq:{registries[number - len(places)]}:q", {member: time.time() - 60})
    client.rpush("rq:queue:q", "hash-is-gone")
    client.sadd("rq:workers", "rq:worker:gone", "rq:worker:here")
    client.hset("rq:worker:here", mapping={"queues": "q,unregistered", "state": "busy", "current_job": "job-0-2"})
    client.expire("rq:worker:here", 400)
    client.set("rq:suspended", 1, ex=300)
    client.sadd("pantry:paused", "q")


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
    return {key: (client.pttl(key) < 0, readers[client.type(key)](key)) for key in client.scan_iter(count=1000)}


def test_looking_changes_nothing_and_runs_nothing(
    valkey: EmbeddedServer, settings: Settings, redis_client: Redis, trap: Trap
) -> None:
    redis_client.execute_command("ACL", "SETUSER", "viewer", "reset", "on", ">look", *VIEWER_RULE.split())
    redis_client.execute_command("ACL", "LOG", "RESET")
    before = everything(redis_client)
    try:
        found = read_everything(valkey, trap)
    finally:
        redis_client.execute_command("ACL", "DELUSER", "viewer")
    assert everything(redis_client) == before
    assert redis_client.execute_command("ACL", "LOG") == [], "a command was sent that looking has no right to"
    assert found["tried"] == []
    assert list(trap.marks.iterdir()) == []
    with pytest.raises(BlockingIOError):
        trap.hook.accept()
    assert found["modules"] == [], "imported to look"
    assert found["untried"] == [], "readers that this test does not call yet"
    for protocol in range(6):
        assert f"job-{protocol}-4" in found["seen"]["jobs.window"]
    assert found["seen"]["job.read"].count("unpickling it would call posix.system") >= 6 * 9 * 2
    pickle.loads(redis_client.hget("rq:job:job-0-0", "data"))
    assert [mark.name for mark in trap.marks.iterdir()] == ["data"], "the traps do work"


def read_everything(valkey: EmbeddedServer, trap: Trap) -> dict[str, Any]:
    url = valkey.url.replace("unix://", "unix://viewer:look@")
    path = os.pathsep.join((str(ROOT), str(trap.marks.parent)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, str(READER), url, str(socket_path(valkey.directory))],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
