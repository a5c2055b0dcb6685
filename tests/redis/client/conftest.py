"""A client, RQ beside it on a database of its own, and stock workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect

if TYPE_CHECKING:
    from redis import Redis


@pytest.fixture
def client(settings: Settings) -> QueueClient:
    """The client under test, on database 0."""
    return QueueClient(settings)


@pytest.fixture
def other_database(settings: Settings) -> Iterator[Redis]:
    """Database 1 of the same server, emptied with the first one."""
    connection = connect(replace(settings, redis_url=f"{settings.redis_url}?db=1"))
    yield connection
    connection.close()


@pytest.fixture
def work(settings: Settings, redis_client: Redis) -> Callable[..., None]:
    """Runs what waits in the service's queues with RQ's own worker, in this process."""
    from rq import Queue, SimpleWorker

    def run(*queues: str, max_jobs: int | None = None) -> None:
        names = queues or settings.queue_names
        worker = SimpleWorker([Queue(name, connection=redis_client) for name in names], connection=redis_client)
        worker.work(burst=True, logging_level="CRITICAL", max_jobs=max_jobs)

    return run
