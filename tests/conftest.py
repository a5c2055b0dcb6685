"""A real Valkey for every test that needs one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as drawing

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect

if TYPE_CHECKING:
    from redis import Redis

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background; what tests start inherits it
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: No test asks how fast the machine is, and Hypothesis must not either.
drawing.register_profile("pantry", deadline=None, suppress_health_check=[HealthCheck.too_slow])
drawing.load_profile("pantry")

#: Real receipts that lie beside a checkout; their licence keeps them out of it.
SHARED_RECEIPTS = Path(__file__).resolve().parents[2] / "shared" / "receipts"

#: Files that take longest, most of it waiting. They begin first, so that none of them is all that is left at the end.
LONGEST = (
    "tests/e2e/test_demo.py",
    "tests/e2e/test_up.py",
    "tests/redis/task/test_outcomes.py",
    "tests/redis/worker/test_worker.py",
    "tests/redis/api/test_schema.py",
    "tests/redis/task/test_patience.py",
    "tests/redis/task/test_postgresql.py",
    "tests/redis/store/test_store.py",
    "tests/redis/engines/test_sentinel.py",
    "tests/chaos/test_storm.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; all others in the order they were found (`--no-loadscope-reorder`, pyproject.toml)."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """How many processes `-n auto` means: half as many again as processors, since many tests wait for something."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + (processors + 1) // 2


@pytest.fixture(scope="session", autouse=True)
def _stock_workers_end_at_once() -> Iterator[None]:
    """RQ's worker waits a second for its listener, woken before it is told of the end; here it is told first."""
    from rq.worker.base import BaseWorker

    unsubscribe = BaseWorker.unsubscribe

    def at_once(worker: BaseWorker) -> None:
        listener: Any = worker.pubsub_thread
        if listener is not None:
            listener.stop()
        unsubscribe(worker)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseWorker, "unsubscribe", at_once)
        yield


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.EmbeddedServer]:
    """A private server for the whole run."""
    server = embedded.start(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def settings(valkey: embedded.EmbeddedServer) -> Settings:
    """Settings that point to the private server, which is emptied first."""
    here = replace(Settings(), redis_url=valkey.url)
    connect(here).flushall()
    return here


@pytest.fixture
def redis_client(settings: Settings) -> Iterator[Redis]:
    """A connection to the private server."""
    client = connect(settings)
    yield client
    client.close()


@pytest.fixture
def shared_receipts() -> Path:
    """The real receipts, or a skip where they are absent."""
    if not SHARED_RECEIPTS.is_dir():
        pytest.skip("the real receipts are not beside this checkout (../shared/receipts)")
    return SHARED_RECEIPTS
