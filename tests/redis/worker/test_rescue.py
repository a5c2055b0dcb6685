"""Jobs that stand where nobody acts on them: put back, once, and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from rq import Queue, Retry

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker
from pantry_queue.workers.rescue import Rescue

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()
CHORES = "tests.redis.worker.chores"


@pytest.fixture
def rescue(settings: Settings) -> Iterator[Rescue]:
    """A worker's looks; the worker does not work."""
    worker = PantryWorker(["q"], connection=connect(settings, "worker"), allow=AllowList(["*"]))
    yield worker._rescuer()
    worker.connection.close()


def look(rescue: Rescue, client: Redis, *, after: float = 0.0) -> None:
    """A pass; `after` so many seconds, which is what it believes to have seen earlier."""
    client.delete(KEYS.rescue_lock)
    for name, since in client.hgetall(KEYS.suspects).items():
        client.hset(KEYS.suspects, name, float(since) - after)
    rescue.run()


def enqueue(client: Redis, **options: object) -> str:
    """A job whose id is taken out of its queue."""
    job = Queue("q", connection=client).enqueue(f"{CHORES}.loaded", job_id="j", **options)
    client.delete("rq:queue:q")
    return str(job.id)


def _orphan(client: Redis) -> None:
    client.hset("rq:job:j", mapping={"status": "started", "worker_name": "dead"})
    client.zadd("rq:wip:q", {"j:e": 1})


def _old_orphan(client: Redis) -> None:
    client.hset("rq:job:j", "status", "started")
    client.zadd("rq:wip:q", {"j": 1})


def _taken(client: Redis) -> None:
    client.rpush("rq:queue:q:intermediate", "j")


def _popped(client: Redis) -> None:
    """A stock worker of several queues died with it."""


def _started_nowhere(client: Redis) -> None:
    client.hset("rq:job:j", "status", "started")


def _retry_nowhere(client: Redis) -> None:
    client.hset("rq:job:j", "status", "scheduled")


