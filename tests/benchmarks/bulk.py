"""How fast many jobs are changed, against RQ's own per-job calls in the same run: ``python -m tests.benchmarks.bulk``.

Requeue, cancel and delete of `JOBS` jobs, once with the whole registry or queue chosen inside the script and once with
ids sent. RQ does the same one by one on a sample, and the rest of what both leave is compared key by key first. A
second client sends PING all the while; the longest it waited is printed. Over TCP on this machine and without an
append-only file, as the ratios wanted were found; `--aof` keeps one, whose entries (one for each key a script changes)
cost the server about a third more. Exits 1 when a ratio is below what is wanted.
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pantry_queue import embedded
from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.control import run, select
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.audit import whoami
from pantry_queue.control.lua import Scripts
from pantry_queue.control.plan import Selection
from pantry_queue.keys import Keys
from tests.redis.control.keyspace import copy, differences, dump

if TYPE_CHECKING:
    from redis import Redis

JOBS = 100_000
#: RQ is measured on so many and scaled: it does not get faster with more.
SAMPLE = 1_500
SAME = 300
ROUNDS = 3
#: Times RQ's rate: the whole list chosen inside the script, and ids sent; and the share of the raw SET rate.
AT_LEAST = {"whole": 40.0, "ids": 20.0}
OF_RAW = {"jobs.requeue": 0.5, "jobs.cancel": 0.5, "jobs.delete": 0.35}
STATES = {"jobs.requeue": "failed", "jobs.cancel": "queued", "jobs.delete": "failed"}
MOST_PING_MS = 60.0


@dataclass(frozen=True)
class Bench:
    """One server, and a database beside it for RQ."""

    settings: Settings
    connection: Redis
    other: Redis

    def fill(self, count: int, state: str) -> list[str]:
        """Receipts that wait, or have failed with a result, as RQ leaves them."""
        self.connection.flushall()
        client = QueueClient(self.settings, self.connection)
        ids = client.enqueue_batch_ocr([(f"r{number}", f"/r/{number}.png", "user") for number in range(count)])
        if state == "failed":
            for start in range(0, count, 1000):
                with self.connection.pipeline(transaction=False) as pipe:
                    for number, job_id in enumerate(ids[start : start + 1000], start):
                        ended = {"status": "failed", "ended_at": "2026-01-01T00:00:00.000000Z", "retries_left": 0}
                        pipe.hset(f"rq:job:{job_id}", mapping=ended)
                        pipe.expire(f"rq:job:{job_id}", 86400)
                        pipe.xadd(f"rq:results:{job_id}", {"type": 2, "exc_string": "x" * 300, "worker_name": "w"})
                        pipe.zadd(f"rq:failed:{self.settings.queue_name}", {job_id: 9e9 + number})
                    pipe.execute()
            self.connection.delete(f"rq:queue:{self.settings.queue_name}")
        return ids

    def ours(self, name: str, selection: Selection) -> float:
        """Jobs per second."""
        keys = Keys()
        plan = select.plan(self.connection, keys, ACTIONS[name], selection)
        scripts = Scripts(self.connection, keys, self.settings)
        start = time.perf_counter()
        outcome = run.run(scripts, plan, whoami("benchmark"))
        seconds = time.perf_counter() - start
        assert outcome.done == plan.total, outcome
        return outcome.done / seconds

    def rqs(self, name: str, ids: Sequence[str], connection: Redis) -> float:
        """Jobs per second."""
        from rq.job import Job
        from rq.registry import FailedJobRegistry

        registry = FailedJobRegistry(self.settings.queue_name, connection=connection)
        calls: dict[str, Callable[[str], object]] = {
            "jobs.requeue": registry.requeue,
            "jobs.cancel": lambda job_id: Job.fetch(job_id, connection).cancel(),
            "jobs.delete": lambda job_id: Job.fetch(job_id, connection).delete(),
        }
        start = time.perf_counter()
        for job_id in ids:
            calls[name](job_id)
        return len(ids) / (time.perf_counter() - start)

    def raw(self) -> float:
        """SETs per second in pipelines of 1,000."""
        self.connection.flushall()
        start = time.perf_counter()
        for first in range(0, JOBS, 1000):
            with self.connection.pipeline(transaction=False) as pipe:
                for number in range(first, first + 1000):
                    pipe.set(f"raw:{number}", b"x" * 100)
                pipe.execute()
        return JOBS / (time.perf_counter() - start)

    def same_keys(self, name: str) -> bool:
        """Whether both leave the same keys, but for the named differences of a requeue."""
        ids = self.fill(SAME, STATES[name])
        copy(self.connection, self.other)
        self.ours(name, Selection(states=(STATES[name],)))
        self.rqs(name, ids, self.other)
        if name == "jobs.requeue":
            for job_id in ids:
                self.other.persist(f"rq:job:{job_id}")
                self.other.hset(f"rq:job:{job_id}", "retries_left", 3)
        return not differences(dump(self.other), dump(self.connection))


class Pings:
    """Another client, and the longest it waited."""

    def __init__(self, settings: Settings) -> None:
        self._client = connect(settings)
        self._stop = threading.Event()
        self.worst_ms = 0.0
        self._thread = threading.Thread(target=self._ping, daemon=True)

    def __enter__(self) -> Pings:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ping(self) -> None:
        while not self._stop.wait(0.002):
            start = time.perf_counter()
            self._client.ping()
            self.worst_ms = max(self.worst_ms, (time.perf_counter() - start) * 1000)


def measure(bench: Bench) -> bool:
    """Print all rates and ratios; whether they are good enough."""
    good = True
    print(f"{JOBS:,} jobs, medians of {ROUNDS}; RQ on {SAMPLE:,}; both leave the same keys")
    print(f"{'':24}{'jobs/s':>10}{'x RQ':>8}{'wanted':>8}{'of raw SET':>12}{'wanted':>8}{'worst PING':>12}")
    for name, state in STATES.items():
        for way, least in AT_LEAST.items():
            rates, theirs, raws, pings = [], [], [], []
            for _ in range(ROUNDS):
                raws.append(bench.raw())
                ids = bench.fill(JOBS, state)
                with Pings(bench.settings) as others:
                    chosen = Selection(states=(state,)) if way == "whole" else Selection(ids=tuple(ids))
                    rates.append(bench.ours(name, chosen))
                pings.append(others.worst_ms)
                theirs.append(bench.rqs(name, bench.fill(JOBS, state)[:SAMPLE], bench.connection))
            rate = statistics.median(rates)
            times = statistics.median(ours / rq for ours, rq in zip(rates, theirs, strict=True))
            share = statistics.median(ours / raw for ours, raw in zip(rates, raws, strict=True))
            wanted = OF_RAW[name] if way == "whole" else 0.0
            good = good and times >= least and share >= wanted
            print(
                f"{f'{name}, {way}':24}{rate:>10,.0f}{times:>8.1f}{least:>8.0f}{share:>12.2f}"
                f"{f'{wanted}' if wanted else '':>8}{statistics.median(pings):>9.0f} ms"
            )
    return good


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = embedded.start(Path(folder), port=port)
        try:
            urls = [f"redis://127.0.0.1:{port}/{database}" for database in (0, 1)]
            settings, other = (replace(Settings(), redis_url=url) for url in urls)
            bench = Bench(settings, connect(settings), connect(other))
            bench.connection.config_set("appendonly", "yes" if "--aof" in sys.argv else "no")
            different = [name for name in STATES if not bench.same_keys(name)]
            if different:
                print(f"not the same keys: {', '.join(different)}")
                return 1
            return 0 if measure(bench) else 1
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
