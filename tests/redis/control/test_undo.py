"""What was done can be undone: the database is as it was before, and nothing that moved on since is touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue
from rq.job import Job

from pantry_queue.control import trash, undoing
from pantry_queue.control.audit import whoami
from pantry_queue.control.plan import Options
from pantry_queue.errors import NotFound, PantryError, Refused
from tests.redis.control.jobs import nothing
from tests.redis.control.keyspace import differences, dump

from .conftest import Operator
from .test_same_as_rq import ids_of, seed

if TYPE_CHECKING:
    from redis import Redis

LATER = datetime.now(UTC) + timedelta(days=2)
CASES: dict[str, tuple[str, dict[str, Any], Options]] = {
    "requeue failed": ("jobs.requeue", {"states": ("failed",)}, Options()),
    "requeue finished elsewhere": ("jobs.requeue", {"states": ("finished",)}, Options(to="c")),
    "requeue all at front": ("jobs.requeue", {"everything": True}, Options(at_front=True)),
    "enqueue scheduled": ("jobs.enqueue-now", {"states": ("scheduled",)}, Options()),
    "enqueue deferred": ("jobs.enqueue-now", {"states": ("deferred",)}, Options()),
    "cancel queued": ("jobs.cancel", {"states": ("queued",)}, Options()),
    "cancel waiting": ("jobs.cancel", {"everything": True}, Options(parents=True)),
    "cancel some": ("jobs.cancel", {"ids": ("q-1", "q-3", "q-4", "d-1")}, Options()),
    "delete some": ("jobs.delete", {"ids": ("q-0", "q-3", "q-4", "f-meta", "d-1")}, Options(dependents=True)),
    "delete all": ("jobs.delete", {"everything": True}, Options()),
    "empty": ("queues.empty", {"queues": ("a",)}, Options()),
    "delete queue": ("queues.delete", {"queues": ("a",)}, Options()),
    "clear": ("all.clear-failures", {}, Options()),
    "to front": ("jobs.move", {"ids": ("q-3", "q-4")}, Options(at_front=True)),
    "to another queue": ("jobs.move", {"everything": True}, Options(to="c")),
    "reschedule": ("jobs.reschedule", {"everything": True}, Options(due=LATER)),
    "copy": ("jobs.copy", {"ids": ("q-0", "f-plain", "f-retried")}, Options()),
}


@pytest.mark.parametrize("case", CASES)
def test_undo_leaves_everything_as_it_was(
    case: str, operator: Operator, redis_client: Redis, work: Callable[..., None]
) -> None:
    seed(redis_client, work, limits=False)
    before = dump(redis_client)
    name, selection, options = CASES[case]
    ids = selection.pop("ids", ()) if "ids" in selection else ()
    outcome = operator.act(name, *ids, options=options, **selection)
    if ids:
        selection["ids"] = ids
    assert outcome.done > 1
    assert differences(before, dump(redis_client)) != {}
    undone = operator.undo(outcome)
    assert (undone.done, undone.skipped) == (outcome.done, {})
    left = differences(before, dump(redis_client))
    left.pop("rq:queues", None) if options.to else None  # another queue is known from then on
    assert left == {}
    assert not list(redis_client.scan_iter("pantry:trash*")), "nothing is left of an operation that was undone"


def test_undo_of_limited_jobs_gives_them_their_places_again(
    operator: Operator, redis_client: Redis, work: Callable[..., None]
) -> None:
    seed(redis_client, work)
    waiting = ids_of(redis_client, "queued")
    outcome = operator.act("jobs.delete", "l-0", "l-1", "l-2")
    assert (outcome.done, redis_client.zcard("rq:rl:z:allowed")) == (3, 0)
    assert operator.undo(outcome).done == 3
    assert redis_client.zcard("rq:rl:z:allowed") == 1
    assert redis_client.zcard("rq:rl:z:rate_limited") == 2
    assert len(ids_of(redis_client, "queued")) == len(waiting)


def test_the_place_in_line_is_behind_the_job_that_was_before_it(operator: Operator, redis_client: Redis) -> None:
    queue = Queue("a", connection=redis_client)
    for number in range(6):
        queue.enqueue(nothing, job_id=f"q-{number}")
    outcome = operator.act("jobs.cancel", "q-1", "q-3", "q-4")
    queue.enqueue(nothing, job_id="late")
    redis_client.lpop(queue.key)  # q-0 was taken
    assert operator.undo(outcome).done == 3
    assert redis_client.lrange(queue.key, 0, -1) == [b"q-1", b"q-2", b"q-3", b"q-4", b"q-5", b"late"]


def test_undo_leaves_alone_what_has_moved_on(
    operator: Operator, redis_client: Redis, work: Callable[..., None]
) -> None:
    seed(redis_client, work, limits=False)
    requeued = operator.act("jobs.requeue", "f-plain", "f-meta", "f-told", "o-plain")
    Job.fetch("f-meta", redis_client).cancel()
    Job.fetch("f-told", redis_client).delete()
    redis_client.lmove("rq:queue:a", "rq:queue:a:intermediate", "RIGHT", "RIGHT")  # o-plain is being taken
    before = dump(redis_client)
    undone = operator.undo(requeued)
    assert undone.done == 1
    assert undone.skipped == {"canceled": 1, "missing": 1, "starting": 1}
    changed = differences(before, dump(redis_client))
    assert {key.split(" ")[0] for key in changed} <= {
        "rq:queue:a",
        "rq:failed:a",
        "rq:job:f-plain",
        "rq:job:f-plain:dependents",
    }
    deleted = operator.act("jobs.delete", "f-ever", "f-group")
    Queue("a", connection=redis_client).enqueue(nothing, job_id="f-ever")
    again = operator.undo(deleted)
    assert (again.done, again.skipped) == (1, {"exists": 1})
    redis_client.delete("rq:job:f-ever")
    assert operator.undo(deleted).done == 1, "it had stayed in the trash"


def test_a_deferred_job_whose_parent_finished_while_it_was_deleted_runs(
    operator: Operator, redis_client: Redis, work: Callable[..., None]
) -> None:
    queue = Queue("a", connection=redis_client)
    queue.enqueue(nothing, job_id="parent")
    queue.enqueue(nothing, job_id="child", depends_on="parent")
    outcome = operator.act("jobs.delete", "child")
    work("a")
    assert operator.undo(outcome).done == 1
    work("a")
    assert redis_client.hget("rq:job:child", "status") == b"finished"


def test_the_trash_is_listed_shown_and_emptied(
    operator: Operator, redis_client: Redis, work: Callable[..., None]
) -> None:
    seed(redis_client, work, limits=False)
    first = operator.act("jobs.delete", states=("failed",))
    operator.act("jobs.cancel", "q-0")
    last, kept = trash.operations(operator.scripts)
    assert (kept.name, kept.action, kept.jobs, kept.done) == (first.operation, "jobs.delete", first.done, first.done)
    assert kept.size
    assert 0 < (kept.expires_in or 0) <= 86400
    assert (last.action, last.size) == ("jobs.cancel", 0)
    shown = trash.jobs(operator.scripts, kept.name)
    assert ("f-plain", "failed", "a") in [(job.id, job.state, job.queue) for job in shown]
    with pytest.raises(NotFound):
        operator.act("trash.empty", "nonsense")
    assert operator.act("trash.empty", str(last.name)).done == 1
    assert operator.act("trash.empty", everything=True).done == first.done
    assert not list(redis_client.scan_iter("pantry:trash*"))
    with pytest.raises(NotFound, match="the trash is empty"):
        undoing.undo(operator.scripts, None, whoami("test"))


@pytest.mark.parametrize(
    "line",
    [b"junk", b"[9", b"[]", b"[1]", b"{}", b'["x", "y"]', b'[3, ["a"], "q"]', b'[1e99, "a"]', b"\xff", b"[" * 5000],
)
def test_a_line_of_the_trash_that_is_none_of_ours_is_told_and_can_be_emptied(
    operator: Operator, redis_client: Redis, line: bytes
) -> None:
    Queue("a", connection=redis_client).enqueue(nothing, job_id="j")
    outcome = operator.act("jobs.delete", "j")
    redis_client.lset(f"pantry:trash:{outcome.operation}:jobs", 0, line)
    with pytest.raises(PantryError, match="cannot read"):
        operator.undo(outcome)
    operator.act("trash.empty", everything=True)
    assert not redis_client.exists(f"pantry:trash:{outcome.operation}")


def test_another_prefix_is_refused(operator: Operator, redis_client: Redis) -> None:
    Queue("a", connection=redis_client).enqueue(nothing, job_id="j")
    outcome = operator.act("jobs.delete", "j")
    redis_client.hset(f"pantry:trash:{outcome.operation}", "prefix", "other")
    with pytest.raises(Refused, match="RQ_KEY_PREFIX=other"):
        operator.undo(outcome)
