"""A master that dies in the middle of the work: who talks to sentinels goes on with the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue, Retry
from rq.job import Job

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect, describe, translated
from pantry_queue.errors import ConfigError, RedisUnavailable
from tests.redis.engines.conftest import Cluster, made
from tests.redis.engines.servers import until

REPOSITORY = Path(__file__).resolve().parents[3]
CHORES = "tests.redis.worker.chores"
QUEUE = "chores"

pytestmark = pytest.mark.timeout(180)


@contextmanager
def worker(cluster: Cluster, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker of the queue `chores`."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "WORKER_ALLOWED_TASKS": "tests.",
        "PANTRY_DATA_DIR": str(folder),
        "PANTRY_REDIS_URL": cluster.url,
    }
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pantry_queue.workers.worker", "--queue", QUEUE],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            text=True,
        )
    try:
        until(lambda: connect(cluster.settings).scard("rq:workers") == 1)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_workers_go_on_and_nothing_the_new_master_took_is_lost(cluster: Cluster, tmp_path: Path) -> None:
    done = tmp_path / "done"
    client = QueueClient(replace(cluster.settings, queue_name=QUEUE))
    acknowledged: list[str] = []
    enough = threading.Event()

    def produce() -> None:
        number = 0
        while not enough.is_set():
            job_id = f"job-{number}"
            try:
                client.enqueue(f"{CHORES}.append", str(done), job_id, job_id=job_id, retry=Retry(max=3))
            except RedisUnavailable:
                continue  # not acknowledged; the same number is tried again
            acknowledged.append(job_id)
            number += 1
            enough.wait(0.01)

    with worker(cluster, tmp_path) as process:
        producer = threading.Thread(target=produce)
        producer.start()
        until(lambda: len(lines(done)) > 10)
        cluster.replicated()
        kept = len(acknowledged)
        cluster.first.kill()
        until(lambda: len(acknowledged) > kept + 50)
        after = len(acknowledged)
        until(lambda: len(acknowledged) > after + 100)
        enough.set()
        producer.join()
        # What only the old master had taken may be gone; the first ones after it are left out, since which is which
        # cannot be told from here.
        promised = set(acknowledged[:kept]) | set(acknowledged[kept + 50 :])
        until(lambda: promised <= set(lines(done)))
        assert process.poll() is None


def test_a_failover_in_the_middle_of_it_all(cluster: Cluster, tmp_path: Path) -> None:
    """A client enqueues without an error, a job that runs is finished once, a retry that falls due is made."""
    client = QueueClient(cluster.settings)
    queue = Queue(QUEUE, connection=connect(cluster.settings))
    started, go = tmp_path / "started", tmp_path / "go"
    before = client.enqueue_batch_ocr((number, "/x.jpg", 1) for number in range(50))
    with worker(cluster, tmp_path) as process:
        task = "tests.redis.engines.chores.fail_once"
        tried = queue.enqueue(task, str(tmp_path / "tried"), retry=Retry(max=1, interval=3))
        until(lambda: queue.scheduled_job_registry.get_job_count(cleanup=False) == 1)
        runs = queue.enqueue(f"{CHORES}.note_and_wait", str(started), str(go), retry=Retry(max=3))
        until(started.exists)
        cluster.replicated()
        cluster.first.kill()
        after = [client.enqueue_ocr_task(number, "/x.jpg", 1) for number in range(50, 100)]
        until(cluster.failed_over)
        queued = cluster.second.connect().lrange("rq:queue:pantry-pilot", 0, -1)
        assert [job.decode() for job in queued] == before + after
        assert client.get_queue_info()["count"] == 100
        assert client.cancel_job("ocr-99")
        go.touch()
        until(lambda: Job.fetch(runs.id, connection=connect(cluster.settings)).is_finished)
        assert len(runs.results()) == 1
        until(lambda: tried.get_status() == "finished", 100)
        assert process.poll() is None


def test_a_master_that_hangs_is_left_and_comes_back_and_one_sentinel_is_enough(cluster: Cluster) -> None:
    client = QueueClient(cluster.settings)
    client.enqueue_ocr_task(1, "/x.jpg", 1)
    cluster.replicated()
    cluster.first.signal(signal.SIGSTOP)
    try:
        assert client.enqueue_ocr_task(2, "/x.jpg", 1) == "ocr-2"
    finally:
        cluster.first.signal(signal.SIGCONT)
    until(lambda: cluster.first.connect().info("replication")["role"] == "slave")
    until(lambda: cluster.first.connect().info("replication")["master_link_status"] == "up")
    assert client.enqueue_ocr_task(3, "/x.jpg", 1) == "ocr-3"
    assert cluster.second.connect().lrange("rq:queue:pantry-pilot", 0, -1) == [b"ocr-1", b"ocr-2", b"ocr-3"]
    hanging, dead, alive = cluster.sentinels
    hanging.signal(signal.SIGSTOP)
    dead.kill()
    assert connect(cluster.settings, "reader").ping()
    hanging.signal(signal.SIGCONT)
    hanging.kill()
    alive.kill()
    with (
        pytest.raises(RedisUnavailable, match="No Redis answers at redis\\+sentinel://") as caught,
        translated(cluster.settings),
    ):
        connect(cluster.settings, "reader").ping()
    assert "s3cr3t" not in str(caught.value)


def test_sentinels_with_a_password_of_their_own(tmp_path: Path) -> None:
    cluster = made(tmp_path, sentinel_password="canary")
    try:
        cluster.start()
        assert connect(cluster.settings).ping()
        assert "canary" not in describe(cluster.settings)
        assert "s3cr3t" not in describe(cluster.settings)
        wrong = Settings(redis_url=cluster.url.replace("=canary", "=wrong"))
        with pytest.raises(RedisUnavailable) as caught, translated(wrong):
            connect(wrong, "reader").ping()
        assert caught.value.cause == "auth"
    finally:
        cluster.stop()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis+sentinel://h/0?servce=x", "'servce'"),
        ("redis+sentinel://h/0?ssl_cert_reqs=none", "'ssl_cert_reqs'"),
        ("redis+sentinel://:canary@[h/0", "host2:26379"),
        ("redis+sentinel://:canary@h,,h2/0", "host2:26379"),
        ("redis+sentinel:///0", "host2:26379"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_what_it_should_be(url: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(Settings(redis_url=url))
    assert told in str(caught.value)
    assert "canary" not in str(caught.value)
