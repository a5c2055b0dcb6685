"""What `jobs why` and `doctor` say of situations that take minutes to come about: `make chaos` runs them.

Nothing is written by hand and no clock is moved: heartbeats really do not come, leases really end. `test_rules.py` has
the table of all rules.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.monitor import diagnosis, snapshot
from pantry_queue.monitor.rates import RateHistory
from tests.cli.conftest import Cli, cli, crew
from tests.cli.crew import Crew
from tests.cli.situations import answer, findings
from tests.redis.engines.servers import QUOTED, data_server, until
from tests.redis.worker import chores

__all__ = ["cli", "crew"]

CHORES = "tests.redis.worker.chores"
#: Seconds the longest of these takes, and as many again.
LONG = 300.0

pytestmark = pytest.mark.timeout(600)


def says(client: Redis, job_id: str, code: str) -> dict[str, Any]:
    """The answer, once it is this one."""
    until(lambda: answer(client, job_id)["code"] == code, LONG)
    return answer(client, job_id)


def finds(client: Redis, code: str) -> dict[str, Any]:
    """The finding, once it is there."""
    until(lambda: code in findings(client, scan=0), LONG)
    return findings(client, scan=0)[code]


def test_two_minutes_of_silence(settings: Settings, redis_client: Redis, crew: Crew) -> None:
    """Workers killed and frozen at their job, one frozen while it waits, a cron killed; nobody to put it right."""

    def queue(name: str) -> Queue:
        return Queue(name, connection=redis_client)

    def repeat() -> None:
        from rq.cron import CronScheduler

        scheduler = CronScheduler(connection=connect(settings, "worker"), name="clockwork")
        scheduler.register(chores.loaded, "repeated", interval=5)
        scheduler.start()

    for name in ("killed", "frozen"):
        crew.stock(name, name)
        queue(name).enqueue("time.sleep", 600, job_id=name)
        crew.busy(name)
    crew.stock("idle", "idle", worker_ttl=20)
    crew.start("clockwork", repeat, ready=lambda: redis_client.llen("rq:queue:repeated") > 0)
    crew.stock("taker", "taken")
    crew.asleep(2)  # this one and the idle one
    crew.freeze("taker")
    queue("taken").enqueue("operator.add", 1, 2, job_id="taken")
    until(lambda: redis_client.llen("rq:queue:taken") == 0)
    for name in ("killed", "taker", "clockwork"):
        crew.kill(name)
    for name in ("frozen", "idle"):
        crew.freeze(name)
    for job_id in ("handed to the frozen", "waits"):
        queue("idle").enqueue("operator.add", 1, 2, job_id=job_id.replace(" ", "-"))

    told = says(redis_client, "waits", "workers-silent")
    assert "its heartbeat is" in told["evidence"][0]
    assert finds(redis_client, "worker-late")["subject"] in ("idle", "frozen")
    says(redis_client, "frozen", "worker-late")
    told = says(redis_client, "killed", "worker-gone")
    assert "Its time is over in" in told["evidence"][1]
    assert finds(redis_client, "worker-gone")["subject"] == "killed"
    found = finds(redis_client, "cron-late")
    assert "1 of the 1 entries that repeat missed their time" in found["says"]
    for name in ("killed", "frozen"):
        assert says(redis_client, name, "orphan")["selection"]["ids"] == [name]
    assert set(finds(redis_client, "orphans")["selection"]["ids"]) <= {"killed", "frozen"}
    finds(redis_client, "ghosts")
    until(lambda: "has not been heard of" in finds(redis_client, "cron-late")["says"], LONG)
    # What RQ's own maintenance makes of it, which looks twice at what was taken, a minute apart.
    crew.stock("cleaner", "killed", "taken", worker_ttl=16, maintenance_interval=1)
    says(redis_client, "killed", "failed-abandoned")
    says(redis_client, "taken", "failed-stuck")


def test_a_job_that_ends_its_workers(redis_client: Redis, crew: Crew) -> None:
    crew.ours("medic", "nothing")
    Queue("doom", connection=redis_client).enqueue(f"{CHORES}.kill_the_worker", job_id="poison")
    for number in range(4):
        pid = crew.ours(f"victim-{number}", "doom", ready=lambda: True)
        os.waitpid(pid, 0)
        crew.pids.pop(f"victim-{number}")
        if number < 3:
            until(lambda: redis_client.llen("rq:queue:doom") == 1, LONG)
    says(redis_client, "poison", "failed-poison")


def test_flows_that_stand_still_grow_and_fail(settings: Settings, redis_client: Redis, crew: Crew) -> None:
    history, names, keys = RateHistory(), snapshot.KnownNames(), Keys()
    crew.stock("still", "still", "other")  # RQ takes from two queues without a trace
    crew.stock("slow", "slow")
    crew.stock("bad", "bad")
    crew.asleep(3)
    crew.freeze("still")
    for _ in range(2):  # the first goes to the frozen worker
        Queue("still", connection=redis_client).enqueue("operator.add", 1, 2)
    seen: set[str] = set()

    def look() -> bool:
        time.sleep(0.5)  # a console's pace: rates are differences over time
        Queue("slow", connection=redis_client).enqueue("time.sleep", 5)
        Queue("bad", connection=redis_client).enqueue("operator.truediv", 1, 0)
        history.observe(snapshot.take(redis_client, keys, target="", names=names))
        seen.update(one.code for one in diagnosis.examine(redis_client, keys, scan=0, history=history).findings)
        return {"stalled", "grows", "failures"} <= seen

    until(look, 90)


def test_a_replica_that_does_not_follow(tmp_path: Path) -> None:
    primary = data_server(tmp_path / "primary")
    replica = data_server(tmp_path / "replica", of=primary.port)
    try:
        primary.start()
        replica.start()
        client = primary.connect()
        until(lambda: client.info("replication").get("slave0", {}).get("state") == "online")
        assert "replication" not in findings(client)
        replica.signal(signal.SIGSTOP)
        told = finds(client, "replication")
        assert (told["severity"], told["says"]) == ("warning", "Replicas do not follow.")
        assert "lag=" in told["evidence"][0]
        replica.signal(signal.SIGCONT)
        until(lambda: "replication" not in findings(client))
    finally:
        replica.stop()
        primary.stop()
    assert QUOTED not in str(told)


def test_canceled_jobs_that_pile_up(cli: Cli, redis_client: Redis) -> None:
    queue = Queue("left", connection=redis_client)
    data: Callable[[int], Any] = lambda number: queue.prepare_data("operator.add", (1, number))  # noqa: E731
    queue.enqueue_many([data(number) for number in range(10_000)])
    assert cli("jobs", "cancel", "--state", "queued", "--queue", "left", "--yes").code == 0
    told = findings(redis_client, scan=0)["canceled-grows"]
    assert told["evidence"] == ["left: 10,000. Whether they grow is not known: no samples of an hour are kept."]
    assert told["command"] == "pantry-console jobs delete --state canceled --queue left"


_OF_OLDER_RQ = """
import sys
import rq
from redis import Redis
assert rq.VERSION == "2.6.1", rq.VERSION
client = Redis.from_url(sys.argv[1])
rq.Queue("broken", connection=client).enqueue("operator.add", 1, 2, job_id="an id")
rq.Worker(["old"], connection=client, name="older").work()
"""


def test_workers_and_clients_of_an_older_rq(
    settings: Settings, redis_client: Redis, crew: Crew, tmp_path: Path
) -> None:
    """RQ 2.6 itself beside RQ 3: it writes ids that RQ 3 cannot read, and fails what RQ 3 has deferred."""
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path / "rq", "rq==2.6.1"],
        check=False,
        capture_output=True,
    )
    if fetched.returncode:
        pytest.skip("RQ 2.6.1 cannot be fetched from the package index here")
    old = Queue("old", connection=redis_client)
    parent = old.enqueue("time.sleep", 600, job_id="parent")
    old.enqueue("operator.add", 1, 2, depends_on=parent, job_id="child")
    crew.stock("new", "new")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "rq")}
    argv = [sys.executable, "-c", _OF_OLDER_RQ, str(settings.redis_url)]
    with (tmp_path / "older.log").open("w") as log:
        older = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        told = finds(redis_client, "versions")
        assert "2.6.1, 3.0.0" in told["says"]
        assert says(redis_client, "an id", "unreadable")["severity"] == "critical"
        assert finds(redis_client, "unreadable")["evidence"][0] == "'an id'."
        # What the warning is about: the deferred job of RQ 3 is failed by the older worker's maintenance.
        until(lambda: redis_client.hget("rq:job:child", "status") == b"failed", LONG)
    finally:
        os.killpg(older.pid, signal.SIGKILL)
        older.wait()
