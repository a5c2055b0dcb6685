"""`doctor` and `check`: real settings of a real server, real workers' records, thresholds as plug-ins have them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from pantry_queue import history, recalling
from pantry_queue.config import Settings
from pantry_queue.embedded import EmbeddedServer
from pantry_queue.keys import Keys
from pantry_queue.monitor import snapshot
from pantry_queue.monitor.limits import Limit, parse, perfdata
from pantry_queue.monitor.rates import RateHistory
from tests.cli.conftest import Cli
from tests.cli.crew import Crew
from tests.cli.inside import cli
from tests.cli.situations import findings
from tests.redis.client.proxy import LossyDoor
from tests.redis.engines.servers import free_port, until
from tests.redis.monitor.conftest import VIEWER_RULE

__all__ = ["cli"]


def found(cli: Cli, *options: str, **environment: str) -> dict[str, dict]:
    done = cli("doctor", "--json", *options, **environment)
    assert done.code == 0, done.err
    return {one["code"]: one for one in done.json()["findings"]}


@contextmanager
def config(client: Redis, **values: str) -> Iterator[None]:
    before = {name: client.config_get(name.replace("_", "-"))[name.replace("_", "-")] for name in values}
    for name, value in values.items():
        client.config_set(name.replace("_", "-"), value)
    yield
    for name, value in before.items():
        client.config_set(name.replace("_", "-"), value)


def test_the_server(cli: Cli, settings: Settings, redis_client: Redis) -> None:
    assert found(cli) == {}, "nothing is wrong with an empty server"
    done = cli("doctor")
    assert done.out == "Nothing is wrong.\n"
    used = int(redis_client.info("memory")["used_memory"])
    with config(redis_client, maxmemory=str(int(used * 1.1)), maxmemory_policy="allkeys-lru"):
        codes = found(cli)
        assert codes["memory"]["severity"] in ("warning", "critical")
        assert "allkeys-lru" in codes["evicts"]["says"]
    with config(redis_client, appendonly="no", save=""):
        assert found(cli)["no-persistence"]["command"] == "redis-cli config set appendonly yes"
    redis_client.execute_command("SLOWLOG", "RESET")
    with Redis.from_url(str(settings.redis_url), socket_timeout=60) as patient:
        patient.eval("local e = os.clock() + 1.1 while os.clock() < e do end", 0)
    assert "EVAL" in found(cli)["slow-commands"]["evidence"][0].upper()
    redis_client.execute_command("SLOWLOG", "RESET")


def test_workers_that_are_gone(cli: Cli, redis_client: Redis, crew: Crew) -> None:
    Queue("q", connection=redis_client).enqueue("operator.add", 1, 2, job_id="waits")
    assert found(cli)["no-worker"]["subject"] == "q"
    crew.stock("short-lived", "other", worker_ttl=-59)  # RQ keeps a worker's record a minute longer than this
    crew.kill("short-lived")
    until(lambda: not redis_client.exists("rq:worker:short-lived"))
    codes = found(cli)
    assert (codes["ghosts"]["action"], codes["ghosts"]["selection"]["ids"]) == ("workers.forget", ["short-lived"])
    assert cli("doctor", "--fix", "--yes").code == 0
    assert redis_client.scard("rq:workers") == 0


def test_jobs_and_what_is_kept(cli: Cli, redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue("operator.add", 1, 2, job_id="kept", result_ttl=-1)
    queue.enqueue("operator.truediv", 1, 0, job_id="failed")
    SimpleWorker([queue], connection=redis_client, name="w").work(burst=True)
    codes = found(cli)
    assert codes["kept-for-ever"]["severity"] == "info"
    assert "1 jobs and 1 more results" in codes["kept-for-ever"]["evidence"][0]
    queue.enqueue("operator.add", "x" * 60, "", job_id="short", ttl=30)
    queue.enqueue_in(timedelta(hours=1), "operator.add", 1, 2, job_id="dies", ttl=60)
    queue.enqueue("operator.add", os.urandom(2 << 20), b"", job_id="large")
    codes = found(cli)
    assert (
        "1 wait with less than a minute to live, 1 end before they are due" in codes["expire-before-run"]["evidence"][0]
    )
    assert codes["large-payloads"]["subject"] == "q"
    assert "large, 2.0 MiB" in codes["large-payloads"]["evidence"][0]


def test_canceled_jobs_that_become_more_and_more(cli: Cli, redis_client: Redis) -> None:
    queue, rates = Queue("left", connection=redis_client), RateHistory()

    def canceled(number: int, *, ago: int) -> None:
        """So many more are canceled, and a sample is taken so many minutes before now: samples of hours take hours."""
        for _ in range(number):
            queue.enqueue("operator.add", 1, 2).cancel()
        taken = snapshot.take(redis_client, Keys(), target="t")
        assert history.record(
            redis_client, Keys(), replace(taken, taken_at=taken.taken_at - timedelta(minutes=ago)), rates
        )

    for ago in (50, 40, 30, 20):
        canceled(40, ago=ago)
    assert "canceled-grows" not in found(cli), "less than an hour says nothing"
    redis_client.delete(Keys().history, Keys().history_month)
    for ago in (300, 200, 100, 0):
        canceled(5, ago=ago)
    assert "canceled-grows" not in found(cli), "72 a day are no trouble within a month"
    redis_client.delete(Keys().history, Keys().history_month)
    for ago in (300, 200, 100, 0):
        canceled(40, ago=ago)
    told = found(cli)["canceled-grows"]
    assert told["evidence"] == ["left: 340; in 5 h 0 min 120 came and none went (4 samples), 576 a day."]
    assert told["command"] == "pantry-console jobs delete --state canceled --queue left"
    (grown,) = recalling.canceled(redis_client, Keys()).values()
    assert (grown.first, grown.last, grown.rises) == (220, 340, 3)
    # Somebody clears them now and then: that is no growth.
    assert cli("jobs", "delete", "--state", "canceled", "--queue", "left", "--yes").code == 0
    for _ in range(150):
        queue.enqueue("operator.add", 1, 2).cancel()
    redis_client.delete(Keys().history, Keys().history_month)
    for ago in (300, 200):
        canceled(20, ago=ago)
    assert cli("jobs", "delete", "--state", "canceled", "--queue", "left", "--yes").code == 0
    for ago in (100, 50, 0):
        canceled(100, ago=ago)
    assert "canceled-grows" not in found(cli)


def test_limits_that_are_passed(cli: Cli, redis_client: Redis, crew: Crew, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[alerts]\ndepth = "2:9"\nage = "500ms:1h"\nrate = "25:90"\n')
    crew.stock("one", "slow")
    for job_id in ("runs", "waits", "waits-too", "waits-as-well"):
        Queue("slow", connection=redis_client).enqueue("time.sleep", 60, job_id=job_id)
    crew.busy("runs")
    codes: dict[str, dict] = {}

    def looked() -> bool:
        codes.update(found(cli, PANTRY_CONFIG=str(config)))
        return {"depth", "age"} <= codes.keys()

    until(looked)
    assert (codes["depth"]["severity"], codes["depth"]["subject"]) == ("warning", "slow")
    assert "3 wait" in codes["depth"]["says"]
    assert codes["age"]["severity"] == "warning"
    assert {"depth", "age"}.isdisjoint(found(cli)), "no limits, no findings"
    bad, rates = Queue("bad", connection=redis_client), RateHistory()
    for number in range(24):
        bad.enqueue("operator.truediv", 1, number % 2)
    rates.observe(snapshot.take(redis_client, Keys(), target=""))
    SimpleWorker([bad], connection=redis_client, name="w").work(burst=True)
    rates.observe(snapshot.take(redis_client, Keys(), target=""))
    told = findings(redis_client, history=rates)
    assert (told["failure-rate"]["severity"], told["failure-rate"]["subject"]) == ("warning", "bad")
    assert "50% of 24" in told["failure-rate"]["says"]
    assert "12 failed" in told["failures"]["says"]


def test_a_server_that_is_far_away(cli: Cli, valkey: EmbeddedServer, redis_client: Redis) -> None:
    door = LossyDoor(str(valkey.url).removeprefix("unix://").partition("?")[0])
    door.delay = 0.06
    told = found(cli, "--scan", "0", PANTRY_REDIS_URL=door.url)["latency"]
    door.close()
    assert told["severity"] == "info"
    assert "Redis answers slowly" in told["says"]


def test_a_viewer_is_asked_for_nothing_it_may_not(cli: Cli, settings: Settings, redis_client: Redis) -> None:
    Queue("q", connection=redis_client).enqueue("operator.add", 1, 2, job_id="waits")
    redis_client.execute_command("ACL", "SETUSER", "viewer", "reset", "on", ">look", *VIEWER_RULE.split())
    redis_client.execute_command("ACL", "LOG", "RESET")
    url = str(settings.redis_url).replace("unix://", "unix://viewer:look@")
    try:
        assert "no-worker" in found(cli, PANTRY_REDIS_URL=url)
        assert cli("jobs", "why", "waits", "--json", PANTRY_REDIS_URL=url).json()["answer"]["code"] == "no-worker"
        assert redis_client.execute_command("ACL", "LOG") == []
        told = cli("doctor", "--json", PANTRY_REDIS_URL=url).json()
        notes = {one["what"]: one["note"] for one in told["covered"]}
        marks = {one["code"]: one["mark"] for one in told["checks"]}
        assert (marks["served"], marks["placed"], marks["slow-log"]) == ("cause", "unknown", "unknown")
        assert marks["suspended"] == "fine"
        assert notes["keys of jobs scanned"] == "no scan for lost jobs was made"
    finally:
        redis_client.execute_command("ACL", "DELUSER", "viewer")


def test_fix(cli: Cli, redis_client: Redis, crew: Crew) -> None:
    assert cli("doctor", "--fix").code == 0, "nothing to repair"
    queue = Queue("q", connection=redis_client)
    crew.ours("doomed", "q")
    crew.stock("other", "q")
    for name in ("one", "two"):
        queue.enqueue("time.sleep", 60, job_id=name)
    crew.busy("one", "two")
    (orphan,) = {name.split(b":")[0] for name in redis_client.smembers("rq:worker:doomed:executions")}
    runs = "one" if orphan == b"two" else "two"
    crew.kill("doomed")
    member = next(one for one in redis_client.zrange("rq:wip:q", 0, -1) if one.startswith(orphan))
    # Ninety seconds later, in which its worker has not beaten.
    redis_client.zincrby("rq:wip:q", -90, member)
    redis_client.pexpire(f"rq:execution:{member.decode()}", 1)
    refused = cli("doctor", "--fix")
    assert refused.code == 4
    assert f"jobs rescue {orphan.decode()}" in refused.err
    assert cli("--read-only", "doctor", "--fix", "--yes").code == 4
    assert cli("doctor", "--fix", "--dry-run").code == 0
    assert redis_client.llen("rq:queue:q") == 0, "nothing was done so far"
    crew.freeze("other")
    assert cli("doctor", "--fix", "--yes").code == 0
    assert redis_client.lrange("rq:queue:q", 0, -1) == [orphan], "what still has its time is left alone"
    assert redis_client.hget(f"rq:job:{runs}", "status") == b"started"


def test_check(cli: Cli, redis_client: Redis) -> None:
    for number in range(5):
        Queue("a", connection=redis_client).enqueue("operator.add", 1, 2, job_id=f"a{number}")
    Queue("b", connection=redis_client).enqueue("operator.add", 1, 2, job_id="b0")

    def code(*options: str) -> int:
        done = cli("check", *options)
        assert done.out.count("\n") == 1, "one line"
        return done.code

    assert code() == 0
    assert [code("--max-queued", limit) for limit in ("6:7", "5:6", "4:5", ":5", "5:", "6")] == [0, 1, 2, 2, 1, 0]
    assert [code("--max-queued", "3:4", *more) for more in (("--queue", "b"), ("--per-queue",))] == [0, 2]
    assert code("--max-queued", "b=0:3") == 1
    assert [code("--min-workers", limit) for limit in ("0:0", "1:0", "2:1")] == [0, 1, 2]
    assert [code("--max-age", limit) for limit in ("1h:2h", "0s:1h")] == [0, 1]
    assert code("--max-failed", "0:0", "--max-failure-rate", "5:20") == 0
    assert code("--stalled", "0.5") == 2
    done = cli("check", "--max-queued", "4:5", "--per-queue", "--min-workers", "a=1:0")
    assert done.code == 1
    assert done.out.startswith("PANTRY WARNING - queued of a is 5 (warning); workers of a is 0 (warning) | ")
    assert done.out.endswith("'queued a'=5;4;5;0 'queued b'=1;4;5;0 'workers a'=0;1:;0:;0\n")


def test_check_does_not_know(cli: Cli, tmp_path: Path) -> None:
    away = cli("check", PANTRY_REDIS_URL="unix:///nowhere/s.sock")
    assert away.code == 3
    assert away.out.startswith("PANTRY UNKNOWN - No Redis answers")
    for wrong in (
        ["--max-queued", "x"],
        ["--max-queued", "9:3"],
        ["--nonsense"],
        ["--stalled", "x"],
        ["--queue", "none"],
    ):
        done = cli("check", *wrong)
        assert (done.code, done.out[:17]) == (3, "PANTRY UNKNOWN - "), wrong
    (tmp_path / "bad.toml").write_text("x = [")
    for before in (["--bogus"], ["-p", "nowhere"], ["--profile=nowhere"]):
        done = cli(*before, "check", PANTRY_CONFIG=str(tmp_path / "bad.toml"))
        assert (done.code, done.out[:17], done.out.count("\n")) == (3, "PANTRY UNKNOWN - ", 1), before
    assert cli("--bogus", "status").code == 2


@pytest.mark.parametrize("text", ["", ":", "1:2:3", "-1", "nan:1", "inf"])
def test_no_limits(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text, {})


def test_limits() -> None:
    assert parse("5m:1h", {"m": 60, "h": 3600}) == Limit(300, 3600)
    assert perfdata("it's=x", 3, "s", Limit(None, 2, least=True)) == "'it''s_x'=3s;;2:;0"


def test_a_clock_that_is_off(settings: Settings, redis_client: Redis) -> None:
    import subprocess

    code = "import time; real = time.time; time.time = lambda: real() + 300\n"
    code += "from console.cli.app import run; run(['doctor', '--json'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", "PANTRY_REDIS_URL": str(settings.redis_url)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = {one["code"]: one["says"] for one in json.loads(done.stdout)["findings"]}
    assert told["clock-here"] == "This machine's clock is +300 s off that of Redis."


def test_a_save_that_failed(cli: Cli, redis_client: Redis) -> None:
    file = Path(redis_client.config_get("dir")["dir"]) / redis_client.config_get("dbfilename")["dbfilename"]
    file.unlink(missing_ok=True)
    (file / "in the way").mkdir(parents=True)
    redis_client.bgsave()
    until(lambda: redis_client.info("persistence")["rdb_last_bgsave_status"] == "err")
    assert found(cli)["save-failed"]["severity"] == "critical"
    shutil.rmtree(file)
    redis_client.bgsave()
    until(lambda: redis_client.info("persistence")["rdb_last_bgsave_status"] == "ok")
    assert "save-failed" not in found(cli)


def test_a_replica_without_its_primary(cli: Cli, redis_client: Redis) -> None:
    redis_client.replicaof("127.0.0.1", free_port())
    try:
        codes = found(cli)
        assert codes["replication"]["severity"] == "critical"
        assert "replica" in codes["replica"]["says"]
    finally:
        redis_client.replicaof("NO", "ONE")
