"""Ways to act: with scripts, and as a Redis user that may not run any; and RQ beside them on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.control import run, select, undoing
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.audit import whoami
from pantry_queue.control.lua import Scripts
from pantry_queue.control.outcome import Outcome
from pantry_queue.control.plan import Options, Plan, Selection
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True)
class Operator:
    """Plans and acts on one connection."""

    scripts: Scripts

    def plan(self, name: str, *ids: str, options: Options | None = None, **selection: Any) -> Plan:
        """A plan, by the name of an action and ids or the fields of a selection."""
        return select.plan(
            self.scripts.connection, self.scripts.keys, ACTIONS[name], Selection(ids=ids, **selection), options
        )

    def act(self, name: str, *ids: str, options: Options | None = None, **selection: Any) -> Outcome:
        """Plan and carry out."""
        return run.run(self.scripts, self.plan(name, *ids, options=options, **selection), whoami("test"))

    def undo(self, outcome: Outcome) -> Outcome:
        """Undo what was done."""
        assert outcome.undoable
        return undoing.undo(self.scripts, outcome.operation, whoami("test"))


@pytest.fixture(params=["scripts", "pipelines"])
def operator(request: pytest.FixtureRequest, settings: Settings, redis_client: Redis) -> Iterator[Operator]:
    """One that may run scripts, and one that may not."""
    here = settings
    if request.param == "pipelines":
        redis_client.execute_command("ACL", "SETUSER", "plain", "on", ">pw", "~*", "&*", "+@all", "-@scripting")
        here = replace(settings, redis_url=f"{str(settings.redis_url).replace('unix://', 'unix://plain:pw@')}")
    client = connect(here)
    yield Operator(Scripts(client, Keys(), here))
    client.close()
    redis_client.execute_command("ACL", "DELUSER", "plain")


@pytest.fixture
def other_database(settings: Settings) -> Iterator[Redis]:
    """Database 1 of the same server, emptied with the first one."""
    connection = connect(replace(settings, redis_url=f"{settings.redis_url}?db=1"))
    yield connection
    connection.close()


@pytest.fixture
def work(redis_client: Redis) -> Callable[..., None]:
    """Runs what waits in queues with RQ's own worker, in this process."""
    from rq import Queue, SimpleWorker

    def run_all(*queues: str, max_jobs: int | None = None) -> None:
        worker = SimpleWorker([Queue(name, connection=redis_client) for name in queues], connection=redis_client)
        worker.work(burst=True, logging_level="CRITICAL", max_jobs=max_jobs)

    return run_all
