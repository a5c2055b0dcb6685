"""A console killed in the middle of a bulk action: no job is lost or doubled, and running it again completes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.redis.control.places import jobs, named_by, out_of_place

from .conftest import Operator
from .test_engine import fill

if TYPE_CHECKING:
    from redis import Redis

#: By the way of acting; pipelines take each job through the same steps, only slower.
JOBS = {"scripts": 20_000, "pipelines": 8_000}


@pytest.mark.timeout(300)
def test_killed_in_the_middle_of_requeueing(
    operator: Operator, request: pytest.FixtureRequest, redis_client: Redis
) -> None:
    count = JOBS[request.node.callspec.params["operator"]]
    ids = fill(redis_client, count)
    url = str(operator.scripts.settings.redis_url)
    killed = subprocess.Popen(
        [sys.executable, "-m", "console", "jobs", "requeue", "--state", "failed", "--rate", "20000/s"],
        env=os.environ | {"PANTRY_REDIS_URL": url},
        stdout=subprocess.PIPE,
    )
    while redis_client.llen("rq:queue:a") < 2_000 and killed.poll() is None:
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    assert killed.returncode == -signal.SIGKILL
    put_back = redis_client.llen("rq:queue:a")
    assert 2_000 <= put_back < count
    assert put_back + redis_client.zcard("rq:failed:a") == count
    assert out_of_place(redis_client) == {}
    (intent,) = [fields for _, fields in redis_client.xrange("pantry:audit")]
    operation = intent[b"operation"].decode()
    assert redis_client.hget(f"pantry:trash:{operation}", "done") == str(put_back).encode()
    again = operator.act("jobs.requeue", states=("failed",))
    assert (again.done, again.skipped) == (count - put_back, {})
    assert [job_id.decode() for job_id in redis_client.lrange("rq:queue:a", 0, -1)] == ids
    assert out_of_place(redis_client) == {}
    assert len(jobs(redis_client)) == len(named_by(redis_client)) == count
