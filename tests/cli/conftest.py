"""The real program as a process, and jobs made by RQ itself to look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from pantry_queue.config import Settings
from tests.cli.crew import Crew


@dataclass(frozen=True)
class Done:
    """How a command line ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as one document."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """Standard output as one document a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Done]


@pytest.fixture
def cli(settings: Settings) -> Cli:
    """Runs `pantry-console` against the private server; keyword arguments are environment variables."""

    def run(*arguments: str, **environment: str) -> Done:
        clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env={**clean, "PANTRY_REDIS_URL": str(settings.redis_url), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def history(redis_client: Redis) -> Redis:
    """One finished, one failed and three waiting jobs, made and run by RQ."""
    emails = Queue("emails", connection=redis_client)
    emails.enqueue("operator.add", 2, 3, job_id="sum", description="two and three")
    emails.enqueue("operator.truediv", 1, 0, job_id="division")
    SimpleWorker([emails], connection=redis_client).work(burst=True)
    for number in range(3):
        emails.enqueue("time.sleep", number, job_id=f"wait-{number}")
    return redis_client


@pytest.fixture
def crew(settings: Settings, redis_client: Redis, tmp_path: Path) -> Iterator[Crew]:
    """Real workers of a test, none at first."""
    made = Crew(settings, redis_client, tmp_path / "workers.log")
    yield made
    made.end()


def work(client: Redis, *queues: str) -> None:
    """Run what waits."""
    SimpleWorker([Queue(name, connection=client) for name in queues], connection=client).work(burst=True)


@pytest.fixture
def failed(redis_client: Redis) -> Redis:
    """Five failed jobs in `emails`, two in `other`, one finished."""
    for queue, count in (("emails", 5), ("other", 2)):
        for number in range(count):
            Queue(queue, connection=redis_client).enqueue("operator.truediv", 1, 0, job_id=f"{queue}-{number}")
    Queue("emails", connection=redis_client).enqueue("operator.add", 2, 3, job_id="sum")
    work(redis_client, "emails", "other")
    return redis_client
