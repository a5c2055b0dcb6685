"""Jobs with a rate limit: slots are RQ's, and are counted as RQ counts them, with scripts and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue
from rq.rate_limit import RateLimit

from pantry_queue.control import pipelined
from tests.redis.control.jobs import nothing

from .conftest import Operator

if TYPE_CHECKING:
    from redis import Redis


def test_a_copy_of_a_limited_job_waits_for_a_slot(operator: Operator, redis_client: Redis) -> None:
    Queue("a", connection=redis_client).enqueue(nothing, job_id="l", rate_limit=RateLimit("k", 1))
    outcome = operator.act("jobs.copy", "l")
    (copy,) = outcome.made
    assert redis_client.hget(f"rq:job:{copy}", "status") == b"rate_limited"
    assert redis_client.lrange("rq:queue:a", 0, -1) == [b"l"]
    assert redis_client.zrange("rq:rl:k:rate_limited", 0, -1) == [copy.encode()]


@pytest.mark.parametrize("operator", ["pipelines"], indirect=True)
def test_a_slot_that_others_take_meanwhile_is_not_given_away(
    operator: Operator, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slots are reckoned here: the transaction must not happen when they are others by then."""
    for job_id in ("holds", "waits"):
        Queue("a", connection=redis_client).enqueue(nothing, job_id=job_id, rate_limit=RateLimit("k", 1))
    looked = pipelined.check_kinds
    meddled: list[str] = []

    def meddle(*args: Any) -> None:
        looked(*args)
        if not meddled:
            meddled.append("a job of another console took a slot")
            redis_client.zadd("rq:rl:k:allowed", {"other": 1})

    monkeypatch.setattr(pipelined, "check_kinds", meddle)
    assert operator.act("jobs.cancel", "holds").done == 1
    assert meddled
    assert redis_client.zrange("rq:rl:k:allowed", 0, -1) == [b"other"]
    assert redis_client.hget("rq:job:waits", "status") == b"rate_limited"
    assert operator.act("jobs.cancel", "waits").done == 1
    assert redis_client.zcard("rq:rl:k:rate_limited") == 0
