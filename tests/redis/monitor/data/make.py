"""Writes what one version of RQ leaves in Redis, for test_versions.py.

Needs that version and nothing of ours; made once for each version, into an empty database of a throw-away server:

    pip install --target old rq==2.0.0 redis
    URL=unix:///path/to/socket PYTHONPATH=old:tests/redis/monitor/data python -m make > rq-2.0.0.json

The last job writes the dump while it runs, so that a started job and a busy worker are in it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
import rq
from rq import Queue, Retry, SimpleWorker
from rq.job import Dependency
from rq.serializers import JSONSerializer


def add(a, b=0, **kwargs):
    """Ends well."""
    return {"sum": a + b, "who": kwargs.get("who")}


def fail(number):
    """Ends badly."""
    raise ValueError(f"no receipt {number}")


def dump():
    """Prints the database as JSON."""
    client = redis.Redis.from_url(os.environ["URL"])
    found: dict[str, Any] = {}
    for key in sorted(client.scan_iter()):
        kind = client.type(key).decode()
        found[text(key)] = {"type": kind, "ttl": client.pttl(key), "value": content(client, key, kind)}
    json.dump({"version": rq.VERSION, "made_at": time.time(), "keys": found}, sys.stdout, indent=0, sort_keys=True)


def content(client, key, kind):
    """A key's value, bytes as base64."""
    if kind == "string":
        return text(client.get(key))
    if kind == "list":
        return [text(one) for one in client.lrange(key, 0, -1)]
    if kind == "set":
        return sorted(text(one) for one in client.smembers(key))
    if kind == "hash":
        return fields(client.hgetall(key))
    if kind == "zset":
        return [[text(member), str(score)] for member, score in client.zrange(key, 0, -1, withscores=True)]
    entries = client.xrange(key)
    return [
        [text(entry), {text(name): text(neutral(name, value)) for name, value in found.items()}]
        for entry, found in entries
    ]


def fields(found):
    """Names and values as base64."""
    return {text(name): text(neutral(name, value)) for name, value in found.items()}


def neutral(name, value):
    """A value without the names of the machine it was made on."""
    if name in (b"hostname", b"ip_address"):
        return b"host1"
    if name != b"exc_string":
        return value
    told = zlib.decompress(base64.b64decode(value)).decode()
    told = re.sub(r'File "([^"]*)"', lambda found: f'File "{moved(found[1])}"', told)
    return base64.b64encode(zlib.compress(told.encode()))


def moved(path):
    """A path as it would be on a server."""
    head = "/srv/site-packages" if "/rq/" in path else "/srv"
    return "/".join([head, *path.split("/")[-2:]])


def text(value):
    """Bytes as base64."""
    return base64.b64encode(value).decode()


def main():
    client = redis.Redis.from_url(os.environ["URL"])
    queue = Queue("work", connection=client)
    queue.enqueue(add, 1, b=2, who="bob", job_id="finished", description="by hand")
    queue.enqueue(fail, 17, job_id="failed", meta={"tries": [1, 2]})
    queue.enqueue(fail, 18, job_id="failed-again")
    SimpleWorker([queue], connection=client, name="first").work(burst=True)
    queue.failed_job_registry.requeue("failed-again")
    queue.enqueue(fail, 19, job_id="retried", retry=Retry(max=2, interval=[60, 600]))
    waiting = queue.enqueue(add, 5, job_id="parent")
    SimpleWorker([queue], connection=client, name="second").work(burst=True, max_jobs=2)
    other = Queue("other", connection=client)
    other.enqueue(add, 3, job_id="queued")
    other.enqueue(add, 4, job_id="canceled").cancel()
    other.enqueue(add, 6, job_id="deferred", depends_on=Dependency(jobs=[waiting]))
    other.enqueue_at(datetime.now(UTC) + timedelta(hours=1), add, 7, job_id="scheduled")
    Queue("json", connection=client, serializer=JSONSerializer).enqueue(add, 8, who="eve", job_id="json")
    running = Queue("running", connection=client)
    running.enqueue(dump, job_id="started")
    SimpleWorker([running], connection=client, name="third").work(burst=True)


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    # As `make.add`, not `__main__.add`, for the worker to find.
    import make

    make.main()
