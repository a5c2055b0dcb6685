"""The users that services and workers connect as, by the rules of docs/acl.md: each does its work, and no more.

Those of the console are tried in `tests/redis/control`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.command import send_shutdown_command

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect, translated
from pantry_queue.errors import RedisUnavailable
from tests.redis.engines.servers import Server, data_server, until

REPOSITORY = Path(__file__).resolve().parents[3]
USERS = ("Service", "Worker")
CHORES = "tests.redis.worker.chores"


@dataclass
class Guarded:
    """A server with the users of the documentation, over TCP, with the password `change-me`."""

    server: Server
    folder: Path

    @property
    def admin(self) -> Redis:
        """A connection that may do everything."""
        return self.server.connect()

    def settings(self, user: str) -> Settings:
        """Settings of one of the users."""
        return Settings(redis_url=f"redis://{user}:change-me@127.0.0.1:{self.server.port}/0")

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A worker of ours, as its user."""
        return subprocess.Popen(
            [sys.executable, "-m", "pantry_queue.workers.worker", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(REPOSITORY),
                "WORKER_ALLOWED_TASKS": "tests.",
                "PANTRY_DATA_DIR": str(self.folder),
                "REDIS_URL": str(self.settings("Worker").redis_url),
            },
            cwd=self.folder,
            stderr=subprocess.DEVNULL,
        )

    def refused(self) -> list[str]:
        """What users were kept from since the last question."""
        entries = self.admin.acl_log()
        self.admin.acl_log_reset()
        return [f"{entry['username']}: {entry['reason']} {entry['object']}" for entry in entries]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server whose users have the rules of docs/acl.md."""
    folder = tmp_path_factory.mktemp("acl")
    document = (REPOSITORY / "docs" / "acl.md").read_text("utf-8")
    server = data_server(folder / "server")
    server.start()
    until(lambda: server.connect().ping())
    for user in USERS:
        rule = re.search(rf"^## {user}\n.*?^```\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
        assert rule
        server.connect().execute_command("ACL", "SETUSER", user, "reset", "on", ">change-me", *rule[1].split())
    yield Guarded(server, folder)
    server.stop()


def test_a_service_enqueues_and_asks(guarded: Guarded) -> None:
    client = QueueClient(guarded.settings("Service"))
    task = f"{CHORES}.no_such_task"
    Queue("pantry-pilot", connection=guarded.admin).enqueue(task, job_id="ocr-7", group="nobody")
    assert guarded.worker("--queue", "pantry-pilot", "--burst").wait(60) == 0
    guarded.refused()
    assert client.get_job_status("ocr-7")["status"] == "failed"
    client.enqueue_batch_ocr((number, "/x.jpg", 1, "high" if number % 2 else "low") for number in range(20))
    guarded.admin.lrem("rq:queue:pantry-pilot", 1, "ocr-5")
    assert client.enqueue_new_ocr([(number, "/x.jpg", 1) for number in range(25)]) == [
        *(f"ocr-{number}" for number in range(20, 25)),
        "ocr-5",
    ]
    assert client.get_job_status("ocr-7")["position"] is not None
    assert client.get_queue_info()["count"] == 15
    assert guarded.refused() == []


def test_a_worker_does_its_work_with_schedules_and_commands(guarded: Guarded) -> None:
    done = guarded.folder / "done"
    queue = Queue("chores", connection=guarded.admin)
    for number in range(3):
        queue.enqueue(f"{CHORES}.append", str(done), f"{number}")
    queue.enqueue("tests.redis.engines.chores.fail_once", str(guarded.folder / "tried"), retry=Retry(max=1, interval=1))
    worker = guarded.worker("--queue", "chores", "--name", "guarded")
    try:
        until(lambda: queue.finished_job_registry.get_job_count(cleanup=False) == 4)
        send_shutdown_command(guarded.admin, "guarded")
        assert worker.wait(60) == 0
    finally:
        worker.kill()
    assert sorted(done.read_text().split()) == ["0", "1", "2"]
    assert guarded.refused() == []


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    "command",
    [
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("KEYS", "*"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("SET", "other", "1"),
        ("GET", "other"),
        ("PUBLISH", "other", "1"),
        ("MONITOR",),
    ],
    ids=lambda command: command[0],
)
def test_nobody_may_do_more(guarded: Guarded, user: str, command: tuple[str, ...]) -> None:
    settings = guarded.settings(user)
    with pytest.raises(RedisUnavailable) as caught, translated(settings):
        connect(settings, "reader").execute_command(*command)
    assert caught.value.cause == "permission"
    guarded.refused()


def test_a_service_leaves_workers_and_running_jobs_alone(guarded: Guarded) -> None:
    settings = guarded.settings("Service")
    client = connect(settings, "reader")
    for command in (
        ("PUBLISH", "rq:pubsub:guarded", "{}"),
        ("ZADD", "rq:wip:pantry-pilot", "1", "x"),
        ("DEL", "rq:worker:guarded"),
        ("SET", "rq:suspended", "1"),
    ):
        with pytest.raises(RedisUnavailable), translated(settings):
            client.execute_command(*command)
    guarded.refused()


def test_a_wrong_password_is_told_without_it(guarded: Guarded) -> None:
    wrong = Settings(redis_url=f"redis://Service:canary@127.0.0.1:{guarded.server.port}/0")
    with pytest.raises(RedisUnavailable) as caught:
        QueueClient(wrong).get_queue_info()
    assert caught.value.cause == "auth"
    assert "canary" not in str(caught.value)
    guarded.refused()
