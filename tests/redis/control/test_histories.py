"""Random histories: any actions in any order while an RQ worker works; every job stands where its state says."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from rq import Queue, Retry, SimpleWorker
from rq.rate_limit import RateLimit

from pantry_queue.config import Settings
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.outcome import Outcome
from pantry_queue.control.plan import Options
from pantry_queue.control.records import unpacked
from pantry_queue.errors import NotFound
from tests.effort import examples
from tests.redis.control.jobs import fail, nothing

from .conftest import Operator
from .places import jobs, out_of_place
from .test_engine import start

if TYPE_CHECKING:
    from redis import Redis

QUEUES = ("a", "b")
CLEAR = "all.clear-failures"
BULK = [name for name, action in ACTIONS.items() if action.script and action.noun == "jobs"]
OPTIONS = st.builds(
    Options,
    at_front=st.booleans(),
    to=st.sampled_from([None, None, *QUEUES]),
    due=st.just(datetime.now(UTC) + timedelta(days=1)),
    dependents=st.booleans(),
    parents=st.booleans(),
)


class History(RuleBasedStateMachine):
    """A deployment that operators, services and a worker act on at the same time."""

    connection: Redis
    operator: Operator

    @initialize()
    def begin(self) -> None:
        """A database with a job in most states."""
        self.connection.flushdb()
        self.count = 0
        self.known: set[str] = set()
        self.done: list[Outcome] = []
        for number in range(6):
            retry = Retry(max=1, interval=600) if number == 5 else None
            self._queue(QUEUES[number % 2]).enqueue(fail if number > 2 else nothing, job_id=self._new(), retry=retry)
        SimpleWorker([self._queue("a"), self._queue("b")], connection=self.connection).work(burst=True)
        for number in range(4):
            self._queue(QUEUES[number % 2]).enqueue(nothing, job_id=self._new())
        self._queue("a").enqueue_at(datetime.now(UTC) + timedelta(hours=1), nothing, job_id=self._new())
        self._queue("b").enqueue(nothing, job_id=self._new(), depends_on=[f"j{self.count - 2}", f"j{self.count - 3}"])

    def _queue(self, name: str) -> Queue:
        return Queue(name, connection=self.connection)

    def _new(self) -> str:
        self.count += 1
        self.known.add(f"j{self.count}")
        return f"j{self.count}"

    @rule(queue=st.sampled_from(QUEUES), fails=st.booleans(), at_front=st.booleans(), retries=st.integers(0, 2))
    def enqueue(self, queue: str, fails: bool, at_front: bool, retries: int) -> None:
        """A service enqueues a job."""
        retry = Retry(max=retries, interval=600) if retries else None
        self._queue(queue).enqueue(fail if fails else nothing, job_id=self._new(), at_front=at_front, retry=retry)

    @rule(queue=st.sampled_from(QUEUES))
    def schedule(self, queue: str) -> None:
        """A service schedules a job."""
        self._queue(queue).enqueue_at(datetime.now(UTC) + timedelta(hours=1), nothing, job_id=self._new())

    @rule(queue=st.sampled_from(QUEUES), data=st.data())
    def depend(self, queue: str, data: st.DataObject) -> None:
        """A service enqueues a job that waits for others."""
        there = sorted(jobs(self.connection))
        assume(there)
        parents = data.draw(st.lists(st.sampled_from(there), min_size=1, max_size=2, unique=True))
        self._queue(queue).enqueue(nothing, job_id=self._new(), depends_on=[parent.decode() for parent in parents])

    @rule(queue=st.sampled_from(QUEUES))
    def limited(self, queue: str) -> None:
        """A service enqueues a job that waits for a slot."""
        self._queue(queue).enqueue(nothing, job_id=self._new(), rate_limit=RateLimit("k", 1))

    @rule(most=st.integers(1, 3))
    def work(self, most: int) -> None:
        """RQ's own worker runs some."""
        worker = SimpleWorker([self._queue(name) for name in QUEUES], connection=self.connection)
        worker.work(burst=True, max_jobs=most, logging_level="CRITICAL")

    @precondition(lambda self: any(self.connection.llen(f"rq:queue:{name}") for name in QUEUES))
    @rule(queue=st.sampled_from(QUEUES))
    def die(self, queue: str) -> None:
        """A worker takes a job and is killed: its run is registered, and no heartbeat keeps it."""
        waiting = self.connection.lrange(f"rq:queue:{queue}", 0, 0)
        assume(waiting)
        self.connection.delete(start(self.connection, waiting[0].decode()).key)

    @rule(name=st.sampled_from(BULK), options=OPTIONS, data=st.data())
    def act_on_some(self, name: str, options: Options, data: st.DataObject) -> None:
        """An operator acts on named jobs, whatever their state."""
        assume(self.known)
        ids = data.draw(st.lists(st.sampled_from(sorted(self.known)), min_size=1, max_size=6))
        with suppress(NotFound):
            self._note(self.operator.act(name, *ids, options=self._fitting(name, options)))

    @rule(name=st.sampled_from([*BULK, CLEAR]), options=OPTIONS, data=st.data())
    def act_on_lists(self, name: str, options: Options, data: st.DataObject) -> None:
        """An operator acts on whole lists."""
        place = data.draw(st.sampled_from(ACTIONS[name].places))
        options = self._fitting(name, replace(options, at_front=True) if name == "jobs.move" else options)
        self._note(self.operator.act(name, states=(place,), options=options))

    @rule(name=st.sampled_from(["queues.empty", "queues.delete"]), queue=st.sampled_from(QUEUES))
    def act_on_queue(self, name: str, queue: str) -> None:
        """An operator empties a queue."""
        with suppress(NotFound):
            self._note(self.operator.act(name, queues=(queue,)))

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        """An operator undoes something, not always the last."""
        outcome = self.done.pop(data.draw(st.integers(0, len(self.done) - 1)))
        with suppress(NotFound):
            self.operator.undo(outcome)
        there = jobs(self.connection)
        self.known -= {name for name in outcome.made if name.encode() not in there}

    def _fitting(self, name: str, options: Options) -> Options:
        taken = ACTIONS[name].options
        plain = Options()
        return Options(**{field: getattr(options if field in taken else plain, field) for field in Options.__slots__})

    def _note(self, outcome: Outcome) -> None:
        assert not outcome.failed
        assert outcome.broken is None
        self.known |= set(outcome.made)
        if outcome.undoable:
            self.done.append(outcome)

    @invariant()
    def every_job_stands_where_its_state_says(self) -> None:
        """And nowhere else."""
        assert out_of_place(self.connection) == {}

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every job that ever was is there, or in the trash."""
        kept: set[Any] = {name.decode() for name in jobs(self.connection)}
        for key in self.connection.scan_iter("pantry:trash:*:jobs"):
            kept |= {record[0] for line in self.connection.lrange(key, 0, -1) for record in unpacked(line)}
        assert self.known <= kept


@pytest.fixture
def machine(operator: Operator, redis_client: Redis, settings: Settings) -> type[History]:
    """The machine, tied to the database of the test."""
    logging.getLogger("rq").disabled = True

    class Here(History):
        connection = redis_client

    Here.operator = operator
    return Here


@pytest.mark.timeout(600)
def test_histories(machine: type[History]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(24),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=(Phase.generate,),
        ),
    )
