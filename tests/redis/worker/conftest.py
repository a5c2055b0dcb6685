"""The same agent, store and stage as for the task."""

from __future__ import annotations

from tests.redis.task.conftest import agent, database_url, stage, store

__all__ = ["agent", "database_url", "stage", "store"]
