"""What a worker refuses to run: nothing of it ran, the job has failed as not_allowed, the worker goes on."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rq import Queue

from tests.redis.task.agent import until
from tests.redis.task.stage import Stage

CHORES = "tests.redis.worker.chores"


class Evil:
    """Runs a command when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self.mark}",))


def _called(name: str) -> Callable[[Any, Path], None]:
    def plant(job: Any, mark: Path) -> None:
        call = (name, None, (f"touch {mark}",), {})
        job.connection.hset(job.key, "data", zlib.compress(pickle.dumps(call)))

    return plant


def _data(make: Callable[[Path], bytes]) -> Callable[[Any, Path], None]:
    return lambda job, mark: job.connection.hset(job.key, "data", make(mark))


def _meta(job: Any, mark: Path) -> None:
    job.connection.hset(job.key, "meta", pickle.dumps({"a": Evil(mark)}))


def _callback(field: str) -> Callable[[Any, Path], None]:
    return lambda job, mark: job.connection.hset(job.key, field, "os.system")


ATTACKS: dict[str, Callable[[Any, Path], None]] = {
    "function": _called("os.system"),
    "builtin": _called("eval"),
    "beside the prefix": _called("tests_evil.chores.run"),
    "through a module": _called(f"{CHORES}.os.system"),
    "argument": _data(lambda mark: zlib.compress(pickle.dumps((f"{CHORES}.loaded", None, (Evil(mark),), {})))),
    "whole payload": _data(lambda mark: zlib.compress(pickle.dumps(Evil(mark)))),
    "uncompressed": _data(lambda mark: pickle.dumps((f"{CHORES}.loaded", None, (Evil(mark),), {}))),
    "instance": _data(lambda mark: zlib.compress(pickle.dumps(("touch", Path("/"), (), {})))),
    "json": _data(lambda mark: zlib.compress(json.dumps(["os.system", None, [f"touch {mark}"], {}]).encode())),
    "hidden behind much": _data(
        lambda mark: zlib.compress(pickle.dumps((f"{CHORES}.loaded", None, ("x" * 300_000, Evil(mark)), {})))
    ),
    "meta": _meta,
    "success callback": _callback("success_callback_name"),
    "failure callback": _callback("failure_callback_name"),
    "stopped callback": _callback("stopped_callback_name"),
}


def test_none_of_it_runs(stage: Stage, tmp_path: Path) -> None:
    process = stage.worker()
    queue = Queue("pantry-pilot", connection=stage.redis)
    for number, (name, plant) in enumerate(ATTACKS.items()):
        mark = tmp_path / f"mark-{number}"
        job = queue.create_job(f"{CHORES}.loaded", job_id=f"attack-{number}", retry=None)
        job.save()
        plant(job, mark)
        stage.redis.hset(job.key, mapping={"status": "queued", "retries_left": 3})
        stage.redis.rpush(queue.key, job.id)
        until(lambda job=job: stage.status_of(job.id) == "failed", f"{name} is refused: {stage.log()[-2000:]}")
        assert not mark.exists(), name
        assert "not_allowed" in (job.latest_result().exc_string or ""), name
        assert stage.redis.zscore("rq:failed:pantry-pilot", job.id) is not None
    good = queue.enqueue(f"{CHORES}.pid_of_horse")
    until(lambda: good.get_status() == "finished", "the worker goes on")
    (worker,) = stage.redis.smembers("rq:workers")
    assert stage.redis.hget(worker, "failed_job_count") == str(len(ATTACKS)).encode()
    assert process.poll() is None


def test_what_the_default_allows(stage: Stage) -> None:
    del stage.env["WORKER_ALLOWED_TASKS"]
    queue = Queue("pantry-pilot", connection=stage.redis)
    foreign = queue.enqueue(f"{CHORES}.loaded")
    receipt = stage.enqueue(1, "/x.jpg")
    stage.burst()
    assert foreign.get_status() == "failed"
    assert receipt.get_status() == "finished"


def test_a_star_switches_it_off_loudly(stage: Stage) -> None:
    stage.env["WORKER_ALLOWED_TASKS"] = "*"
    job = Queue("pantry-pilot", connection=stage.redis).enqueue("os.getpid")
    stage.burst()
    assert isinstance(job.return_value(), int)
    assert "runs any code" in stage.log()


@pytest.mark.parametrize("value", ["a b", "os;system", ",", "-x"])
def test_a_prefix_that_can_be_none_is_refused(value: str, stage: Stage) -> None:
    stage.env["WORKER_ALLOWED_TASKS"] = value
    done = subprocess.run(
        stage.command("ours"), env=stage.env, cwd=stage.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "WORKER_ALLOWED_TASKS" in done.stderr
