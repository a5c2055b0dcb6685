"""A snapshot of 200 queues and 500 workers against `rq info --raw`: ``python -m tests.benchmarks.snapshot``.

Three comparisons of one run: as a library call against what `rq info --raw` runs inside its process, with scripts
and as a user who may run none; and `pantry-console status --json` as a whole process against `rq info --raw` as a
whole process on an empty database. The counts of queued and of failed jobs and the workers must be the same.
Prints medians and ratios; exits 1 when a ratio is worse than promised.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.monitor import snapshot
from tests.benchmarks.private import make_jobs, make_workers, server

if TYPE_CHECKING:
    from redis import Redis

QUEUES, WORKERS, JOBS = 200, 500, 100_000
ROUNDS = 7
AT_LEAST = 12.0
#: Whole processes: ours may take this share of theirs.
AT_MOST = 0.8


def rq_info(client: Redis) -> str:
    """What `rq info --raw` does once it is up (`rq.cli.cli.info`), and what it prints."""
    from rq import Queue
    from rq.cli.helpers import show_both
    from rq.registry import clean_registries
    from rq.worker import Worker
    from rq.worker_registration import clean_worker_registry

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        queues = Queue.all(connection=client)
        for queue in queues:
            clean_registries(queue)
            clean_worker_registry(queue)
        show_both(queues, True, False, Queue, Worker, client)
    return printed.getvalue()


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def agree(printed: str, taken: snapshot.Snapshot) -> bool:
    """Whether both name the same queues with the same lengths, and as many workers."""
    theirs = dict(re.findall(r"^queue (\S+) (\d+)", printed, re.M))
    ours = {str(queue.name): str(queue.counts.queued) for queue in taken.queues}
    workers = re.findall(r"^worker (\S+)", printed, re.M)
    return theirs == ours and sorted(workers) == sorted(worker.name for worker in taken.workers)


def library(client: Redis, readers: dict[str, Redis]) -> dict[str, list[float]]:
    """Seconds of each way; the ways take turns, so that a busy moment hits all of them."""
    keys = Keys()
    names = {way: snapshot.KnownNames() for way in readers}
    for way, reader in readers.items():
        if not agree(rq_info(client), snapshot.take(reader, keys, target="", names=names[way])):
            raise SystemExit("the two do not tell the same")
    times: dict[str, list[float]] = {"rq info": [], **{way: [] for way in readers}}
    for _ in range(ROUNDS):
        times["rq info"].append(timed(lambda: rq_info(client)))
        for way, reader in readers.items():
            times[way].append(
                min(timed(lambda r=reader, w=way: snapshot.take(r, keys, target="", names=names[w])) for _ in range(2))
            )
    return times


def processes(url: str) -> tuple[float, float]:
    """Seconds of one call of each program on an empty database."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    programs = (
        [str(Path(sys.executable).with_name("pantry-console")), "--url", url, "status", "--json"],
        [str(Path(sys.executable).with_name("rq")), "info", "--raw", "--url", url],
    )

    def run(command: list[str]) -> None:
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)

    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for command, found in zip(programs, times, strict=True):
            found.append(timed(lambda c=command: run(c)))
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> int:
    with server() as (settings, client):
        make_jobs(client, JOBS, QUEUES)
        make_workers(client, WORKERS, QUEUES, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
        for number in range(JOBS // 100):
            client.rpush(f"rq:queue:q{number % QUEUES}", f"waiting-{number}")
        client.execute_command("ACL", "SETUSER", "noscript", "reset", "on", ">x", "~*", "&*", "+@all", "-@scripting")
        url = str(settings.redis_url)
        unscripted = replace(settings, redis_url=url.replace("unix://", "unix://noscript:x@"))
        times = library(
            client, {"snapshot": connect(settings, "reader"), "snapshot, no scripts": connect(unscripted, "reader")}
        )
        client.flushall()
        ours, theirs = processes(url)
    medians = {way: statistics.median(found) for way, found in times.items()}
    print(f"{QUEUES} queues, {WORKERS} workers, {JOBS:,} failed jobs; both tell the same; median of {ROUNDS}")
    for way, seconds in medians.items():
        print(f"{way:22}{seconds * 1000:>9.1f} ms{medians['rq info'] / seconds:>8.1f}x")
    print(f"whole process, empty database: status --json {ours * 1000:.0f} ms, rq info --raw {theirs * 1000:.0f} ms,")
    print(f"  ours takes {ours / theirs:.2f} of theirs")
    return 0 if medians["rq info"] / medians["snapshot"] >= AT_LEAST and ours / theirs <= AT_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
