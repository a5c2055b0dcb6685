"""RQ's scheduler, which neither dies of a job that cannot be read nor outlives its worker."""

from __future__ import annotations

import os
from typing import Any

from rq.scheduler import RQScheduler

from pantry_queue.keys import Keys
from pantry_queue.workers import damage
from pantry_queue.workers.lua import WorkerScripts
from pantry_queue.workers.parenthood import end_with

_MOST = 200


class PantryScheduler(RQScheduler):
    """Runs in a process of its own, forked by the worker."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parent = os.getpid()

    def work(self) -> None:
        """As RQ's."""
        if os.getpid() != self._parent:
            end_with(self._parent)
        super().work()  # type: ignore[no-untyped-call]

    def enqueue_scheduled_jobs(self) -> None:
        """As RQ's, which reads all that are due and dies of one that it cannot read: those are set aside before."""
        for queue in self._acquired_locks:
            set_aside_scheduled(self.connection, Keys.from_env(), queue)
        super().enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]


def set_aside_scheduled(connection: Any, keys: Keys, queue: str) -> None:
    """Put due jobs of a queue that cannot be read into quarantine.

    Args:
        connection: of the scheduler or the worker.
    """
    from redis.exceptions import ResponseError

    scripts = WorkerScripts(connection, keys)
    registry = keys.registry("scheduled", queue)
    now = connection.time()[0]
    try:
        due: list[bytes] = connection.zrangebyscore(registry, 0, now, start=0, num=_MOST)
    except ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise
        return
    for raw_id, raw in light_hashes(connection, keys, due):
        reason = damage.trouble(raw_id, raw, call=False) if isinstance(raw, dict) else raw
        if reason is not None and raw != {}:
            damage.set_aside(scripts, "scheduled", queue, raw_id, raw_id, reason)


_FIELDS = (
    "created_at origin worker_name description enqueued_at started_at ended_at last_heartbeat group_id timeout "
    "result_ttl failure_ttl status success_callback_name success_callback_timeout failure_callback_name "
    "failure_callback_timeout stopped_callback_name stopped_callback_timeout dependency_ids dependency_id "
    "allow_dependency_failures enqueue_at_front ttl number_of_retries retries_left retry_intervals "
    "enqueue_at_front_on_retry repeats_left repeat_intervals rate_limit_key rate_limit_concurrency"
).split()


def light_hashes(connection: Any, keys: Keys, ids: list[bytes]) -> list[tuple[bytes, dict[bytes, bytes] | str]]:
    """Hashes of jobs without what may be large; `data` is there as `-` where it is there.

    Returns:
        each id with its hash, empty when the job is gone; a text that says what stands under its name when that is
        no hash.
    """
    from redis.exceptions import ResponseError

    if not ids:
        return []
    with connection.pipeline(transaction=False) as pipe:
        for raw_id in ids:
            key = keys.job("").encode() + raw_id
            pipe.hmget(key, _FIELDS)
            pipe.hexists(key, "data")
        replies = pipe.execute(raise_on_error=False)
    found: list[tuple[bytes, dict[bytes, bytes] | str]] = []
    for raw_id, values, has_data in zip(ids, replies[::2], replies[1::2], strict=True):
        if isinstance(values, ResponseError):
            found.append((raw_id, "its key is of another kind than a job's"))
            continue
        if isinstance(values, Exception):
            raise values
        raw = {name.encode(): value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
        if has_data:
            raw[b"data"] = b"-"
        found.append((raw_id, raw))
    return found
