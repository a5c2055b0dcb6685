"""Actions that are one command of Redis each: nothing to choose inside a script, nothing to bring back."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from pantry_queue.control import acknowledging
from pantry_queue.control.lua import Scripts
from pantry_queue.control.operation import Operation
from pantry_queue.control.outcome import NAMED, Outcome
from pantry_queue.control.plan import Plan
from pantry_queue.monitor.wire import name_of, raw_of

#: How many it was done to, and what was left alone with the reason.
Done = tuple[int, list[tuple[str, str]]]
_CHUNK = 500


def run(scripts: Scripts, plan: Plan, operation: Operation) -> Outcome:
    """Carry out a plan of an action that is no bulk script. Its intent is recorded first.

    Raises:
        redis.exceptions.RedisError: it could not be recorded, or not be done.
    """
    began = time.monotonic()
    operation.announce(scripts)
    by_whom = _DOES_AS.get(plan.action.name)
    done, left = by_whom(scripts, plan, operation) if by_whom else _DOES[plan.action.name](scripts, plan)
    skipped = Counter(reason for _, reason in [*plan.left_out, *left])
    operation.close(scripts, {"done": done, "skipped": skipped.total()}, undoable=False)
    return Outcome(
        operation=operation.name,
        action=plan.action,
        done=done,
        skipped=dict(skipped),
        left=tuple([*plan.left_out, *left][:NAMED]),
        seconds=time.monotonic() - began,
    )


def forget_queues(scripts: Scripts, plan: Plan, operation: Operation) -> None:
    """Take queues that are empty by now out of RQ's set of queues, as `Queue.delete` does."""
    from redis.exceptions import WatchError

    keys = scripts.keys
    if not operation.announced:
        operation.announce(scripts)
        operation.close(scripts, {"done": 0}, undoable=False)
    for queue in plan.selection.queues:
        key = keys.queue(queue)
        with scripts.connection.pipeline() as pipe:
            try:
                pipe.watch(key)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
                if pipe.llen(key):
                    continue
                pipe.multi()
                pipe.srem(keys.queues, raw_of(key))
                pipe.srem(keys.paused, raw_of(queue))
                pipe.zrem(keys.paused_until, raw_of(queue))
                pipe.execute()
            except WatchError:  # something was enqueued just now: then the queue is alive
                continue


def _stop(scripts: Scripts, plan: Plan) -> Done:
    """The command of `rq.command.send_stop_job_command`, to each worker that runs one of the jobs."""
    done, left = 0, []
    ids = [job_id for group in plan.groups for job_id in group.ids]
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        with scripts.connection.pipeline(transaction=False) as pipe:
            for job_id in chunk:
                pipe.hmget(scripts.keys.job(job_id), "status", "worker_name")
            jobs = pipe.execute()
        running = [(job_id, worker) for job_id, (state, worker) in zip(chunk, jobs, strict=True) if state == b"started"]
        left += [
            (job_id, name_of(state or b"missing"))
            for job_id, (state, _) in zip(chunk, jobs, strict=True)
            if state != b"started"
        ]
        with scripts.connection.pipeline(transaction=False) as pipe:
            for job_id, worker in running:
                command = json.dumps({"command": "stop-job", "job_id": job_id})
                pipe.publish(raw_of(scripts.keys.worker_channel(name_of(worker or b""))), command)
            heard = pipe.execute()
        done += sum(1 for count in heard if count)
        left += [(job_id, "worker_gone") for (job_id, _), count in zip(running, heard, strict=True) if not count]
    return done, left


def _pause(scripts: Scripts, plan: Plan) -> Done:
    """A queue that is paused gets the end that is asked for, or loses the one it had."""
    keys, seconds, names = scripts.keys, plan.options.seconds, plan.selection.queues
    until = None if seconds is None else _server_time(scripts) + seconds
    done, left = 0, []
    for name in names:
        with scripts.connection.pipeline() as pipe:
            pipe.sadd(keys.paused, raw_of(name))
            if until is None:
                pipe.zrem(keys.paused_until, raw_of(name))
            else:
                pipe.zadd(keys.paused_until, {raw_of(name): until})
            added, ends_changed = pipe.execute()
        if added or until is not None or ends_changed:
            done += 1
        else:
            left.append((name, "paused"))
    return done, left


