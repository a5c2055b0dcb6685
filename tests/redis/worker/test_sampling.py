"""A worker keeps samples for charts, when it is its turn, and lets nothing about them stop its jobs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis
from redis.exceptions import ConnectionError
from rq import Queue

from pantry_queue import history
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker
from pantry_queue.workers.sampling import Sampling

KEYS = Keys()


class Clock:
    """Seconds that are made up."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_worker_samples_once_it_is_its_turn(redis_client: Redis, settings: Settings, clock: Clock) -> None:
    queue = Queue("q", connection=redis_client)
    for number in range(3):
        queue.enqueue("operator.add", 1, number)
    worker = PantryWorker(["q"], connection=connect(settings, "worker"), allow=AllowList(["*"]))
    worker._sampling = Sampling(worker.connection, KEYS, clock=clock)
    redis_client.set(KEYS.history_lock, "another", px=50_000)
    assert worker.work(burst=True)
    assert not redis_client.exists(KEYS.history), "one that ends soon leaves nothing"
    clock.now += 11
    worker._next = 0.0
    looked = redis_client.info("commandstats").get("cmdstat_smembers")
    worker.tend()
    assert not redis_client.exists(KEYS.history), "another process writes"
    assert redis_client.info("commandstats").get("cmdstat_smembers") == looked, "who does not write does not look"
    redis_client.delete(KEYS.history_lock)
    for _ in range(2):
        clock.now += 11
        worker._next = 0.0
        worker.tend()
    (sample,) = history.read(redis_client, KEYS, 60, "q")
    assert sample.figures is not None
    assert (sample.figures.queued, sample.figures.finished) == (0, 3)


def test_what_redis_refuses_is_told_once(
    redis_client: Redis, settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    redis_client.set(KEYS.history, "mine")
    sampling = Sampling(redis_client, KEYS, clock=clock)
    for _ in range(3):
        clock.now += 11
        sampling.run()
    assert [record.getMessage()[:30] for record in caplog.records] == ["No samples are kept for charts"]
    assert redis_client.get(KEYS.history) == b"mine"
    away = connect(replace(settings, redis_url="unix:///nowhere/at.sock"), "worker")
    gone = Sampling(away, KEYS, clock=clock)
    clock.now += 11
    with pytest.raises(ConnectionError):
        gone.run()
