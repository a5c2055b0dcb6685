"""Workers of this machine, launched by one command, found and stopped by another."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rq import Queue

from tests.redis.task.agent import until
from tests.redis.task.stage import Stage

CHORES = "tests.redis.worker.chores"
Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(stage: Stage) -> Iterator[Cli]:
    """`pantry-console` with a data directory of its own; what it launches ends with the test."""
    stage.env |= {"PANTRY_DATA_DIR": str(stage.folder / "data"), "SECRET_OF_THE_SESSION": "hunter2"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env=stage.env,
            cwd=stage.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    yield run
    for worker in listed(run):
        if worker["state"] == "running":
            run("workers", "stop", "--now", str(worker["name"]))


def listed(cli: Cli) -> list[dict[str, object]]:
    """`workers list --local`."""
    return list(json.loads(cli("workers", "list", "--local", "--json").stdout))


def test_launched_found_followed_and_stopped(cli: Cli, stage: Stage) -> None:
    done = cli("workers", "launch", "--no-burst", "--count", "2")
    names = done.stdout.split()
    assert (done.returncode, len(names)) == (0, 2), done.stderr
    workers = {str(worker["name"]): worker for worker in listed(cli)}
    assert {worker["state"] for worker in workers.values()} == {"running"}
    job = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
    until(lambda: job.get_status() == "finished", "they work")
    first = workers[names[0]]
    assert stat.S_IMODE(os.stat(str(first["log"])).st_mode) == 0o600
    pid = first["pid"]
    if Path(f"/proc/{pid}").exists():
        assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()
        assert str(stage.settings.redis_url).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert os.getsid(int(str(pid))) == pid
    until(lambda: "Listening on" in cli("workers", "log", names[0]).stdout, "its log tells")
    following = stage.folder / "followed"
    with following.open("wb") as out, Path(str(first["log"])).open("a") as log:
        log.write("x" * (6 << 20) + "\n")  # what it logs next is put into a new file
        command = [sys.executable, "-m", "console", "workers", "log", "-f", "-n", "1", names[0]]
        follows = subprocess.Popen(command, env=stage.env, cwd=stage.folder, stdout=out)
    until(lambda: "xxx" in following.read_text(), "it follows")
    stopped = cli("workers", "stop", names[0])
    assert follows.wait(30) == 0
    assert Path(f"{first['log']}.1").stat().st_size > 6 << 20
    assert stat.S_IMODE(os.stat(str(first["log"])).st_mode) == 0o600
    assert "shut down" in following.read_text(), "it went on in the new file"
    assert stopped.stderr.strip() == f"{names[0]} ended, exit code 0"
    states = {worker["name"]: worker["state"] for worker in listed(cli)}
    assert states == {names[0]: "ended", names[1]: "running"}
    actions = [entry[b"action"] for _, entry in stage.redis.xrange("pantry:audit")]
    assert actions == [b"workers.launch", b"workers.stop"]


def test_a_burst_worker_ends_by_itself_and_a_killed_one_has_vanished(cli: Cli) -> None:
    burst = cli("workers", "launch").stdout.strip()
    until(lambda: listed(cli)[0]["state"] == "ended", "it ends")
    assert listed(cli)[0]["exit_code"] == 0
    steady = cli("workers", "launch", "--no-burst").stdout.strip()
    (worker,) = [worker for worker in listed(cli) if worker["name"] == steady]
    os.killpg(int(str(worker["pid"])), 9)
    until(lambda: {w["name"]: w["state"] for w in listed(cli)}[steady] == "vanished", "it is gone")
    assert cli("workers", "stop", burst).returncode == 0


def test_a_process_of_the_same_number_is_another_one(cli: Cli, stage: Stage) -> None:
    name = cli("workers", "launch").stdout.strip()
    until(lambda: listed(cli)[0]["state"] == "ended", "it ends")
    record = stage.folder / "data" / "fleet" / f"{name}.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "pid": os.getpid()}))
    assert cli("workers", "stop", name).returncode == 0
    assert listed(cli)[0]["state"] == "ended"


def test_what_is_refused_and_what_is_not_there(cli: Cli) -> None:
    for command in (("launch",), ("stop", "x")):
        done = cli("--read-only", "workers", *command)
        assert done.returncode != 0
        assert "read-only" in done.stderr
    missing = cli("workers", "stop", "x")
    assert "There is no worker x" in missing.stderr
    assert listed(cli) == []
