"""A storm over some workers and their server: `python -m tests.chaos.storm --jobs 2000 --seed 7`, or `make chaos`.

Jobs of two queues that succeed, fail some times first, fail for good, or end their worker. Meanwhile whole workers,
parents and horses are killed, workers are frozen, the server is killed (its append-only file stays) and paused, and
one of the workers is a stock `rq worker`. At the end every job must be in exactly one final place.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry

from pantry_queue import embedded
from pantry_queue.keys import Keys

ROOT = Path(__file__).resolve().parents[2]
QUEUES = ("storm", "storm-low")
FINAL = ("finished", "failed")
KEYS = Keys()
#: After the last fault everything must be settled within this.
SETTLE_SECONDS = 30.0


@dataclass
class Storm:
    """One run.

    Args:
        folder: for the server, logs, runs and results.
        jobs: how many.
        seed: what decides all that is random.
        stock: whether one of the workers is RQ's own. It pops from two queues, and what it loses is found later.
        poison: whether some jobs end their workers; being sure of one takes four times a heartbeat's patience.
    """

    folder: Path
    jobs: int
    seed: int
    stock: bool = False
    poison: bool = True
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        for name in ("runs", "results"):
            (self.folder / name).mkdir()
        self.server = embedded.start(self.folder / "valkey")
        self.client = Redis.from_url(self.server.url, socket_timeout=5)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.kinds: dict[str, str] = {}

    # -- parts --------------------------------------------------------------------------------------------
    def start_worker(self, kind: str = "ours") -> None:
        """One more worker, a session of its own."""
        env = {
            **os.environ,
            "PANTRY_REDIS_URL": self.server.url,
            "WORKER_ALLOWED_TASKS": "tests.chaos.chores.",
            "PYTHONPATH": str(ROOT),
        }
        argv = [sys.executable, "-m", "pantry_queue.workers.worker"]
        for queue in QUEUES:
            argv += ["--queue", queue]
        if kind == "stock":
            argv = [str(Path(sys.executable).with_name("rq")), "worker", "--url", self.server.url, *QUEUES]
        with (self.folder / "workers.log").open("ab") as log:
            self.workers.append(
                subprocess.Popen(argv, env=env, stdout=log, stderr=log, cwd=ROOT, start_new_session=True)
            )

    def enqueue(self) -> None:
        """All jobs, in one order that the seed decides."""
        queues = [Queue(name, connection=self.client) for name in QUEUES]
        for number in range(self.jobs):
            dice = self.random.random()
            queue, about = queues[number % 2], {"job_id": f"s{number}", "result_ttl": 3600, "failure_ttl": 3600}
            folder = str(self.folder)
            chores = "tests.chaos.chores"
            if dice < 0.84:
                kind, call = "good", (f"{chores}.work", folder, number, self.random.uniform(0.005, 0.06), 0)
            elif dice < 0.95:
                kind, call = "retried", (f"{chores}.work", folder, number, 0.01, self.random.randint(1, 2))
            elif dice < 0.99 or not self.poison:
                kind, call = "hopeless", (f"{chores}.fail", folder, number)
            else:
                kind, call = "poison", (f"{chores}.poison", folder, number)
            # A killed horse uses up a retry, as RQ has it: there are enough of them.
            retry = None if kind in ("hopeless", "poison") else Retry(max=30, interval=[0, 1])
            queue.enqueue(*call, retry=retry, **about)
            self.kinds[f"s{number}"] = kind

    # -- faults -------------------------------------------------------------------------------------------
    def fault(self) -> None:
        """One of them."""
        names = ["worker", "parent", "horse", "horse", "freeze", "server", "pause"]
        name = self.random.choice(names)
        self.faults[name] += 1
        worker = self.random.choice(self.workers)
        if name == "server":
            self.kill_server()
        elif name == "pause":
            self.ask(lambda: self.client.execute_command("CLIENT", "PAUSE", 800, "ALL"))
        elif worker.poll() is None:
            self._hit(name, worker)
        self.revive()

    def _hit(self, name: str, worker: subprocess.Popen[bytes]) -> None:
        horses = children_of(worker.pid)
        self.kills += 1
        if name == "worker":
            for pid in [worker.pid, *horses]:
                _kill(pid, signal.SIGKILL)
        elif name == "parent":
            _kill(worker.pid, signal.SIGKILL)
        elif name == "horse" and horses:
            _kill(horses[-1], signal.SIGKILL)
        elif name == "freeze":
            _kill(worker.pid, signal.SIGSTOP)
            time.sleep(self.random.uniform(0.2, 1.0))
            _kill(worker.pid, signal.SIGCONT)

    def kill_server(self) -> None:
        """`kill -9`, and again up after a moment with what its file holds."""
        assert self.server.child is not None
        os.killpg(self.server.child.pid, signal.SIGKILL)
        self.server.child.stop()
        time.sleep(self.random.uniform(0.1, 0.8))
        self.server = embedded.start(self.folder / "valkey")

    def revive(self) -> None:
        """As a supervisor does."""
        for worker in [worker for worker in self.workers if worker.poll() is not None]:
            self.workers.remove(worker)
            self.start_worker()

    def ask(self, question: Any) -> Any:
        """An answer, however long the server is away."""
        end = time.monotonic() + 20
        while True:
            try:
                return question()
            except (RedisError, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    # -- judging ------------------------------------------------------------------------------------------
    def left(self) -> int:
        """Jobs that are in no final place."""
        registries = [KEYS.registry(state, queue) for state in FINAL for queue in QUEUES]
        return self.jobs - int(self.ask(lambda: sum(map(self.client.zcard, registries))))

    def run(self, seconds: float) -> list[str]:
        """All of it; what is wrong at the end, in words."""
        self.enqueue()
        for _ in range(2 if self.stock else 3):
            self.start_worker()
        if self.stock:
            self.start_worker("stock")
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.left():
            time.sleep(self.random.uniform(0.3, 1.2))
            self.fault()
        calm = time.monotonic()
        # Poison goes on ending workers: each must be put back three times, a heartbeat apart.
        patience = SETTLE_SECONDS * (4 if "poison" in self.kinds.values() else 1) + self.jobs / 20
        while self.left() and time.monotonic() - calm < patience:
            self.revive()
            time.sleep(0.1)
        return self.verdict()

    def verdict(self) -> list[str]:
        """What is not as it must be."""
        wrong: list[str] = []
        places: Counter[str] = Counter()
        for queue in QUEUES:
            for state in FINAL:
                for raw in self.client.zrange(KEYS.registry(state, queue), 0, -1):
                    places[raw.decode()] += 1
            for key in (KEYS.queue(queue), KEYS.intermediate(queue)):
                wrong += [f"{raw.decode()} is left in {key}" for raw in self.client.lrange(key, 0, -1)]
            for state in ("started", "scheduled"):
                held = self.client.zrange(KEYS.registry(state, queue), 0, -1)
                wrong += [f"{raw.decode()} is left in {state}" for raw in held]
        for job_id, kind in self.kinds.items():
            wrong += self._of(job_id, kind, places[job_id])
        if self.client.zcard(KEYS.quarantine):
            wrong.append("a sound job was set aside")
        return wrong

    def _of(self, job_id: str, kind: str, places: int) -> list[str]:
        wrong = []
        number = job_id[1:]
        state = (self.client.hget(KEYS.job(job_id), "status") or b"gone").decode()
        saved = (self.folder / "results" / number).exists()
        runs_file = self.folder / "runs" / number
        runs = len(runs_file.read_text().splitlines()) if runs_file.exists() else 0
        expected = "finished" if kind in ("good", "retried") else "failed"
        if places != 1 or state != expected:
            wrong.append(f"{job_id} ({kind}) is {state}, in {places} final places, after {runs} runs")
        if saved != (expected == "finished"):
            wrong.append(f"{job_id} ({kind}) saved: {saved}")
        if kind == "poison" and runs > 4:
            wrong.append(f"{job_id} is poison and ran {runs} times")
        successes = sum(entry[b"type"] == b"1" for _, entry in self.client.xrange(KEYS.results(job_id)))
        if expected == "finished" and successes != 1 and not self.stock:
            wrong.append(f"{job_id} is recorded {successes} times")
        return wrong

    def end(self) -> None:
        """Stop all that runs."""
        for worker in self.workers:
            for pid in [worker.pid, *children_of(worker.pid)]:
                _kill(pid, signal.SIGKILL)
            worker.wait()
        self.client.close()
        self.server.stop()


def children_of(pid: int) -> list[int]:
    """Processes a process has started."""
    try:
        return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
        return [int(part) for part in found.stdout.split()]


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def main() -> int:
    """The command line; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=90.0, help="how long faults go on")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--stock", action="store_true", help="one of the workers is RQ's own")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        storm = Storm(Path(folder), options.jobs, seed, options.stock)
        began = time.monotonic()
        try:
            wrong = storm.run(options.seconds)
        finally:
            storm.end()
        took = time.monotonic() - began
        print(f"seed {seed}: {options.jobs} jobs, {dict(storm.faults)}, settled after {took:.0f} s")
        print("\n".join(wrong) or "every job is in exactly one final place, every result was saved once")
        if wrong:
            print((Path(folder) / "workers.log").read_text("utf-8", "replace")[-6000:])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