LOSSES: dict[str, Callable[[Redis], None]] = {
    "orphan": _orphan,
    "orphan of RQ 1": _old_orphan,
    "taken": _taken,
    "popped": _popped,
    "started nowhere": _started_nowhere,
    "retry that fell out": _retry_nowhere,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_put_back_once_not_failed_and_told(loss: str, rescue: Rescue, redis_client: Redis) -> None:
    enqueue(redis_client)
    LOSSES[loss](redis_client)
    look(rescue, redis_client)
    look(rescue, redis_client, after=20)
    look(rescue, redis_client, after=20)
    assert redis_client.lrange("rq:queue:q", 0, -1) == [b"j"]
    assert redis_client.hget("rq:job:j", "status") == b"queued"
    for place in ("rq:wip:q", "rq:queue:q:intermediate", "rq:failed:q", "rq:scheduled:q"):
        assert not redis_client.exists(place), place
    ((_, entry),) = redis_client.xrange(KEYS.audit)
    assert (entry[b"action"], entry[b"job"], entry[b"did"]) == (b"rescue", b"j", b"queued")
    assert 0 < redis_client.ttl(KEYS.repairs("j")) <= 72 * 3600


def _running(client: Redis) -> None:
    client.hset("rq:job:j", "status", "started")
    client.zadd("rq:wip:q", {"j:e": 1e12})


def _scheduled(client: Redis) -> None:
    client.hset("rq:job:j", "status", "scheduled")
    client.zadd("rq:scheduled:q", {"j": 1e12})


def _waiting(client: Redis) -> None:
    client.rpush("rq:queue:q", "j")


def _finished_leftover(client: Redis) -> None:
    client.hset("rq:job:j", "status", "finished")
    client.zadd("rq:wip:q", {"j:e": 1})
    client.rpush("rq:queue:q:intermediate", "j")


def _runs_again(client: Redis) -> None:
    """Its old run has expired; another one lives."""
    client.hset("rq:job:j", "status", "started")
    client.zadd("rq:wip:q", {"j:old": 1, "j:new": 1e12})
    client.rpush("rq:queue:q:intermediate", "j")


@pytest.mark.parametrize("state", [_running, _scheduled, _waiting, _finished_leftover, _runs_again])
def test_what_is_in_its_place_is_left_alone(
    state: Callable[[Redis], None], rescue: Rescue, redis_client: Redis
) -> None:
    enqueue(redis_client)
    state(redis_client)
    before = redis_client.hget("rq:job:j", "status")
    queued = redis_client.lrange("rq:queue:q", 0, -1)
    for _ in range(3):
        look(rescue, redis_client, after=20)
    assert redis_client.hget("rq:job:j", "status") == before
    assert redis_client.lrange("rq:queue:q", 0, -1) == queued
    assert redis_client.xlen(KEYS.audit) == 0


def test_a_passing_state_is_no_loss(rescue: Rescue, redis_client: Redis) -> None:
    enqueue(redis_client)
    look(rescue, redis_client)
    look(rescue, redis_client, after=3)
    assert redis_client.llen("rq:queue:q") == 0
    look(rescue, redis_client, after=6)
    assert redis_client.llen("rq:queue:q") == 1


def test_a_job_that_ends_its_workers_is_poison(rescue: Rescue, redis_client: Redis) -> None:
    enqueue(redis_client, retry=Retry(max=9), failure_ttl=500)
    for _ in range(4):
        redis_client.delete("rq:queue:q")
        _orphan(redis_client)
        look(rescue, redis_client)
    assert redis_client.hget("rq:job:j", "status") == b"failed"
    assert redis_client.zscore("rq:failed:q", "j")
    assert redis_client.llen("rq:queue:q") == 0
    job = Queue("q", connection=redis_client).fetch_job("j")
    assert job is not None
    assert "poison" in (job.latest_result().exc_string or "")
    assert redis_client.xlen(KEYS.audit) == 4


@pytest.mark.parametrize("place", ["wip", "intermediate"])
def test_what_cannot_be_read_is_set_aside(place: str, rescue: Rescue, redis_client: Redis) -> None:
    redis_client.hset("rq:job:x y", mapping={"status": "started", "data": "x"})
    redis_client.sadd("rq:queues", "rq:queue:q")
    if place == "wip":
        redis_client.zadd("rq:wip:q", {"x y:e": 1})
    else:
        redis_client.rpush("rq:queue:q:intermediate", "x y")
    look(rescue, redis_client)
    look(rescue, redis_client, after=20)
    why = json.loads(redis_client.hget(KEYS.quarantine_reasons, "x y") or b"{}")
    assert (why["place"], why["queue"]) == (place, "q")
    look(rescue, redis_client, after=20)
    assert redis_client.zcard(KEYS.quarantine) == 1


def test_one_looks_at_a_time_and_a_dead_holder_is_followed(rescue: Rescue, redis_client: Redis) -> None:
    enqueue(redis_client)
    _orphan(redis_client)
    listener = redis_client.pubsub()
    listener.subscribe(KEYS.worker_channel("holder"))
    listener.get_message(timeout=5)
    redis_client.set(KEYS.rescue_lock, "holder", ex=30)
    rescue.run()
    assert redis_client.llen("rq:queue:q") == 0, "a living holder is at it"
    listener.close()
    while redis_client.pubsub_numsub(KEYS.worker_channel("holder"))[0][1]:
        pass
    rescue.run()
    assert redis_client.llen("rq:queue:q") == 1, "the holder is dead"
    assert redis_client.ttl(KEYS.rescue_lock) <= 4


def test_keys_of_the_wrong_kind_end_nothing(rescue: Rescue, redis_client: Redis) -> None:
    for key in ("rq:queues", "rq:wip:q", "rq:queue:q:intermediate", "rq:queue:q", KEYS.suspects):
        redis_client.set(key, "x")
    redis_client.hset("rq:job:j", mapping={"status": "queued", "data": "x", "origin": "q"})
    rescue.run()
    redis_client.delete(KEYS.rescue_lock, "rq:queue:q")
    rescue.run()
    assert redis_client.hget("rq:job:j", "status") == b"queued"
