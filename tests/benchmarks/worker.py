"""No-op jobs a second beside RQ's own workers of the same run, and how soon an orphan runs again.

`python -m tests.benchmarks.worker`; all on the embedded server, one worker at a time, started cold and timed from the
first finished job to the last.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis import Redis
from rq import Queue

from pantry_queue import embedded

JOBS = 600
ROUNDS = 3
QUEUE = "bench"
OURS = [sys.executable, "-m", "pantry_queue.workers.worker", "--queue", QUEUE]


def environment(url: str) -> dict[str, str]:
    """What every worker of the run gets."""
    return {**os.environ, "PANTRY_REDIS_URL": url, "WORKER_ALLOWED_TASKS": "*"}


def throughput(client: Redis, url: str, argv: list[str], jobs: int) -> float:
    """Jobs a second of one worker."""
    client.flushall()
    Queue(QUEUE, connection=client).enqueue_many([Queue.prepare_data("time.time") for _ in range(jobs)])
    finished = f"rq:finished:{QUEUE}"
    worker = subprocess.Popen(argv, env=environment(url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not (first := client.zcard(finished)) and time.monotonic() < end:
        time.sleep(0.002)
    began = time.monotonic()
    while client.zcard(finished) < jobs and time.monotonic() < end:
        time.sleep(0.005)
    rate = (client.zcard(finished) - first) / (time.monotonic() - began)
    worker.wait(60)
    return rate


def rescue(client: Redis, url: str) -> float:
    """Seconds from the death of a worker with a job in hand to the job's second start."""
    client.flushall()
    job = Queue(QUEUE, connection=client).enqueue("time.sleep", 600)
    workers = [
        subprocess.Popen(OURS, env=environment(url), stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(2)
    ]
    try:
        while job.get_status() != "started":
            time.sleep(0.02)
        job.refresh()
        holder = int(client.hget(f"rq:worker:{job.worker_name}", "pid") or 0)
        os.kill(holder, signal.SIGKILL)
        died = time.monotonic()
        first = job.worker_name
        while (client.hget(job.key, "worker_name") or b"").decode() in (first, ""):
            time.sleep(0.02)
        return time.monotonic() - died
    finally:
        for worker in workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def main() -> int:
    """Print the ratios; 1 when one is not reached."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = embedded.start(Path(folder))
        client = Redis.from_url(server.url)
        rq = [str(Path(sys.executable).with_name("rq")), "worker", "--url", server.url, "--burst"]
        kinds = {
            "rq worker (fork)": ([*rq, QUEUE], JOBS // 4),
            "rq SimpleWorker": ([*rq, "--worker-class", "rq.worker.SimpleWorker", QUEUE], JOBS),
            "PantryWorker": ([*OURS, "--burst"], JOBS),
            "PantryWorker, two queues": ([*OURS, "--queue", "other", "--burst"], JOBS),
        }
        rates: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(ROUNDS):
            for name, (argv, jobs) in kinds.items():
                rates[name].append(throughput(client, server.url, argv, jobs))
        again = rescue(client, server.url)
        client.close()
        server.stop()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in medians.items():
        print(f"{name:28} {rate:7.1f} jobs/s")
    ours = medians["PantryWorker"]
    ratios = {"rq worker (fork)": 3.0, "rq SimpleWorker": 0.8}
    for name, wanted in ratios.items():
        print(f"PantryWorker / {name}: {ours / medians[name]:.2f} (wanted: {wanted} or more)")
    print(f"an orphan ran again after {again:.1f} s (wanted: 30 or less)")
    return int(any(ours / medians[name] < wanted for name, wanted in ratios.items()) or again > 30)


if __name__ == "__main__":
    sys.exit(main())
