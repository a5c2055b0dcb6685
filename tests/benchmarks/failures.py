"""Grouping 100,000 failures, against only fetching their results: ``python -m tests.benchmarks.failures``.

The raw limit is redis-py's pipelined `XREVRANGE ... COUNT 1`, which every grouping has to pay in some way. A second
look, and a third after 1,000 new failures, are timed too. The counts are checked against what was made. The aim is
half of the raw rate; on a busy machine the server's work and ours cannot overlap, so the run fails below `AT_LEAST`.
"""

from __future__ import annotations

import base64
import random
import statistics
import sys
import time
import zlib
from typing import TYPE_CHECKING

from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.monitor import failures
from tests.benchmarks.private import server

if TYPE_CHECKING:
    from redis import Redis

JOBS, QUEUES, KINDS = 100_000, 4, 40
ROUNDS = 3
AIM, AT_LEAST = 0.5, 0.25
_FRAME = '  File "/srv/app/layer{number}.py", line {line}, in step_{number}\n    result = call(argument, timeout=30)\n'


def traceback(kind: int, number: int) -> str:
    """A traceback of thirteen frames, about 1.3 KB; the message of every second kind names the job."""
    frames = "".join(_FRAME.format(number=depth, line=depth * 7 + kind) for depth in range(12))
    last = f'  File "/srv/app/kind{kind}.py", line {kind}, in work\n    raise Error\n'
    named = f"receipt {number} of '/data/{number}.png' is broken" if kind % 2 else "the other side has closed"
    error = f"app.errors.Kind{kind}Error: {named}\n"
    return f"Traceback (most recent call last):\n{frames}{last}{error}"


def make(client: Redis, start: int, end: int) -> None:
    """Failed jobs with a result each."""
    chosen = random.Random(start)
    for first in range(start, end, 1000):
        pipeline = client.pipeline(transaction=False)
        for number in range(first, min(first + 1000, end)):
            packed = base64.b64encode(zlib.compress(traceback(number % KINDS, number).encode()))
            at = time.time() - chosen.random() * 9e5
            pipeline.hset(
                f"rq:job:j{number}",
                mapping={"status": "failed", "description": f"app.tasks.f{number % 3}({number})", "created_at": ""},
            )
            pipeline.xadd(f"rq:results:j{number}", {"type": 2, "exc_string": packed}, id=f"{int(at * 1000)}-0")
            pipeline.zadd(f"rq:failed:q{number % QUEUES}", {f"j{number}": at + 31_536_000})
        pipeline.execute()
    client.sadd("rq:queues", *(f"rq:queue:q{number}" for number in range(QUEUES)))


def raw(client: Redis) -> float:
    """Seconds of fetching every newest result in pipelines of 1,000."""
    ids = [job_id for queue in range(QUEUES) for job_id in client.zrange(f"rq:failed:q{queue}", 0, -1)]
    began = time.perf_counter()
    for start in range(0, len(ids), 1000):
        pipeline = client.pipeline(transaction=False)
        for job_id in ids[start : start + 1000]:
            pipeline.xrevrange(b"rq:results:" + job_id, count=1)
        pipeline.execute()
    return time.perf_counter() - began


def look(grouping: failures.Grouping, client: Redis) -> float:
    began = time.perf_counter()
    for _ in grouping.look(client, Keys()):
        pass
    return time.perf_counter() - began


def main() -> int:
    with server() as (settings, client):
        make(client, 0, JOBS)
        reader = connect(settings, "reader")
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            times[0].append(raw(client))
            grouping = failures.Grouping()
            times[1].append(look(grouping, reader))
        report = grouping.report()
        # Kind and function repeat together every lcm(40, 3) jobs.
        right = len(report.groups) == KINDS * 3 and sum(group.count for group in report.groups) == JOBS
        unchanged = look(grouping, reader)
        make(client, JOBS, JOBS + 1000)
        again = look(grouping, reader)
        right = right and sum(group.count for group in grouping.report().groups) == JOBS + 1000
    if not right:
        print("the groups do not add up")
        return 1
    theirs, ours = (JOBS / statistics.median(found) for found in times)
    print(f"{JOBS:,} failures in {len(report.groups)} groups, counts as made; median of {ROUNDS}")
    print(f"raw pipelined XREVRANGE {theirs:>10,.0f} jobs/s")
    print(f"grouping                {ours:>10,.0f} jobs/s   {ours / theirs:.2f} of raw; aim {AIM}, at least {AT_LEAST}")
    print(f"a second look: {unchanged * 1000:.0f} ms; a third after 1,000 new failures: {again * 1000:.0f} ms")
    return 0 if ours / theirs >= AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
