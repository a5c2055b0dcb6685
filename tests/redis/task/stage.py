"""Workers as users start them, and a queue filled as a service does that lacks our package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from tests.redis.task.agent import PATIENCE, ScriptedAgent

if TYPE_CHECKING:
    from redis import Redis
    from rq.job import Job

REPOSITORY = Path(__file__).resolve().parents[3]
TASK = "pantry_queue.tasks.ocr_tasks.process_receipt_ocr"


class Stage:
    """Starts workers the way users do and enqueues as a service that lacks our package does."""

    def __init__(self, settings: Settings, agent: ScriptedAgent, database_url: str, folder: Path) -> None:
        self.settings = settings
        self.redis: Redis = connect(settings)
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(REPOSITORY),
            "RQ_REDIS_URL": str(settings.redis_url),
            "AGENT_URL": agent.url,
            "DATABASE_URL": database_url,
            "WORKER_ALLOWED_TASKS": "pantry_queue.tasks.,tests.",
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def command(self, kind: str) -> list[str]:
        """`ours`, `stock` or `stock-simple`."""
        if kind == "ours":
            return [sys.executable, "-m", "pantry_queue.workers.worker"]
        rq = [str(Path(sys.executable).with_name("rq")), "worker", "--url", str(self.settings.redis_url)]
        if kind == "stock-simple":
            rq += ["--worker-class", "rq.worker.SimpleWorker"]
        return [*rq, self.settings.queue_name]

    def worker(self, kind: str = "ours", *options: str) -> subprocess.Popen[bytes]:
        """A running worker; it is ended with the test."""
        log = (self.folder / f"worker-{len(self._processes)}.log").open("wb")
        process = subprocess.Popen(
            [*self.command(kind), *options],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self._processes.append(process)
        return process

    def burst(self, kind: str = "ours") -> None:
        """A worker that takes all there is and ends."""
        assert self.worker(kind, "--burst").wait(PATIENCE) == 0, self.log()

    def log(self) -> str:
        """What the workers wrote."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("worker-*.log")))

    def enqueue(self, receipt_id: int, image_path: str, retry: Any = None, **options: Any) -> Job:
        """As a service does that knows only the dotted path."""
        from rq import Queue

        queue = Queue(self.settings.queue_name, connection=self.redis)
        kwargs = {"receipt_id": receipt_id, "image_path": image_path, "user_id": 1}
        return queue.enqueue(TASK, kwargs=kwargs, job_id=f"ocr-{receipt_id}", retry=retry, **options)

    def status(self, receipt_id: int) -> str:
        """The job's status as Redis holds it."""
        return (self.redis.hget(f"rq:job:ocr-{receipt_id}", "status") or b"").decode()

    def status_of(self, job_id: str) -> str:
        """A job's status as Redis holds it."""
        return (self.redis.hget(f"rq:job:{job_id}", "status") or b"").decode()

    def error(self, job: Job) -> str:
        """Last line of what the job failed with."""
        result = job.latest_result()
        assert result is not None, "the job left no result"
        return (result.exc_string or "").strip().splitlines()[-1]

    def end(self) -> None:
        """Kill what runs."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.redis.close()
