"""Horses: kept warm, replaced when it is time, and the only thing a crash costs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from rq import Queue, Retry
from rq.command import send_kill_horse_command, send_stop_job_command

from pantry_queue.keys import Keys
from pantry_queue.monitor import events
from tests.redis.task.agent import until
from tests.redis.task.stage import Stage

CHORES = "tests.redis.worker.chores"
KEYS = Keys()


@pytest.mark.parametrize(("limit", "horses"), [("100", 1), ("2", 3), ("1", 5)])
def test_a_horse_runs_so_many_jobs(limit: str, horses: int, stage: Stage) -> None:
    stage.env["WORKER_JOBS_PER_HORSE"] = limit
    queue = Queue("pantry-pilot", connection=stage.redis)
    jobs = [queue.enqueue(f"{CHORES}.pid_of_horse") for _ in range(5)]
    stage.burst()
    assert len({job.return_value() for job in jobs}) == horses


def test_a_crash_costs_that_job_and_its_last_words_are_kept(stage: Stage) -> None:
    queue = Queue("pantry-pilot", connection=stage.redis)
    before = queue.enqueue(f"{CHORES}.pid_of_horse")
    crash = queue.enqueue(f"{CHORES}.crash")
    again = queue.enqueue(f"{CHORES}.crash", retry=Retry(max=2))
    after = queue.enqueue(f"{CHORES}.pid_of_horse")
    stage.burst()
    assert [job.get_status() for job in (before, crash, again, after)] == ["finished", "failed", "failed", "finished"]
    assert "signal 9" in (crash.latest_result().exc_string or "")
    assert [entry[b"line"] for _, entry in stage.redis.xrange(KEYS.log(crash.id))] == [b"last words"]
    assert len(stage.redis.xrange(KEYS.log(again.id))) == 3


def test_a_job_can_be_stopped_its_horse_killed_and_its_time_run_out(stage: Stage) -> None:
    process = stage.worker()
    queue = Queue("pantry-pilot", connection=stage.redis)
    stopped = queue.enqueue(f"{CHORES}.sleep", 60, retry=Retry(max=3))
    until(lambda: stopped.get_status() == "started", "it runs")
    send_stop_job_command(stage.redis, stopped.id)
    until(lambda: stopped.get_status() == "stopped", "it was stopped")
    killed = queue.enqueue(f"{CHORES}.sleep", 60)
    until(lambda: killed.get_status() == "started", "it runs")
    (name,) = (key.decode().removeprefix("rq:worker:") for key in stage.redis.smembers("rq:workers"))
    send_kill_horse_command(stage.redis, name)
    until(lambda: killed.get_status() == "failed", "its horse was killed")
    late = queue.enqueue(f"{CHORES}.sleep", 60, job_timeout=1)
    until(lambda: late.get_status() == "failed", "its time ran out")
    assert "JobTimeoutException" in (late.latest_result().exc_string or "")
    good = queue.enqueue(f"{CHORES}.pid_of_horse")
    until(lambda: good.get_status() == "finished", "the worker goes on")
    assert process.poll() is None
    assert stage.redis.zcard("rq:wip:pantry-pilot") == 0


def test_a_late_command_to_kill_the_horse_hits_no_later_job(stage: Stage, tmp_path: Path) -> None:
    stage.worker()
    queue = Queue("pantry-pilot", connection=stage.redis)
    before = queue.enqueue(f"{CHORES}.pid_of_horse")
    until(lambda: before.get_status() == "finished", "it works")
    (name,) = (key.decode().removeprefix("rq:worker:") for key in stage.redis.smembers("rq:workers"))
    assert stage.redis.hget(KEYS.worker(name), "state") == b"idle", "told with the job's end"
    with stage.redis.pipeline() as pipe:  # what it is told waits behind much else, while jobs come another way
        for _ in range(5000):
            pipe.publish(KEYS.worker_channel(name), '{"command": "nothing"}')
        send_kill_horse_command(pipe, name)
        pipe.execute()
    job = queue.enqueue(f"{CHORES}.note_and_wait", str(tmp_path / "started"), str(tmp_path / "go"))
    until((tmp_path / "started").exists, "it runs")
    until(lambda: "was to be killed" in stage.log(), "the command has come")
    (tmp_path / "go").touch()
    until(lambda: job.get_status() == "finished", "the command was not meant for it")
    killed = queue.enqueue(f"{CHORES}.sleep", 60)
    until(lambda: killed.get_status() == "started", "it runs")
    send_kill_horse_command(stage.redis, name)
    until(lambda: killed.get_status() == "failed", "this command was")


def test_what_a_job_writes_is_kept_and_how_far_it_is(stage: Stage) -> None:
    job = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.write_much")
    stage.burst()
    lines = [entry[b"line"].decode() for _, entry in stage.redis.xrange(KEYS.log(job.id))]
    assert lines == ["one", "two", "INFO chore: three", "four"]
    assert stage.redis.hgetall(KEYS.progress(job.id))[b"done"] == b"3"
    assert 0 < stage.redis.ttl(KEYS.log(job.id)) <= 86400
    assert 0 < stage.redis.ttl(KEYS.progress(job.id)) <= 86400
    assert "three" not in stage.log()


def test_runs_are_counted_by_function(stage: Stage) -> None:
    queue = Queue("pantry-pilot", connection=stage.redis)
    for _ in range(3):
        queue.enqueue(f"{CHORES}.pid_of_horse")
    queue.enqueue(f"{CHORES}.retry_later")
    stage.burst()
    totals: dict[bytes, int] = {}
    for key in stage.redis.scan_iter(KEYS.stats(0)[:-1] + "*"):
        assert 0 < stage.redis.ttl(key) <= 25 * 3600
        for field, value in stage.redis.hgetall(key).items():
            totals[field] = totals.get(field, 0) + int(value)
    assert totals[f"{CHORES}.pid_of_horse|n".encode()] == 3
    assert totals[f"{CHORES}.retry_later|f".encode()] == 1
    assert sum(value for field, value in totals.items() if b"pid_of_horse|r" in field) == 3


def test_the_parents_death_takes_it_along(stage: Stage, tmp_path: Path) -> None:
    process = stage.worker()
    Queue("pantry-pilot", connection=stage.redis).enqueue(
        f"{CHORES}.note_and_wait", str(tmp_path / "started"), str(tmp_path / "go")
    )
    until(lambda: (tmp_path / "started").exists() and (tmp_path / "started").read_text(), "the job runs")
    horse = int((tmp_path / "started").read_text())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not Path(f"/proc/{horse}").exists() and _gone(process.pid), "horse and scheduler are gone")


def _gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_second_request_ends_it_at_once_and_gives_the_job_back(stage: Stage, tmp_path: Path) -> None:
    process = stage.worker()
    queue = Queue("pantry-pilot", connection=stage.redis)
    job = queue.enqueue(f"{CHORES}.note_and_wait", str(tmp_path / "started"), str(tmp_path / "go"))
    until((tmp_path / "started").exists, "the job runs")
    process.terminate()
    asked = time.monotonic()
    until(lambda: time.monotonic() - asked > 1.2, "RQ takes a second signal within a second for the same one")
    process.terminate()
    assert process.wait(30) == 0
    assert job.get_status() == "queued"
    assert queue.job_ids == [job.id]
    assert stage.redis.zcard("rq:wip:pantry-pilot") == 0
    assert not stage.redis.exists(KEYS.repairs(job.id))


def test_a_paused_queue_is_left_alone(stage: Stage) -> None:
    stage.redis.sadd(KEYS.paused, "pantry-pilot")
    paused = Queue("pantry-pilot", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
    other = Queue("pantry-pilot-low", connection=stage.redis).enqueue(f"{CHORES}.pid_of_horse")
    process = stage.worker()
    until(lambda: other.get_status() == "finished", "the other queue is served")
    assert paused.get_status() == "queued"
    stage.redis.srem(KEYS.paused, "pantry-pilot")
    until(lambda: paused.get_status() == "finished", "it is served again")
    assert process.poll() is None


def test_a_pause_with_an_end_ends_without_anybody(stage: Stage) -> None:
    until_then = stage.redis.time()[0] + 2
    for queue, end in (("pantry-pilot", until_then), ("pantry-pilot-low", until_then + 1000)):
        stage.redis.sadd(KEYS.paused, queue)
        stage.redis.zadd(KEYS.paused_until, {queue: end})
    over, lasting = (Queue(name, connection=stage.redis) for name in ("pantry-pilot", "pantry-pilot-low"))
    job, behind = over.enqueue(f"{CHORES}.pid_of_horse"), lasting.enqueue(f"{CHORES}.pid_of_horse")
    stage.worker()
    until(lambda: job.get_status() == "finished", "the pause is over")
    job.refresh()
    assert job.started_at is not None
    assert job.started_at.timestamp() >= until_then - 1
    assert behind.get_status() == "queued"
    assert stage.redis.smembers(KEYS.paused) == {b"pantry-pilot-low"}
    assert stage.redis.zrange(KEYS.paused_until, 0, -1) == [b"pantry-pilot-low"]


def test_starts_and_ends_are_told(stage: Stage) -> None:
    queue = Queue("pantry-pilot", connection=stage.redis)
    good = queue.enqueue(f"{CHORES}.pid_of_horse")
    bad = queue.enqueue(f"{CHORES}.retry_later", retry=Retry(max=1))
    stage.burst()
    told = events.newest(stage.redis, KEYS, 100)
    of = {job.id: [event.kind for event in told if event.job_id == job.id] for job in (good, bad)}
    assert of == {good.id: ["started", "finished"], bad.id: ["started", "retried", "started", "failed"]}
    assert (told[-1].error, told[-1].func) == ("RuntimeError: no", f"{CHORES}.retry_later")
    assert told[-1].seconds is not None
    assert events.after(stage.redis, KEYS, told[1].entry, 100) == told[2:]
