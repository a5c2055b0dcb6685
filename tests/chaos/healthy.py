"""A healthy, busy deployment, watched by console and doctor: `python -m tests.chaos.healthy --seconds 300`.

Three PantryWorkers and a stock worker run short jobs of two queues without a pause: some fail, some are tried again,
some wait for others, for their time or for a rate limit, some are canceled. A console looks twice a second and the
doctor every five. Alerts and findings of severity warning or worse are false alarms: they are printed, and the command
ends with 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from redis import Redis
from rq import Queue, Retry
from rq.rate_limit import RateLimit

from console.tui.grouping import MetNeed
from console.tui.session import Session
from console.tui.source import Reading
from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from pantry_queue.monitor import diagnosis, snapshot

ROOT = Path(__file__).resolve().parents[2]
QUEUES = ("busy", "busy-low")


def start(url: str, log: Path, *, stock: bool) -> subprocess.Popen[bytes]:
    """One worker of both queues."""
    argv = [sys.executable, "-m", "pantry_queue.workers.worker"]
    argv += [word for queue in QUEUES for word in ("--queue", queue)]
    if stock:
        argv = [str(Path(sys.executable).with_name("rq")), "worker", "--url", url, *QUEUES]
    env = {
        **os.environ,
        "PANTRY_REDIS_URL": url,
        "WORKER_ALLOWED_TASKS": "time.,math.,statistics.",
        "PYTHONPATH": str(ROOT),
    }
    with log.open("ab") as to:
        return subprocess.Popen(argv, env=env, stdout=to, stderr=to, cwd=ROOT, start_new_session=True)


def feed(client: Redis) -> None:
    """Keep some tens of jobs waiting, of every kind."""
    lasting = {"result_ttl": 500, "failure_ttl": 3600}
    for name in QUEUES:
        queue = Queue(name, connection=client)
        for number in range(max(0, 20 - queue.count)):
            if number == 3:
                queue.enqueue_in(timedelta(seconds=2), "math.sqrt", 4, **lasting)
            elif number == 5:
                queue.enqueue("math.sqrt", 4, rate_limit=RateLimit("api", 1), **lasting)
            elif number == 7:
                queue.enqueue("statistics.mean", [], **lasting)
            elif number == 9:
                queue.enqueue("statistics.mean", [], retry=Retry(max=1, interval=1), **lasting)
            elif number == 11:
                parent = queue.enqueue("time.sleep", 0.05, **lasting)
                queue.enqueue("math.sqrt", 4, depends_on=parent, **lasting)
            elif number == 13:
                queue.enqueue("math.sqrt", 4, **lasting).cancel()
            else:
                queue.enqueue("time.sleep", 0.05, **lasting)


def watch(client: Redis, url: str, seconds: float) -> tuple[int, list[str]]:
    """How often the doctor looked, and what it and a console said."""
    names, keys, session = snapshot.KnownNames(), Keys(), Session("")
    reading = Reading(client, keys, replace(Settings(), redis_url=url))
    history = session.history
    alarms: list[str] = []
    looks, end, due = 0, time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        feed(client)
        session.meet(MetNeed().read(reading))
        session.accept(snapshot.take(client, keys, target="", names=names))
        alarms += [f"{one.level} alert {one.key}: {one.text}" for one in session.alerts if one.level != "note"]
        if time.monotonic() >= due:
            due = time.monotonic() + 5.0
            looks += 1
            alarms += [
                f"{finding.severity} {finding.code}: {finding.says} {' '.join(finding.evidence)}"
                for finding in diagnosis.examine(client, keys, history=history).findings
                if finding.severity in ("critical", "warning")
            ]
        time.sleep(0.5)
    return looks, alarms


def main() -> int:
    """Returns 1 when there was a false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder) / "valkey")
        client = Redis.from_url(server.url, socket_timeout=5)
        workers = [start(server.url, Path(folder) / "workers.log", stock=number == 3) for number in range(4)]
        try:
            while client.scard("rq:workers") < len(workers) or client.get("rq:scheduler-lock:busy") is None:
                time.sleep(0.1)
            # The first failure is news, and the jobs that are tried again end in the same way.
            while not all(client.zcard(f"rq:failed:{name}") for name in QUEUES):
                feed(client)
                time.sleep(0.5)
            looks, alarms = watch(client, server.url, seconds)
            done = sum(client.zcard(f"rq:{state}:{name}") for state in ("finished", "failed") for name in QUEUES)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(30)
            server.stop()
    print(f"{looks} looks in {seconds:.0f} s, {done:,} jobs ended, {len(alarms)} false alarms")
    print("\n".join(dict.fromkeys(alarms)))
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
