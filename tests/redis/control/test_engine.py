"""How a plan is carried out: only on what was seen, in chunks, stoppable, at a rate, once even if replies are lost."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue
from rq.executions import Execution
from rq.job import Job

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.control import canary, run, select, trash, undoing
from pantry_queue.control.actions import ACTIONS, applicable
from pantry_queue.control.audit import whoami
from pantry_queue.control.lua import Scripts
from pantry_queue.control.outcome import Progress
from pantry_queue.control.plan import Options, Selection
from pantry_queue.errors import ConfigError, NotFound, PantryError, RedisUnavailable
from pantry_queue.keys import Keys
from tests.redis.client.proxy import LossyDoor
from tests.redis.control.jobs import nothing
from tests.redis.control.keyspace import differences, dump

from .conftest import Operator

if TYPE_CHECKING:
    from redis import Redis


def fill(connection: Redis, count: int, state: str = "failed", queue: str = "a") -> list[str]:
    """Many jobs in one state."""
    ids = [f"{state}-{number:05}" for number in range(count)]
    made = Queue(queue, connection=connection)
    made.enqueue_many([Queue.prepare_data(nothing, job_id=job_id) for job_id in ids])
    if state != "queued":
        with connection.pipeline(transaction=False) as pipe:
            for number, job_id in enumerate(ids):
                pipe.hset(f"rq:job:{job_id}", mapping={"status": state, "ended_at": "2026-01-01T00:00:00.000000Z"})
                pipe.zadd(f"rq:{state}:{queue}", {job_id: 9e9 + number})
            pipe.delete(made.key)
            pipe.execute()
    return ids


def start(connection: Redis, job_id: str) -> Execution:
    """What a worker writes when it starts a job."""
    job = Job.fetch(job_id, connection)
    with connection.pipeline() as pipe:
        pipe.lrem(f"rq:queue:{job.origin}", 1, job_id)
        execution = Execution.create(job, 90, pipe, worker_name="w")
        job.prepare_for_execution("w", pipe)
        pipe.execute()
    return execution


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "ids"])
def test_what_changed_since_it_was_seen_is_left_alone(whole: bool, operator: Operator, redis_client: Redis) -> None:
    ids = fill(redis_client, 8)
    plan = operator.plan("jobs.delete", states=("failed",)) if whole else operator.plan("jobs.delete", *ids)
    later = (datetime.now(UTC) + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    redis_client.hset(f"rq:job:{ids[0]}", "ended_at", later)  # it ran and failed again
    redis_client.delete(f"rq:job:{ids[1]}")
    redis_client.zrem("rq:failed:a", ids[2])
    redis_client.hset(f"rq:job:{ids[2]}", "status", "queued")
    redis_client.rpush("rq:queue:b", ids[2])
    start(redis_client, ids[3])
    redis_client.hset(f"rq:job:{ids[3]}", mapping={"status": "failed", "started_at": ""})
    redis_client.delete(f"rq:job:{ids[4]}")
    redis_client.set(f"rq:job:{ids[4]}", "another kind")
    fill(redis_client, 2, "canceled")
    outcome = run.run(operator.scripts, plan, whoami("test"))
    assert outcome.done == 3
    if whole:
        assert (outcome.emptied, outcome.skipped) == (1, {"changed": 1, "running": 1, "broken": 1})
    else:
        assert outcome.skipped == {"changed": 1, "missing": 1, "queued": 1, "running": 1, "broken": 1}
        assert dict(outcome.left)[ids[2]] == "queued"
    assert redis_client.lrange("rq:queue:b", 0, -1) == [ids[2].encode()]
    assert redis_client.zcard("rq:canceled:a") == 2


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "ids"])
def test_it_is_stopped_between_chunks_and_running_it_again_does_the_rest(
    whole: bool, operator: Operator, redis_client: Redis
) -> None:
    ids = fill(redis_client, 1500)
    plan = operator.plan("jobs.requeue", states=("failed",)) if whole else operator.plan("jobs.requeue", *ids)
    stop, seen = Event(), list[Progress]()

    def progress(now: Progress) -> None:
        seen.append(now)
        if now.done >= 400:
            stop.set()

    outcome = run.run(operator.scripts, plan, whoami("test"), progress=progress, stop=stop)
    assert outcome.stopped
    assert 400 <= outcome.done < 1500
    assert outcome.remaining == 1500 - outcome.done == redis_client.zcard("rq:failed:a")
    assert [now.done for now in seen] == sorted(now.done for now in seen)
    assert seen[-1].total == 1500
    again = operator.act("jobs.requeue", states=("failed",))
    assert (again.done, again.stopped, again.remaining) == (1500 - outcome.done, False, 0)
    assert [job_id.decode() for job_id in redis_client.lrange("rq:queue:a", 0, -1)] == ids


def test_a_rate_is_kept(operator: Operator, redis_client: Redis) -> None:
    fill(redis_client, 60)
    plan = operator.plan("jobs.requeue", states=("failed",))
    outcome = run.run(operator.scripts, plan, whoami("test"), rate=100)
    assert outcome.done == 60
    assert outcome.seconds > 0.5


def test_behind_a_canary_the_plan_is_for_what_is_left(operator: Operator, redis_client: Redis) -> None:
    ids = fill(redis_client, 30)
    plan = operator.plan("jobs.requeue", states=("failed",))
    some = canary.first(operator.scripts.connection, Keys(), plan, 5)
    assert run.run(operator.scripts, some, whoami("test")).done == 5
    again = ids[:2]
    for job_id in again:  # two fail again
        redis_client.lrem("rq:queue:a", 1, job_id)
        redis_client.hset(f"rq:job:{job_id}", mapping={"status": "failed", "ended_at": "2999-01-01T00:00:00.000000Z"})
        redis_client.zadd("rq:failed:a", {job_id: 9.5e9})
    left = canary.rest(plan, ids[:5])
    assert (left.total, str(left.scope)) == (25, "25 of 30 failed jobs of queue a")
    outcome = run.run(operator.scripts, left, whoami("test"))
    assert outcome.done == 25
    assert redis_client.zrange("rq:failed:a", 0, -1) == [job_id.encode() for job_id in again]


def test_a_stopped_wait_ends_at_once(operator: Operator, redis_client: Redis) -> None:
    fill(redis_client, 60)
    stop = Event()
    plan = operator.plan("jobs.requeue", states=("failed",))
    outcome = run.run(operator.scripts, plan, whoami("test"), rate=0.01, progress=lambda _: stop.set(), stop=stop)
    assert (outcome.stopped, outcome.done) == (True, 1)


@pytest.mark.parametrize("chunk", [0, 1], ids=["first", "later"])
@pytest.mark.parametrize("name", ["jobs.requeue", "jobs.delete"])
def test_a_lost_reply_changes_nothing(name: str, chunk: int, settings: Settings, redis_client: Redis) -> None:
    """redis-py sends the call again; the script knows it."""
    ids = fill(redis_client, 700)
    door = LossyDoor(str(settings.redis_url).removeprefix("unix://"))
    client = connect(replace(settings, redis_url=door.url))
    scripts = Scripts(client, Keys(), settings)
    plan = select.plan(redis_client, Keys(), ACTIONS[name], Selection(states=("failed",)))
    door.lose = 2 if chunk == 0 else 0
    rounds: list[int] = []

    def progress(now: Progress) -> None:
        rounds.append(now.done)
        if len(rounds) == chunk:
            door.lose = 2

    outcome = run.run(scripts, plan, whoami("test"), progress=progress)
    assert door.lost == 2
    assert (outcome.done, outcome.skipped, outcome.broken) == (700, {}, None)
    assert redis_client.hget(f"pantry:trash:{outcome.operation}", "done") == b"700"
    assert redis_client.xlen("pantry:audit") == 2
    door.lose = 2
    undone = undoing.undo(scripts, outcome.operation, whoami("test"))
    assert (undone.done, undone.skipped, door.lost) == (700, {}, 4)
    assert sorted(ids) == sorted(job_id.decode() for job_id in redis_client.zrange("rq:failed:a", 0, -1))
    door.close()


def test_a_write_that_the_audit_cannot_record_does_not_happen(operator: Operator, redis_client: Redis) -> None:
    ids = fill(redis_client, 3)
    redis_client.set("pantry:audit", "another kind")
    before = dump(redis_client)
    for name, chosen in (("jobs.requeue", Selection(states=("failed",))), ("jobs.delete", Selection(ids=tuple(ids)))):
        plan = select.plan(operator.scripts.connection, Keys(), ACTIONS[name], chosen)
        with pytest.raises(RedisUnavailable, match="WRONGTYPE"):
            run.run(operator.scripts, plan, whoami("test"))
    with pytest.raises(PantryError, match="pantry:audit is no stream"):
        operator.act("all.suspend", everything=True)
    assert differences(before, dump(redis_client)) == {}
    assert not redis_client.exists("rq:suspended")


def test_one_job_that_redis_refuses_does_not_keep_the_others(operator: Operator, redis_client: Redis) -> None:
    ids = fill(redis_client, 40)
    odd = ids[17]
    redis_client.hset(f"rq:job:{odd}", "origin", "wrong")
    redis_client.set("rq:queue:wrong", "another kind")
    outcome = operator.act("jobs.requeue", *ids)
    assert outcome.done == 39
    assert [job_id for job_id, _ in outcome.failed] == [odd]
    assert redis_client.hget(f"rq:job:{odd}", "status") == b"failed"
    again = operator.act("jobs.requeue", states=("failed",))
    assert ([job_id for job_id, _ in again.failed], again.done) == ([odd], 0)


def test_orphans_are_put_back_or_failed_and_running_jobs_are_not(operator: Operator, redis_client: Redis) -> None:
    ids = fill(redis_client, 4, "queued")
    executions = [start(redis_client, job_id) for job_id in ids]
    for execution in executions[:3]:  # their worker's heartbeats ended
        redis_client.delete(execution.key)
    outcome = operator.act("jobs.rescue", ids[0], ids[3])
    assert (outcome.done, outcome.skipped, outcome.undoable) == (1, {"running": 1}, False)
    assert redis_client.lrange("rq:queue:a", 0, -1) == [ids[0].encode()]
    assert redis_client.hget(f"rq:job:{ids[0]}", "status") == b"queued"
    failed = operator.act("jobs.fail", everything=True)
    assert (failed.done, failed.skipped) == (2, {"running": 1})
    assert Job.fetch(ids[1], redis_client).latest_result().exc_string.startswith("Marked failed by an operator")
    assert redis_client.zcard("rq:wip:a") == 1
    assert Job.fetch(ids[2], redis_client).get_status() == "failed"
    requeued = operator.act("jobs.requeue", ids[1])
    assert requeued.done == 1


def test_ghosts_are_forgotten_and_living_workers_are_not(operator: Operator, redis_client: Redis) -> None:
    for name in ("ghost", "alive"):
        redis_client.sadd("rq:workers", f"rq:worker:{name}")
        redis_client.sadd("rq:workers:a", f"rq:worker:{name}")
    redis_client.sadd("rq:queues", "rq:queue:a")
    redis_client.hset("rq:worker:alive", "birth", "x")
    outcome = operator.act("workers.forget", "ghost", "alive", "none")
    assert (outcome.done, outcome.skipped) == (1, {"alive": 1, "missing": 1})
    assert redis_client.smembers("rq:workers") == redis_client.smembers("rq:workers:a") == {b"rq:worker:alive"}


def test_ids_and_queues_may_hold_any_bytes(operator: Operator, redis_client: Redis) -> None:
    odd = b"b\xff \xe2\x98\x83:\x1b[31m"
    ids = fill(redis_client, 2)
    for old in ids:
        redis_client.rename(f"rq:job:{old}", b"rq:job:" + odd + old.encode())
    redis_client.delete("rq:failed:a")
    redis_client.zadd(b"rq:failed:" + odd, {odd + old.encode(): 9e9 for old in ids})
    for old in ids:
        redis_client.hset(b"rq:job:" + odd + old.encode(), "origin", odd)
    redis_client.sadd("rq:queues", b"rq:queue:" + odd)
    before = dump(redis_client)
    first = (odd + ids[0].encode()).decode("utf-8", "surrogateescape")
    for chosen in (Selection(states=("failed",)), Selection(ids=(first,))):
        plan = select.plan(operator.scripts.connection, Keys(), ACTIONS["jobs.delete"], chosen)
        outcome = run.run(operator.scripts, plan, whoami("test"))
        assert outcome.done == (1 if chosen.ids else 2)
        assert trash.jobs(operator.scripts, str(outcome.operation))[0].queue == "b\\xff ☃:\\x1b[31m"
        assert operator.undo(outcome).done == outcome.done
        assert differences(before, dump(redis_client)) == {}


def test_a_plan_says_what_it_will_do(operator: Operator, redis_client: Redis) -> None:
    fill(redis_client, 30)
    fill(redis_client, 3, "canceled", "b")
    plan = operator.plan("jobs.requeue", everything=True, options=Options(at_front=True))
    assert plan.total == 33
    assert plan.scope == "33 canceled and failed jobs"
    assert dict(plan.breakdown) == {"failed in a": 30, "canceled in b": 3}
    assert plan.functions == (("tests.redis.control.jobs.nothing", plan.sampled),)
    assert plan.oldest
    assert plan.command == "pantry-console jobs requeue --all --at-front"
    assert "while the jobs have not started" in plan.effect
    named = operator.plan("jobs.requeue", "canceled-00001", "none")
    assert (named.total, named.left_out) == (1, (("none", "missing"),))
    with pytest.raises(NotFound):
        operator.plan("jobs.requeue", "none")
    with pytest.raises(NotFound, match="no queue x"):
        operator.plan("jobs.requeue", states=("failed",), queues=("x",))
    with pytest.raises(ConfigError, match="needs jobs"):
        operator.plan("jobs.requeue")


@pytest.mark.parametrize(("name", "says"), [("jobs.requeue", "run it again"), ("jobs.copy", "choose the others")])
def test_a_plan_that_does_not_hold_all_says_so(
    name: str, says: str, operator: Operator, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(redis_client, 5)
    monkeypatch.setattr(select, "MOST_IDS", 3)
    where: dict[str, Any] = {"where": "state:failed"} if name == "jobs.requeue" else {"states": ("failed",)}
    plan = operator.plan(name, **where)
    assert (plan.total, says in plan.scope) == (3, True), plan.scope
    monkeypatch.undo()
    assert "at a time" not in operator.plan(name, **where).scope


def test_a_plan_tells_how_far_it_has_looked_and_reads_no_errors_for_it(operator: Operator, redis_client: Redis) -> None:
    fill(redis_client, 300)
    said: list[tuple[int, int, int, bool]] = []
    asked = redis_client.info("commandstats").get("cmdstat_xrevrange", {"calls": 0})["calls"]
    plan = select.plan(
        operator.scripts.connection,
        operator.scripts.keys,
        ACTIONS["jobs.requeue"],
        Selection(where="state:failed"),
        progress=lambda found: said.append((found.looked, found.total, found.hits, found.finished)),
    )
    assert plan.total
    assert said[-1][2:] == (plan.total, True)
    assert [looked for looked, *_ in said] == sorted(looked for looked, *_ in said)
    assert redis_client.info("commandstats").get("cmdstat_xrevrange", {"calls": 0})["calls"] == asked


def test_only_what_loses_something_says_that_it_cannot_be_undone(operator: Operator, redis_client: Redis) -> None:
    fill(redis_client, 1, "queued")
    start(redis_client, "queued-00000")
    assert "It cannot be undone." in operator.plan("jobs.stop", "queued-00000").effect
    suspending = operator.plan("all.suspend", everything=True)
    assert "until resumed" in suspending.effect
    assert "undone" not in suspending.effect


def test_the_table_is_whole() -> None:
    keys = set()
    for name, action in ACTIONS.items():
        assert name == f"{action.noun}.{action.verb}"
        assert action.what.endswith(".")
        assert bool(action.undo) == bool(action.undo_says)
        assert not action.drains or action.script
        for state in action.states or ("",):
            keys.add((action.noun, state, action.key, action.verb))
    assert "jobs.cancel" in [action.name for action in applicable("jobs", "queued")]
    assert "jobs.stop" not in [action.name for action in applicable("jobs", "queued")]
    for noun, state, key, _ in keys:
        same = {verb for n, s, k, verb in keys if (n, s, k) == (noun, state, key)}
        assert len(same) == 1 or not state, (state, key, same)


def test_time_is_the_servers(operator: Operator) -> None:
    assert abs(select.server_time(operator.scripts.connection).timestamp() - time.time()) < 60
