"""The whole deployment in one round trip, against what RQ itself says."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rq import Queue, SimpleWorker
from rq.suspension import resume, suspend

from pantry_queue.keys import Keys
from pantry_queue.monitor.model import Counts, QueueStat, Snapshot
from pantry_queue.monitor.snapshot import KnownNames, take

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def taken(client: Redis, names: KnownNames | None = None) -> Snapshot:
    return take(client, KEYS, target="redis://here/0", names=names)


def queue_of(snapshot: Snapshot, name: str) -> QueueStat:
    return next(queue for queue in snapshot.queues if queue.name == name)


def test_an_empty_server(redis_client: Redis) -> None:
    snapshot = taken(redis_client)
    assert (snapshot.queues, snapshot.workers, snapshot.totals) == ((), (), Counts())
    assert snapshot.target == "redis://here/0"
    assert abs((snapshot.taken_at - datetime.now(UTC)).total_seconds()) < 60
    assert snapshot.redis.server == "Valkey"
    assert snapshot.redis.role == "master"
    assert snapshot.redis.eviction_policy == "noeviction"
    assert snapshot.redis.aof_enabled is True
    assert snapshot.redis.used_memory


def test_counts_tell_live_expired_abandoned_and_overdue_apart(redis_client: Redis) -> None:
    now = time.time()
    redis_client.sadd("rq:queues", "rq:queue:q")
    redis_client.rpush("rq:queue:q", "a", "b")
    redis_client.rpush("rq:queue:q:intermediate", "c")
    redis_client.zadd("rq:wip:q", {"d:1": now + 60, "e:1": now - 60, "f:1": now - 1})
    redis_client.zadd("rq:finished:q", {"g": now + 60, "h": now - 60, "i": math.inf})
    redis_client.zadd("rq:failed:q", {"j": -1, "k": now + 60, "l": now - 60, "m": now - 60})
    redis_client.zadd("rq:deferred:q", {"n": now - 999})
    redis_client.zadd("rq:scheduled:q", {"o": now + 60, "p": now - 60, "q": now})
    redis_client.zadd("rq:canceled:q", {"r": now - 999})
    redis_client.zadd("rq:ready:q", {"s": now})
    assert queue_of(taken(redis_client), "q").counts == Counts(
        queued=2,
        intermediate=1,
        started=1,
        abandoned=2,
        finished=2,
        failed=2,
        expired=3,
        deferred=1,
        scheduled=3,
        overdue=1,
        canceled=1,
        ready=1,
    )


def test_one_round_trip_once_names_are_known(redis_client: Redis, trips: list[int]) -> None:
    for name in ("a", "b", "c"):
        Queue(name, connection=redis_client).enqueue(math.sqrt, 4)
    SimpleWorker([Queue("a", connection=redis_client)], connection=redis_client, name="w").register_birth()
    names = KnownNames()
    del trips[:]
    first = taken(redis_client, names)
    assert len(trips) == 2, "names, then what is asked about them"
    second = taken(redis_client, names)
    assert len(trips) == 3
    assert first.totals == second.totals == Counts(queued=3)
    Queue("d", connection=redis_client).enqueue(math.sqrt, 4)
    del trips[:]
    assert taken(redis_client, names).totals.queued == 4
    assert len(trips) == 2, "one more for the new queue"
    taken(redis_client, names)
    assert len(trips) == 3


def test_the_age_of_the_next_job(redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    first = queue.enqueue(math.sqrt, 4)
    queue.enqueue(math.sqrt, 4)
    assert queue_of(taken(redis_client), "q").oldest_at == first.enqueued_at
    redis_client.delete(f"rq:job:{first.id}")
    assert queue_of(taken(redis_client), "q").oldest_at is None
    queue.empty()
    assert queue_of(taken(redis_client), "q").oldest_at is None


def test_queues_that_rq_has_forgotten_are_shown(redis_client: Redis) -> None:
    listening = [Queue("listed", connection=redis_client), Queue("other", connection=redis_client)]
    SimpleWorker(listening, connection=redis_client, name="w").register_birth()
    listening[0].enqueue(math.sqrt, 4)
    redis_client.rpush("rq:queue:other", "x")
    names = KnownNames()
    found = {queue.name: queue.registered for queue in taken(redis_client, names).queues}
    assert found == {"listed": True, "other": False}
    redis_client.delete("rq:queues", "rq:workers")
    redis_client.delete("rq:worker:w")
    found = {queue.name: queue.registered for queue in taken(redis_client, names).queues}
    assert found == {"listed": False, "other": False}, "still shown while jobs are in them"
    redis_client.delete("rq:queue:listed", "rq:queue:other")
    assert taken(redis_client, names).queues == ()


def test_suspended_paused_and_quarantined(redis_client: Redis) -> None:
    Queue("a", connection=redis_client).enqueue(math.sqrt, 4)
    Queue("b", connection=redis_client).enqueue(math.sqrt, 4)
    before = taken(redis_client)
    assert (before.suspended, before.suspended_ttl, before.quarantined) == (False, None, 0)
    suspend(redis_client)
    redis_client.sadd(Keys().paused, "b")
    redis_client.zadd(Keys().quarantine, {"x": 1, "y": 2})
    during = taken(redis_client)
    assert (during.suspended, during.suspended_ttl, during.quarantined) == (True, None, 2)
    assert [(queue.name, queue.paused) for queue in during.queues] == [("a", False), ("b", True)]
    suspend(redis_client, ttl=100)
    ttl = taken(redis_client).suspended_ttl
    assert ttl is not None
    assert 90 < ttl <= 100
    resume(redis_client)
    assert not taken(redis_client).suspended


def test_schedulers(redis_client: Redis) -> None:
    Queue("q", connection=redis_client).enqueue(math.sqrt, 4)
    redis_client.set("rq:scheduler-lock:q", "host.123", ex=61)
    (held,) = taken(redis_client).schedulers
    assert (held.queue, held.holder) == ("q", "host.123")
    assert held.ttl is not None
    assert 50 < held.ttl <= 61


def test_workers_of_rq_before_3_say_their_job_in_their_record(redis_client: Redis) -> None:
    redis_client.sadd("rq:workers", "rq:worker:old", "rq:worker:new")
    for name in ("old", "new"):
        redis_client.hset(f"rq:worker:{name}", mapping={"state": "busy", "queues": "a,b", "pid": 7, "birth": ""})
        redis_client.expire(f"rq:worker:{name}", 90)
    redis_client.hset("rq:worker:old", "current_job", "job-1")
    redis_client.sadd("rq:worker:new:executions", f"job-2:{'e' * 32}")
    workers = {worker.name: worker for worker in taken(redis_client).workers}
    assert workers["old"].job_ids == ("job-1",)
    assert workers["new"].job_ids == ("job-2",)
    assert workers["old"].queues == ("a", "b")
    assert workers["old"].pid == 7


def test_the_server_tells_the_time(redis_client: Redis) -> None:
    """Names learned while this machine's clock was elsewhere must not make live entries look expired."""
    redis_client.sadd("rq:queues", "rq:queue:q")
    redis_client.zadd("rq:finished:q", {"a": time.time() + 60})
    names = KnownNames()
    taken(redis_client, names)
    assert names.clock_offset is not None
    names.clock_offset += 3600
    assert queue_of(taken(redis_client, names), "q").counts.finished == 1


