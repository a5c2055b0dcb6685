"""Fixtures for the console on a real Valkey with real RQ jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rq import Queue, Retry, SimpleWorker

from console.tui.app import ConsoleApp
from pantry_queue.config import Settings
from tests.tui import tasks
from tests.tui.support import DARK

if TYPE_CHECKING:
    from redis import Redis


@pytest.fixture
def live_console(settings: Settings) -> Callable[..., ConsoleApp]:
    """Makes a console on the private server; it reads only when something asks."""

    def make(**options: object) -> ConsoleApp:
        return ConsoleApp(settings, look=DARK, auto_refresh=False, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def shop(redis_client: Redis) -> dict[str, str]:
    """Jobs of every state, run by a real worker; the ids by what happened to them."""
    emails, images, later = (Queue(name, connection=redis_client) for name in ("emails", "images", "later"))
    ids = {
        "failed": emails.enqueue(tasks.fail, "chi@example.org", retry=None).id,
        "finished": emails.enqueue(tasks.add, 2, b=40, meta={"user": "ana"}).id,
        "retried": images.enqueue(tasks.fail, "retry", retry=Retry(max=2, interval=[600, 600])).id,
    }
    SimpleWorker([emails, images], connection=redis_client, name="web-1.1").work(burst=True)
    first = later.enqueue(tasks.add, 1, b=1)
    ids["queued"] = first.id
    ids["deferred"] = later.enqueue(tasks.add, 1, b=2, depends_on=first).id
    ids["scheduled"] = later.enqueue_in(timedelta(hours=1), tasks.add, 1, b=3).id
    canceled = later.enqueue(tasks.add, 1, b=4)
    canceled.cancel()
    ids["canceled"] = canceled.id
    return ids
