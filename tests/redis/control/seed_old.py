"""Writes the fixtures of `data/`: jobs of every kind in every state as an older RQ leaves them.

    PYTHONPATH=<folder with that rq> python tests/redis/control/seed_old.py <redis url> <file>

The database must be empty. Needs nothing of ours, since it runs with another RQ.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from datetime import datetime, timedelta, timezone
from typing import Any

import rq
from redis import Redis
from rq import Queue, Retry, SimpleWorker
from rq.group import Group


def seed(connection: Redis) -> None:
    """Queues `a` and `b`."""
    queue, other = Queue("a", connection=connection), Queue("b", connection=connection)
    for func, args, tag in (("operator.truediv", (1, 0), "f"), ("operator.add", (1, 2), "o")):
        queue.enqueue(func, *args, job_id=f"{tag}-plain")
        queue.enqueue(func, *args, job_id=f"{tag}-meta", meta={"k": [1, 2, {"x": "y"}]})
        queue.enqueue(func, *args, job_id=f"{tag}-ttl", ttl=50000, failure_ttl=30000, result_ttl=25000)
        queue.enqueue(func, *args, job_id=f"{tag}-ever", failure_ttl=-1, result_ttl=-1)
        queue.enqueue(func, *args, job_id=f"{tag}-told", description="d", job_timeout="1h", result_ttl=90000)
        other.enqueue("operator.add", 1, 1, depends_on=f"{tag}-plain", job_id=f"{tag}-child", result_ttl=90000)
    Group.create(connection=connection, name="g").enqueue_many(
        queue, [Queue.prepare_data("operator.truediv", args=(1, 0), job_id="f-group")]
    )
    queue.enqueue("operator.truediv", 1, 0, job_id="f-retried", retry=Retry(max=1))
    queue.enqueue("operator.truediv", 1, 0, job_id="r-waits", retry=Retry(max=2, interval=[600, 900]))
    SimpleWorker([queue, other], connection=connection, name="worker").work(burst=True)
    for number in range(5):
        queue.enqueue("operator.add", 1, 1, job_id=f"q-{number}", ttl=40000 if number % 2 else None)
    due = datetime.now(timezone.utc) + timedelta(days=2000)  # noqa: UP017 - what old versions know
    queue.enqueue_at(due, "operator.add", 1, 1, job_id="s-1")
    other.enqueue_at(due, "operator.add", 1, 1, job_id="s-2", meta={"s": 1})
    queue.enqueue("operator.add", 1, 1, job_id="d-1", depends_on=["q-0", "q-1"])
    other.enqueue("operator.add", 1, 1, job_id="d-2", depends_on="q-0", ttl=30000)
    for number in range(3):
        queue.enqueue("operator.add", 1, 1, job_id=f"c-{number}").cancel()


#: In place of tracebacks, which name folders of the machine they were made on.
FAILURE = base64.b64encode(zlib.compress(b"Traceback (most recent call last):\nZeroDivisionError: division by zero\n"))


def text(value: bytes) -> str:
    """Any bytes as JSON text."""
    return base64.b64encode(value).decode("ascii")


def content(connection: Redis, key: bytes, kind: str) -> Any:
    """What a key holds."""
    if kind == "hash":
        return {text(name): text(value) for name, value in connection.hgetall(key).items()}
    if kind == "zset":
        return [[text(member), repr(score)] for member, score in connection.zrange(key, 0, -1, withscores=True)]
    if kind == "list":
        return [text(member) for member in connection.lrange(key, 0, -1)]
    if kind == "set":
        return sorted(text(member) for member in connection.smembers(key))
    if kind == "stream":
        return [
            [text(name), {text(k): text(FAILURE if k == b"exc_string" else v) for k, v in values.items()}]
            for name, values in connection.xrange(key)
        ]
    return text(connection.get(key))


def main() -> None:
    connection = Redis.from_url(sys.argv[1])
    seed(connection)
    keys = {}
    for key in sorted(connection.scan_iter()):
        kind = connection.type(key).decode()
        if not key.startswith((b"rq:worker", b"rq:clean")):
            keys[text(key)] = [kind, content(connection, key, kind), connection.ttl(key)]
    with open(sys.argv[2], "w") as file:
        json.dump({"rq": rq.VERSION, "keys": keys}, file, indent=0)


if __name__ == "__main__":
    main()
