"""Counts and ids agree with RQ's own on random histories made by real RQ calls and real workers."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue, SimpleWorker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import BaseRegistry

from pantry_queue.keys import Keys
from pantry_queue.monitor.jobs import window
from pantry_queue.monitor.model import Counts
from pantry_queue.monitor.snapshot import KnownNames, take

if TYPE_CHECKING:
    from redis import Redis

QUEUES = ("first", "second", "third")
REGISTRIES = ("started", "finished", "failed", "deferred", "scheduled", "canceled")


class History:
    """Things that happen to a deployment, drawn by lot."""

    def __init__(self, client: Redis, seed: int) -> None:
        self.client = client
        self.dice = random.Random(seed)
        self.queues = [Queue(name, connection=client) for name in QUEUES]
        self.made: list[str] = []

    def go(self, steps: int) -> None:
        events: list[Callable[[], Any]] = [
            *[self.enqueue] * 8,
            self.enqueue_later,
            self.enqueue_after_another,
            self.work,
            self.cancel,
            self.delete,
            self.requeue,
            self.lose_a_hash,
            self.pass_an_expiry,
            self.abandon,
        ]
        for _ in range(steps):
            # What RQ refuses to do is part of the history too.
            with suppress(InvalidJobOperation, NoSuchJobError):
                self.dice.choice(events)()

    def queue(self) -> Queue:
        return self.dice.choice(self.queues)

    def job_id(self) -> str:
        return self.dice.choice(self.made) if self.made else "none"

    def name(self) -> str:
        self.made.append(f"job-{len(self.made)}")
        return self.made[-1]

    def enqueue(self) -> None:
        ttl = self.dice.choice([500, -1, 0, 5])
        self.queue().enqueue(
            math.sqrt,
            self.dice.choice([4, 4, -1]),
            job_id=self.name(),
            result_ttl=ttl,
            failure_ttl=self.dice.choice([None, -1, 60]),
            at_front=self.dice.random() < 0.2,
        )

    def enqueue_later(self) -> None:
        at = datetime.now(UTC) + timedelta(seconds=self.dice.choice([-60, 3600]))
        self.queue().enqueue_at(at, math.sqrt, 4, job_id=self.name())

    def enqueue_after_another(self) -> None:
        before = self.job_id()
        if Job.exists(before, connection=self.client):
            self.queue().enqueue(math.sqrt, 4, job_id=self.name(), depends_on=before)

    def work(self) -> None:
        SimpleWorker([self.queue()], connection=self.client).work(burst=True, max_jobs=self.dice.randint(1, 4))

    def cancel(self) -> None:
        Job.fetch(self.job_id(), connection=self.client).cancel()

    def delete(self) -> None:
        Job.fetch(self.job_id(), connection=self.client).delete()

    def requeue(self) -> None:
        Job.fetch(self.job_id(), connection=self.client).requeue()

    def lose_a_hash(self) -> None:
        self.client.delete(f"rq:job:{self.job_id()}")

    def pass_an_expiry(self) -> None:
        key = f"rq:{self.dice.choice(['finished', 'failed'])}:{self.queue().name}"
        for member, _ in self.client.zrange(key, 0, 0, withscores=True):
            self.client.zadd(key, {member: time.time() - 60})

    def abandon(self) -> None:
        job = self.queue().enqueue(math.sqrt, 4, job_id=self.name())
        self.client.lrem(f"rq:queue:{job.origin}", 1, job.id)
        self.client.hset(f"rq:job:{job.id}", "status", "started")
        self.client.zadd(f"rq:wip:{job.origin}", {f"{job.id}:{'e' * 32}": time.time() + self.dice.choice([-60, 60])})


def registry(queue: Queue, state: str) -> BaseRegistry:
    found: BaseRegistry = getattr(queue, f"{state}_job_registry")
    return found


@pytest.mark.parametrize("seed", range(12))
def test_counts_and_ids_are_those_of_rq(redis_client: Redis, seed: int) -> None:
    history = History(redis_client, seed)
    names = KnownNames()
    for _ in range(3):
        history.go(25)
        snapshot = take(redis_client, Keys(), target="t", names=names)
        counts = {queue.name: queue.counts for queue in snapshot.queues}
        for queue in history.queues:
            mine = counts.get(queue.name, Counts())
            assert mine.queued == queue.count
            listed = mine.started + mine.abandoned
            assert listed == registry(queue, "started").get_job_count(cleanup=False)
            listed = mine.finished + mine.failed + mine.expired
            assert listed == sum(
                registry(queue, state).get_job_count(cleanup=False) for state in ("finished", "failed")
            )
            for state in ("deferred", "scheduled", "canceled"):
                assert getattr(mine, state) == registry(queue, state).get_job_count(cleanup=False)
            for state in REGISTRIES:
                rows = window(redis_client, Keys(), state, queue=queue.name, count=1000, newest_first=False).rows
                ids = registry(queue, state).get_job_ids(cleanup=False)
                assert [row.id for row in rows] == ids
                assert [row.expired for row in rows] == [not redis_client.exists(f"rq:job:{job}") for job in ids]
            rows = window(redis_client, Keys(), "queued", queue=queue.name, count=1000, newest_first=False).rows
            assert [row.id for row in rows] == [job.decode() for job in redis_client.lrange(queue.key, 0, -1)]
    for queue in history.queues:  # last, since these calls of RQ change what they count
        mine = counts.get(queue.name, Counts())
        assert mine.finished == registry(queue, "finished").count
        assert mine.failed == registry(queue, "failed").count
        assert mine.abandoned == len(registry(queue, "started").get_expired_job_ids())