def test_names_that_are_no_text_keep_their_bytes(redis_client: Redis) -> None:
    redis_client.sadd("rq:queues", b"rq:queue:\xff\x1b[2J")
    redis_client.rpush(b"rq:queue:\xff\x1b[2J", "a")
    redis_client.sadd("rq:workers", b"rq:worker:\xfe")
    redis_client.hset(b"rq:worker:\xfe", mapping={"queues": b"\xff\x1b[2J", "state": "idle"})
    redis_client.expire(b"rq:worker:\xfe", 400)
    snapshot = taken(redis_client)
    (queue,), (worker,) = snapshot.queues, snapshot.workers
    assert (queue.name, queue.raw_name, queue.counts.queued) == ("\\xff\\x1b[2J", b"\xff\x1b[2J", 1)
    assert (worker.name, worker.raw_name) == ("\\xfe", b"\xfe")
    assert queue.workers == (worker.name,)


def test_another_prefix(redis_client: Redis) -> None:
    redis_client.sadd("{shop}:queues", "{shop}:queue:q")
    redis_client.rpush("{shop}:queue:q", "a")
    redis_client.hset("{shop}:job:a", "enqueued_at", "2026-01-02T03:04:05.000000Z")
    redis_client.sadd("rq:queues", "rq:queue:not-mine")
    snapshot = take(redis_client, Keys("{shop}"), target="t")
    assert [(queue.name, queue.counts.queued) for queue in snapshot.queues] == [("q", 1)]
    assert snapshot.queues[0].oldest_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_user_that_may_only_read_sees_the_same(viewer: Redis, redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue(math.sqrt, 4)
    queue.enqueue_in(timedelta(hours=1), math.sqrt, 4)
    SimpleWorker([queue], connection=redis_client, name="w").register_birth()
    for names in (None, KnownNames(), KnownNames(sort_allowed=False)):
        mine, whole = taken(viewer, names), taken(redis_client)
        assert mine.totals == whole.totals == Counts(queued=1, scheduled=1)
        assert mine.queues[0].oldest_at == whole.queues[0].oldest_at is not None
        assert [worker.verdict for worker in mine.workers] == [worker.verdict for worker in whole.workers]
        assert mine.redis.version == whole.redis.version


def test_what_may_not_be_asked_is_unknown_and_not_a_failure(viewer: Redis, redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    queue.enqueue(math.sqrt, 4)
    SimpleWorker([queue], connection=redis_client, name="w").register_birth()
    redis_client.execute_command("ACL", "SETUSER", "viewer", "-info", "-pubsub|numsub", "-time", "resetkeys", "%R~rq:*")
    snapshot = taken(viewer)
    assert (snapshot.redis.version, snapshot.redis.used_memory, snapshot.redis.aof_enabled) == ("", None, None)
    assert snapshot.workers[0].subscribed is None
    assert snapshot.workers[0].verdict == "alive"
    assert snapshot.totals.queued == 1


def test_a_user_without_any_right_to_rq_is_told_so(viewer: Redis, redis_client: Redis) -> None:
    from redis.exceptions import NoPermissionError

    redis_client.execute_command("ACL", "SETUSER", "viewer", "resetkeys")
    with pytest.raises(NoPermissionError):
        taken(viewer)
