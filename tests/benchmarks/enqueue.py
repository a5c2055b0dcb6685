"""How fast receipts are enqueued, against RQ's own ways in the same run: ``python -m tests.benchmarks.enqueue``.

All of them enqueue the same jobs into an emptied database of a private server; what they leave is compared key by key
first. Prints jobs per second and ratios; exits 1 when a ratio is below `AT_LEAST`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pantry_queue import embedded
from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.ocr_job import TASK
from tests.redis.control.keyspace import differences, dump

if TYPE_CHECKING:
    from redis import Redis

JOBS = 20_000
#: A loop of single calls is measured on fewer and scaled: it is slow and does not get faster with more.
LOOP_JOBS = 3_000
ROUNDS = 3
AT_LEAST = {"rq enqueue_many, chunks of 1,000": 2.5, "rq enqueue in a loop": 8.0}
OURS = "enqueue_batch_ocr"
RAW = "raw SET, pipelines of 1,000"


def receipts(count: int) -> list[tuple[str, str, str]]:
    """Tasks as a service has them."""
    return [(f"r{number}", f"/receipts/{number}.png", f"user-{number % 97}") for number in range(count)]


def call(task: tuple[str, str, str]) -> dict[str, str]:
    """The arguments of the task."""
    return dict(zip(("receipt_id", "image_path", "user_id"), task, strict=True))


def ways(settings: Settings, connection: Redis) -> dict[str, Callable[[int], None]]:
    """Each way of enqueueing so many receipts."""
    from rq import Queue, Retry

    client = QueueClient(settings, connection)
    queue = Queue(settings.queue_name, connection=connection)
    retry = Retry(max=3, interval=[10, 30, 60])
    ttl = {"result_ttl": settings.result_ttl, "failure_ttl": settings.failure_ttl}

    def many(count: int) -> None:
        tasks = receipts(count)
        for start in range(0, count, 1000):
            queue.enqueue_many(
                Queue.prepare_data(
                    TASK,
                    kwargs=call(task),
                    job_id=f"ocr-{task[0]}",
                    timeout=settings.default_timeout,
                    retry=retry,
                    **ttl,
                )
                for task in tasks[start : start + 1000]
            )

    def loop(count: int) -> None:
        for task in receipts(count):
            queue.enqueue(
                TASK, **call(task), job_id=f"ocr-{task[0]}", job_timeout=settings.default_timeout, retry=retry, **ttl
            )

    def single(count: int) -> None:
        for task in receipts(count):
            client.enqueue_ocr_task(*task)

    def raw(count: int) -> None:
        for start in range(0, count, 1000):
            with connection.pipeline(transaction=False) as pipe:
                for number in range(start, start + 1000):
                    pipe.set(f"raw:{number}", b"x" * 100)
                pipe.execute()

    return {
        OURS: lambda count: client.enqueue_batch_ocr(receipts(count)) and None,
        "rq enqueue_many, chunks of 1,000": many,
        "rq enqueue in a loop": loop,
        "enqueue_ocr_task in a loop": single,
        RAW: raw,
    }


def same_keys(connection: Redis, methods: dict[str, Callable[[int], None]]) -> bool:
    """Whether all ways leave the same keys, times aside."""
    left = {}
    for name, enqueue in methods.items():
        if name != RAW:
            connection.flushall()
            enqueue(1000)
            left[name] = dump(connection)
    return not any(differences(left[OURS], keys) for keys in left.values())


def measure(connection: Redis, methods: dict[str, Callable[[int], None]]) -> dict[str, float]:
    """Jobs per second, medians; the ways take turns, so that a busy moment hits all of them."""
    rates: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(ROUNDS):
        for name, enqueue in methods.items():
            count = LOOP_JOBS if name.endswith("loop") else JOBS
            connection.flushall()
            start = time.perf_counter()
            enqueue(count)
            rates[name].append(count / (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in rates.items()}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        try:
            settings = replace(Settings(), redis_url=server.url)
            connection = connect(settings)
            methods = ways(settings, connection)
            if not same_keys(connection, methods):
                print("the ways do not leave the same keys")
                return 1
            rates = measure(connection, methods)
        finally:
            server.stop()
    print(f"{JOBS:,} receipts, median of {ROUNDS}; all ways leave the same keys")
    print(f"{'':36}{'jobs/s':>10}{'ours is':>10}{'at least':>10}")
    for name, rate in rates.items():
        needed = AT_LEAST.get(name)
        print(f"{name:36}{rate:>10,.0f}{rates[OURS] / rate:>9.2f}x{f'{needed}x' if needed else '':>10}")
    return 0 if all(rates[OURS] / rates[name] >= needed for name, needed in AT_LEAST.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
