"""Fixtures of the task's tests, shared with those of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pantry_queue.config import Settings
from pantry_queue.receipts.store import ReceiptStore
from tests.redis.task.agent import ScriptedAgent
from tests.redis.task.stage import Stage


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    """A running agent."""
    scripted = ScriptedAgent()
    scripted.start()
    yield scripted
    scripted.stop()


@pytest.fixture
def other_agent() -> Iterator[ScriptedAgent]:
    """A second running agent."""
    scripted = ScriptedAgent()
    scripted.start()
    yield scripted
    scripted.stop()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What workers of the test get as `DATABASE_URL`."""
    return f"sqlite:///{tmp_path / 'receipts.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[ReceiptStore]:
    """The same database, seen from the test."""
    opened = ReceiptStore(Settings(database_url=database_url).store_url)
    yield opened
    opened.close()


@pytest.fixture
def stage(settings: Settings, agent: ScriptedAgent, database_url: str, tmp_path: Path) -> Iterator[Stage]:
    """Workers and queue of this test."""
    made = Stage(settings, agent, database_url, tmp_path)
    yield made
    made.end()
