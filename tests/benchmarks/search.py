"""A search through 1,000,000 failed jobs, against RQ's own way of reading them: ``python -m tests.benchmarks.search``.

RQ's way (ids of the registry, `Job.fetch_many`, a test in Python) runs over the newest 20,000 jobs, since its rate
does not grow with more; both must find the same jobs among them. The search runs in processes of their own, over
10,000 jobs and over all, so that peak memory can be compared. Exits 1 below `AT_LEAST` jobs a second, when the first
hit is not in the first chunk, or when memory grows.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from tests.benchmarks.private import apart, make_jobs, peak_mib, server

if TYPE_CHECKING:
    from redis import Redis

JOBS = 1_000_000
QUEUES = 8
FEW = 10_000
RQ_JOBS = 20_000
FILTER = "func:send_mail age>1h"
AT_LEAST = 15_000
MOST_GROWTH_MIB = 5.0


def rq_rate(client: Redis) -> tuple[float, list[str]]:
    """Jobs a second and hits of RQ's way, over the newest entries of the queue q0."""
    from rq import Queue
    from rq.job import Job

    registry = Queue("q0", connection=client).failed_job_registry
    began = time.perf_counter()
    ids = registry.get_job_ids(start=0, end=RQ_JOBS - 1, desc=True, cleanup=False)
    hits: list[str] = []
    for start in range(0, len(ids), 1000):
        fetched = Job.fetch_many(ids[start : start + 1000], connection=client)
        hits += [job.id for job in fetched if job is not None and "send_mail" in (job.description or "")]
    return len(ids) / (time.perf_counter() - began), hits


def searched(url: str, scan: int, queue: str | None) -> dict[str, Any]:
    """One search from its first question to its end."""
    from pantry_queue.monitor.query import parse
    from pantry_queue.monitor.search import search

    client = connect(replace(Settings(), redis_url=url), "reader")
    chunks = search(
        client, Keys(), parse(FILTER), states=["failed"], queues=[queue] if queue else None, scan=scan or None
    )
    began = time.perf_counter()
    hits, first, looked = [], None, 0
    for chunk in chunks:
        if chunk.rows and first is None:
            first = (time.perf_counter() - began, chunk.looked)
        hits += [row.id for row in chunk.rows] if scan else [""] * len(chunk.rows)
        looked = chunk.looked
    took = time.perf_counter() - began
    return {"rate": looked / took, "looked": looked, "hits": hits, "first": first, "peak": peak_mib()}


def main() -> int:
    with server() as (settings, client):
        make_jobs(client, JOBS, QUEUES)
        url = str(settings.redis_url)
        theirs, expected = rq_rate(client)
        same = apart("tests.benchmarks.search", url, str(RQ_JOBS), "q0")
        few = apart("tests.benchmarks.search", url, str(FEW))
        everything = apart("tests.benchmarks.search", url, "0")
    if same["hits"] != expected or len(everything["hits"]) != JOBS // 1000:
        print("the ways do not find the same jobs")
        return 1
    growth = everything["peak"] - few["peak"]
    print(f"search {FILTER!r} through {JOBS:,} failed jobs of {QUEUES} queues; the same hits as RQ's way")
    rate = everything["rate"]
    print(f"RQ fetch_many {theirs:>12,.0f} jobs/s")
    print(f"search        {rate:>12,.0f} jobs/s   {rate / theirs:.1f}x   at least {AT_LEAST:,} jobs/s")
    print(f"first hit after {everything['first'][0] * 1000:.0f} ms and {everything['first'][1]:,} jobs looked at")
    print(f"peak memory {everything['peak']:.1f} MiB, {growth:+.1f} MiB against a search through {FEW:,}")
    good = everything["rate"] >= AT_LEAST and everything["first"][1] <= 1000 and growth <= MOST_GROWTH_MIB
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        json.dump(searched(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None), sys.stdout)
    else:
        sys.exit(main())
