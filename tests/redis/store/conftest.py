"""Each test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pantry_queue.config import Settings
from pantry_queue.receipts.store import ReceiptStore
from tests.redis.store.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for the whole run."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(params=KINDS)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes URLs of empty databases, as `Settings.store_url` gives them."""
    if request.param == "sqlite":
        counter = iter(range(1000))
        return lambda: Settings(database_url=f"sqlite:///{tmp_path / f'{next(counter)}.db'}").store_url
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda: Settings(database_url=server.new_database()).store_url


@pytest.fixture
def store(new_url: Callable[[], str]) -> Iterator[ReceiptStore]:
    """A store over an empty database."""
    opened = ReceiptStore(new_url())
    yield opened
    opened.close()
