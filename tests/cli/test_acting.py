"""The verbs that change something, as scripts use them: outcome, exit code, and what Redis holds afterwards."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from rq import Queue

from pantry_queue.config import Settings

from .conftest import Cli, work
from .inside import cli

__all__ = ["cli"]


def queue_of(client: Redis, name: str) -> list[str]:
    """Ids in their order."""
    return [job_id.decode() for job_id in client.lrange(f"rq:queue:{name}", 0, -1)]


def test_requeue_by_ids_by_state_and_from_standard_input(cli: Cli, failed: Redis, settings: Settings) -> None:
    done = cli("jobs", "requeue", "emails-3", "emails-1", "--at-front", "--json")
    assert (done.code, done.json()["done"], done.json()["undoable"]) == (0, 2, True)
    assert queue_of(failed, "emails") == ["emails-1", "emails-3"]
    piped = subprocess.run(
        [sys.executable, "-m", "console", "jobs", "requeue", "-"],
        env=os.environ | {"PANTRY_REDIS_URL": str(settings.redis_url)},
        input="emails-0\n\nemails-2\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (piped.returncode, piped.stdout.split(";")[0].split(".")[0]) == (0, "2 jobs requeued")
    done = cli("jobs", "requeue", "--state", "failed", "--queue", "other", "--to", "third", "--reason", "try again")
    assert done.code == 0
    assert "2 jobs requeued. Undo: pantry-console undo" in done.out
    assert queue_of(failed, "third") == ["other-0", "other-1"]
    assert cli("jobs", "requeue", "--state", "failed", "--json").json()["done"] == 1


def test_a_filter_and_a_group_of_failures_choose_jobs(cli: Cli, failed: Redis) -> None:
    done = cli("jobs", "requeue", "--where", "id:emails-* error:ZeroDivision*", "--json")
    assert (done.code, done.json()["done"]) == (0, 5), done.err
    from pantry_queue.keys import Keys
    from pantry_queue.monitor.failures import groups

    (group,) = groups(failed, Keys()).groups
    planned = cli("failures", "requeue", group.signature, "--dry-run", "--json").json()
    typed = shlex.split(planned["command"])[1:]
    done = cli(*typed, "--json")
    assert done.json()["done"] == planned["total"]
    assert (done.code, done.json()["done"]) == (0, 2)
    assert cli("failures", "requeue", group.signature).code == 3
    assert cli("jobs", "requeue", "--where", "nonsense:(").code == 2


def test_named_jobs_that_are_left_alone_are_told_and_end_with_1(cli: Cli, failed: Redis) -> None:
    done = cli("jobs", "cancel", "sum", "emails-0", "none", "--yes")
    assert done.code == 1
    assert "3 left alone (1 failed, 1 finished, 1 does not exist)" in done.out
    assert "  sum: finished" in done.out
    assert cli("jobs", "cancel", "none", "--yes").code == 3
    assert cli("jobs", "cancel", "--state", "queued", "--yes").code == 0, "an empty selection is done"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["jobs", "requeue"], "needs jobs"),
        (["jobs", "requeue", "x", "--state", "failed"], "either ids or a selection"),
        (["jobs", "requeue", "--state", "queued"], "it applies to those that are failed"),
        (["jobs", "requeue", "--queue", "emails"], "--queue needs"),
        (["jobs", "requeue", "--all", "--rate", "fast"], "it should be like 50/s"),
        (["jobs", "reschedule", "--all"], "--at or --in"),
        (["jobs", "reschedule", "--all", "--in", "soon"], "it should be like 90s"),
        (["jobs", "copy", "a", "b", "--args", "[]"], "exactly one id"),
        (["suspend", "--for", "x"], "--for"),
    ],
)
def test_wrong_usage(cli: Cli, arguments: list[str], says: str) -> None:
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert says in " ".join(done.err.replace("│", " ").split())


DESTRUCTIVE: list[tuple[list[str], str]] = [
    (["jobs", "delete", "--state", "failed"], "7 failed jobs"),
    (["jobs", "cancel", "wait"], "1 queued job"),
    (["queues", "empty", "waiting"], "1 queued job"),
    (["queues", "delete", "waiting"], "1 queued job"),
    (["failures", "clear"], "7 failed jobs"),
    (["failures", "delete"], "7 failed jobs"),
    (["suspend"], "all workers"),
]


@pytest.mark.parametrize(("arguments", "says"), DESTRUCTIVE)
def test_what_destroys_needs_a_yes(cli: Cli, failed: Redis, arguments: list[str], says: str) -> None:
    Queue("waiting", connection=failed).enqueue("operator.add", 1, 1, job_id="wait")
    before = set(failed.scan_iter())
    refused = cli(*arguments)
    assert (refused.code, refused.out) == (4, "")
    assert says in refused.err
    assert "--yes" in refused.err
    shown = cli(*arguments, "--dry-run", "--json")
    assert shown.code == 0
    assert shown.json()["asks"] is True
    assert set(failed.scan_iter()) == before
    done = cli(*arguments, "--yes", "--json")
    assert (done.code, done.json()["done"]) == (0, int(says.split(maxsplit=1)[0]) if says[0].isdigit() else 1)


def test_a_dry_run_is_the_plan_and_changes_nothing(cli: Cli, failed: Redis) -> None:
    before = sorted(failed.scan_iter())
    shown = cli("--read-only", "jobs", "requeue", "--state", "failed", "--queue", "emails", "--dry-run")
    assert shown.code == 0
    assert "5 failed jobs of queue emails" in shown.out
    assert "operator.truediv (5)" in shown.out
    assert "pantry-console jobs requeue --state failed --queue emails" in shown.out
    plan = cli("jobs", "delete", "emails-0", "none", "--dry-run", "--json").json()
    assert (plan["total"], plan["left_out"]) == (1, [{"id": "none", "reason": "missing"}])
    assert sorted(failed.scan_iter()) == before


def test_queues_are_listed_paused_and_resumed(cli: Cli, failed: Redis) -> None:
    assert cli("queues", "pause", "emails").code == 0
    assert failed.smembers("pantry:paused") == {b"emails"}
    assert [q["paused"] for q in cli("queues", "list", "--json").json() if q["name"] == "emails"] == [True]
    assert "paused" in cli("queues", "list").out
    assert cli("queues", "pause", "emails").code == 0
    assert cli("queues", "resume", "emails").code == 0
    assert not failed.exists("pantry:paused")
    assert cli("queues", "pause", "nonsense").code == 3
    assert cli("queues", "delete", "other", "--yes").code == 0
    assert b"rq:queue:other" not in failed.smembers("rq:queues")


def test_suspend_for_a_time_and_resume(cli: Cli, redis_client: Redis) -> None:
    assert cli("suspend", "--for", "10m", "--yes").code == 0
    assert 590 < redis_client.ttl("rq:suspended") <= 600
    assert cli("resume").code == 0
    assert not redis_client.exists("rq:suspended")
    assert cli("resume").code == 0


def test_move_enqueue_now_retry_now_and_reschedule(cli: Cli, redis_client: Redis) -> None:
    from rq import Retry

    queue = Queue("a", connection=redis_client)
    queue.enqueue("operator.truediv", 1, 0, job_id="tries", retry=Retry(max=2, interval=600))
    work(redis_client, "a")
    for number in range(3):
        queue.enqueue("operator.add", 1, 1, job_id=f"q-{number}")
    queue.enqueue_at(datetime.now(UTC) + timedelta(hours=1), "operator.add", 1, 1, job_id="later")
    queue.enqueue("operator.add", 1, 1, job_id="child", depends_on="q-0")
    assert cli("jobs", "move", "q-2", "--at-front").code == 0
    assert queue_of(redis_client, "a") == ["q-2", "q-0", "q-1"]
    assert cli("jobs", "move", "q-2").code == 0
    assert queue_of(redis_client, "a") == ["q-0", "q-1", "q-2"]
    assert cli("jobs", "move", "q-1", "child", "--to", "b").code == 0
    assert (queue_of(redis_client, "b"), redis_client.zscore("rq:deferred:b", "child") is not None) == (["q-1"], True)
    assert cli("jobs", "reschedule", "later", "--in", "2h").code == 0
    assert (redis_client.zscore("rq:scheduled:a", "later") or 0) > time.time() + 7100
    both = cli("jobs", "retry-now", "--all", "--json").json()
    assert (both["done"], both["skipped"]) == (1, {"not_retrying": 1})
    assert cli("jobs", "enqueue-now", "child", "later", "--json").json()["done"] == 2
    work(redis_client, "a", "b")
    assert not redis_client.llen("rq:queue:b"), "the child ran once, not again when its parent had"
    assert redis_client.hget("rq:job:child", "status") == b"finished"


def test_copy_with_other_arguments(cli: Cli, failed: Redis) -> None:
    done = cli("jobs", "copy", "emails-0", "--args", "[1, 4]", "--json").json()
    (copy,) = done["made"]
    work(failed, "emails")
    shown = cli("jobs", "show", copy, "--json").json()
    assert (shown["state"], shown["result"], shown["args"]) == ("finished", "0.25", ["1", "4"])
    assert cli("jobs", "show", "emails-0", "--json").json()["state"] == "failed"
    assert cli("jobs", "copy", "emails-0", "--args", "nonsense").code == 2
    assert cli("jobs", "copy", "emails-0", "--kwargs", "[]").code == 2


def test_a_canary_that_fails_keeps_the_rest(cli: Cli, failed: Redis, settings: Settings) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "console", "workers", "run", "--queue", "emails", "--queue", "good"],
        env=os.environ | {"PANTRY_REDIS_URL": str(settings.redis_url), "WORKER_ALLOWED_TASKS": "*"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        done = cli("jobs", "requeue", "--state", "failed", "--queue", "emails", "--canary", "2", "--json")
        assert done.code == 1
        assert (done.json()["done"], done.json()["remaining"], done.json()["undoable"]) == (2, 3, True)
        assert "2 failed" in done.err
        assert "the rest was left as it is" in done.err
        assert failed.zcard("rq:failed:emails") == 5
        for number in range(4):
            Queue("good", connection=failed).enqueue("operator.add", 1, 1, job_id=f"g-{number}")
        deadline = time.monotonic() + 60
        while failed.zcard("rq:finished:good") < 4 and time.monotonic() < deadline:
            time.sleep(0.1)
        done = cli("jobs", "requeue", "--state", "finished", "--queue", "good", "--canary", "1", "--json")
        assert done.code == 0
        assert "1 finished" in done.err
        assert done.json()["done"] >= 3
    finally:
        worker.terminate()
        worker.wait(30)


def _fail_many(connection: Redis, count: int) -> None:
    """As many more as make `count` in the registry of `emails`, copies of one that is there."""
    (one,) = connection.zrange("rq:failed:emails", 0, 0)
    with connection.pipeline() as pipe:
        for number in range(count - connection.zcard("rq:failed:emails")):
            pipe.copy(f"rq:job:{one.decode()}", f"rq:job:more-{number}")
            pipe.zadd("rq:failed:emails", {f"more-{number}": 9e9})
        pipe.execute()


def test_on_a_terminal_it_asks_and_for_many_it_asks_for_their_number(failed: Redis, settings: Settings) -> None:
    few, many = b"Do it? [y/N] ", b"Type 1,200 to do it: "
    answers = ((b"n\n", 4, 7, few), (b"y\n", 4, 1200, many), (b"12\n", 4, 1200, many), (b"1200\n", 0, 0, many))
    for answer, code, left, question in answers:
        if question == many:
            _fail_many(failed, 1200 - failed.zcard("rq:failed:other"))
        terminal, theirs = pty.openpty()
        asking = subprocess.Popen(
            [sys.executable, "-m", "console", "failures", "clear"],
            env=os.environ | {"PANTRY_REDIS_URL": str(settings.redis_url)},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        seen = b""
        while question not in seen:
            seen += os.read(terminal, 4096)
        assert (b"7 failed jobs" if question == few else b"1,200 failed jobs") in seen
        os.write(terminal, answer)
        assert asking.wait(30) == code
        os.close(terminal)
        assert failed.zcard("rq:failed:emails") + failed.zcard("rq:failed:other") == left


def test_stop_tells_the_worker(cli: Cli, redis_client: Redis, settings: Settings) -> None:
    queue: Any = Queue("slow", connection=redis_client)
    queue.enqueue("time.sleep", 60, job_id="long")
    worker = subprocess.Popen(
        [sys.executable, "-m", "console", "workers", "run", "--queue", "slow", "--name", "far"],
        env=os.environ | {"PANTRY_REDIS_URL": str(settings.redis_url), "WORKER_ALLOWED_TASKS": "*"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while redis_client.hget("rq:job:long", "status") != b"started" and time.monotonic() < deadline:
            time.sleep(0.05)
        # It ends when its job has ended, and is never told twice, which would kill that job.
        assert cli("workers", "stop", "far").code == 4
        assert cli("workers", "stop", "far", "--now").code == 2
        assert cli("workers", "stop", "far", "--yes").code == 0
        while not redis_client.hexists("rq:worker:far", "shutdown_requested_date") and time.monotonic() < deadline:
            time.sleep(0.05)
        again = cli("workers", "stop", "far", "--yes")
        assert (again.code, "was told to end before" in again.out) == (1, True), again
        assert redis_client.hget("rq:job:long", "status") == b"started"
        assert cli("jobs", "stop", "long", "--yes").code == 0
        while redis_client.hget("rq:job:long", "status") != b"stopped" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert redis_client.hget("rq:job:long", "status") == b"stopped"
        assert worker.wait(30) == 0
    finally:
        worker.kill()
    redis_client.hset("rq:worker:mute", "birth", "2026-11-24T12:00:00Z")
    nobody = cli("workers", "stop", "mute", "--yes")
    assert (nobody.code, "nobody listens" in nobody.out) == (1, True), nobody
    assert cli("workers", "stop", "nobody", "--yes").code == 3