def _unpause(scripts: Scripts, plan: Plan) -> Done:
    keys, now = scripts.keys, _server_time(scripts)
    done, left = 0, []
    for name in plan.selection.queues:
        with scripts.connection.pipeline() as pipe:
            pipe.zscore(keys.paused_until, raw_of(name))
            pipe.srem(keys.paused, raw_of(name))
            pipe.zrem(keys.paused_until, raw_of(name))
            until, removed, _ = pipe.execute()
        if removed and not (until is not None and until <= now):
            done += 1
        else:
            left.append((name, "not_paused"))
    return done, left


def _server_time(scripts: Scripts) -> float:
    seconds, micros = scripts.connection.time()
    return float(seconds + micros / 1e6)


def _suspend(scripts: Scripts, plan: Plan) -> Done:
    # One command: a time limit of its own would be lost with the connection (rq.suspension.suspend).
    scripts.connection.set(scripts.keys.suspended, 1, ex=plan.options.seconds)
    return 1, []


def _resume(scripts: Scripts, plan: Plan) -> Done:
    if scripts.connection.delete(scripts.keys.suspended):
        return 1, []
    return 0, [("workers", "not_suspended")]


def _shutdown(scripts: Scripts, plan: Plan) -> Done:
    """The command of `rq.command.send_shutdown_command`, never twice: RQ's workers kill their job at the second."""
    keys, asked, left = scripts.keys, list[str](), list[tuple[str, str]]()
    seen = [(name, group.state) for group in plan.groups for name in group.ids]
    with scripts.connection.pipeline(transaction=False) as pipe:
        for name, _ in seen:
            pipe.hmget(raw_of(keys.worker(name)), "birth", "shutdown_requested_date")
        records = pipe.execute()
    for (name, born), (birth, requested) in zip(seen, records, strict=True):
        if name_of(birth or b"") != born:
            left.append((name, "changed"))
        elif requested:
            left.append((name, "ending"))
        else:
            asked.append(name)
    with scripts.connection.pipeline(transaction=False) as pipe:
        for name in asked:
            pipe.publish(raw_of(keys.worker_channel(name)), json.dumps({"command": "shutdown"}))
        heard = pipe.execute()
    left += [(name, "deaf") for name, count in zip(asked, heard, strict=True) if not count]
    return sum(1 for count in heard if count), left


def _empty_trash(scripts: Scripts, plan: Plan) -> Done:
    from pantry_queue.control import discard

    return discard.empty(scripts, plan.selection.ids), []


def _forget(scripts: Scripts, plan: Plan) -> Done:
    from redis.exceptions import WatchError

    from pantry_queue.monitor.merge import queue_names

    keys = scripts.keys
    queues = queue_names(scripts.connection, keys)
    done, left = 0, []
    for worker in plan.selection.ids:
        key = raw_of(keys.worker(worker))
        with scripts.connection.pipeline() as pipe:
            try:
                pipe.watch(key)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
                if pipe.exists(key):
                    left.append((worker, "alive"))
                    continue
                pipe.multi()
                pipe.srem(keys.workers, key)
                for queue in queues:
                    pipe.srem(raw_of(keys.queue_workers(queue)), key)
                removed: list[Any] = pipe.execute()
                if any(removed):
                    done += 1
                else:
                    left.append((worker, "missing"))
            except WatchError:
                left.append((worker, "alive"))
    return done, left


_DOES: dict[str, Callable[[Scripts, Plan], Done]] = {
    "jobs.stop": _stop,
    "queues.pause": _pause,
    "queues.resume": _unpause,
    "workers.forget": _forget,
    "workers.shutdown": _shutdown,
    "trash.empty": _empty_trash,
    "all.suspend": _suspend,
    "all.resume": _resume,
}
#: What has to know who does it, too.
_DOES_AS: dict[str, Callable[[Scripts, Plan, Operation], Done]] = {
    "alerts.acknowledge": acknowledging.acknowledge,
    "alerts.unacknowledge": acknowledging.unacknowledge,
}
