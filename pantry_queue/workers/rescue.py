"""Jobs whose worker died, froze or was cut off: found within seconds, put back, not failed.

Each worker looks, one at a time. RQ's own maintenance looks every ten minutes, under a lock that outlives a dead
holder by fifteen, and fails a job that never ran.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from rq import worker_registration
from rq.rate_limit import RateLimitRegistry
from rq.registry import DeferredJobRegistry, FailedJobRegistry, FinishedJobRegistry, ReadyJobRegistry
from rq.utils import now as rq_now
from rq.utils import utcformat

from pantry_queue.control import audit
from pantry_queue.text import safe
from pantry_queue.workers import damage
from pantry_queue.workers.lua import WorkerScripts
from pantry_queue.workers.outage import passes
from pantry_queue.workers.recording import stored_text
from pantry_queue.workers.scheduling import light_hashes
from pantry_queue.workers.suspects import Suspects

logger = logging.getLogger("pantry_queue.workers.rescue")

LOCK_SECONDS = 30
#: How soon after a pass the next one may be, whoever holds it.
BETWEEN_SECONDS = 4
#: Putting a job back more often than this in 72 hours means that it ends its workers.
MOST_REPAIRS = 3
#: A pass is over after so long; the rest is for the next one.
BUDGET_SECONDS = 1.0
#: What a worker may have taken and not yet registered. Ours need milliseconds, and find out when they were too slow.
TAKEN_GRACE = 10.0
_MOST = 200
_TIDY_SECONDS = 60.0

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('EXPIRE', KEYS[1], ARGV[2]) end"
_TAKE_OVER = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1 end"
)


class Rescue:
    """The looks of one worker.

    Args:
        scripts: on the worker's connection.
        worker: whose name the lock bears, and whose queues are looked after even if RQ does not list them.
    """

    def __init__(self, scripts: WorkerScripts, worker: Any) -> None:
        self._scripts = scripts
        self._worker = worker
        self._keys = scripts.keys
        self._connection: Any = scripts.connection
        self._suspects = Suspects(scripts)
        self._end = 0.0
        self._next_tidy = 0.0
        who = audit.fields("rescue", "outcome", "rescue", audit.whoami("worker"), {"worker": worker.name})
        self._who = [part for pair in who.items() for part in pair]

    def run(self) -> None:
        """One pass, if no other worker has just made one.

        Raises:
            redis.exceptions.RedisError: Redis is away.
        """
        if not self._lock():
            return
        self._end = time.monotonic() + BUDGET_SECONDS
        try:
            self._pass()
        except Exception as error:
            if passes(error):
                raise
            # Whatever is wrong with one key must not end a worker that has done nothing to it.
            logger.exception("A look for lost jobs broke off.")
        finally:
            self._unlock()

    def give_back(self, queue: str, job_id: str, execution_id: str) -> None:
        """Put back a run that is given up on purpose; it does not count as a repair."""
        self._settle("wip", queue, f"{job_id}:{execution_id}".encode(), job_id.encode(), most=0)

    # -- one holder at a time -----------------------------------------------------------------------------
    def _lock(self) -> bool:
        name = self._worker.name
        if self._connection.set(self._keys.rescue_lock, name, nx=True, ex=LOCK_SECONDS):
            return True
        holder = self._connection.get(self._keys.rescue_lock)
        life = self._connection.pttl(self._keys.rescue_lock)
        if holder is None or life <= BETWEEN_SECONDS * 1000:
            return False
        channel = self._keys.worker_channel(holder.decode("utf-8", "replace"))
        ((_, listeners),) = self._connection.pubsub_numsub(channel)
        if listeners:
            return False
        # It died in the middle of a pass: nobody listens to its commands any more.
        return bool(self._connection.eval(_TAKE_OVER, 1, self._keys.rescue_lock, holder, name, LOCK_SECONDS))

    def _unlock(self) -> None:
        try:
            self._connection.eval(_RELEASE, 1, self._keys.rescue_lock, self._worker.name, BETWEEN_SECONDS)
        except Exception as error:
            if not passes(error):
                raise

    # -- a pass -------------------------------------------------------------------------------------------
    def _pass(self) -> None:
        self._suspects.begin()
        queues = self._queues()
        for queue in queues:
            self._started(queue)
            self._taken(queue)
            if time.monotonic() > self._end:
                break
        for queue, state, raw_id in self._suspects.nowhere(queues, self._end):
            self._settle("hash", queue, state.encode(), raw_id)
        if time.monotonic() >= self._next_tidy:
            self._next_tidy = time.monotonic() + _TIDY_SECONDS
            self._tidy()

    def _queues(self) -> list[str]:
        known = [self._keys.queue_name(key.decode("utf-8", "replace")) for key in self._members(self._keys.queues)]
        return list(dict.fromkeys([*self._worker.queue_names(), *sorted(known)]))

    def _members(self, key: str) -> Iterable[bytes]:
        from redis.exceptions import ResponseError

        try:
            return list(self._connection.smembers(key))
        except ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
            return []

    def _started(self, queue: str) -> None:
        """Runs whose heartbeat is overdue, by the server's clock."""
        expired = self._listed("zrangebyscore", self._keys.registry("started", queue), 0, self._connection.time()[0])
        ids = [(member, member.rpartition(b":")[0] or member) for member in expired]
        for member, raw_id in self._readable(ids, "wip", queue):
            self._settle("wip", queue, member, raw_id)

    def _taken(self, queue: str) -> None:
        """Ids that stay between queue and start."""
        ids = self._listed("lrange", self._keys.intermediate(queue), 0, _MOST - 1)
        old = [raw_id for raw_id in ids if self._suspects.age(b"taken:" + queue.encode() + b":" + raw_id) > TAKEN_GRACE]
        for _, raw_id in self._readable([(raw_id, raw_id) for raw_id in old], "intermediate", queue):
            self._settle("intermediate", queue, raw_id, raw_id)

    def _listed(self, command: str, key: str, *span: Any) -> list[bytes]:
        from redis.exceptions import ResponseError

        try:
            if command == "lrange":
                return list(self._connection.lrange(key, *span))
            return list(self._connection.zrangebyscore(key, *span, start=0, num=_MOST))
        except ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
            return []

    def _readable(self, found: list[tuple[bytes, bytes]], place: str, queue: str) -> list[tuple[bytes, bytes]]:
        """Those that can be read; the others are set aside."""
        good = []
        hashes = light_hashes(self._connection, self._keys, [raw_id for _, raw_id in found])
        for (member, raw_id), (_, raw) in zip(found, hashes, strict=True):
            reason = damage.trouble(raw_id, raw, call=False) if isinstance(raw, dict) else raw
            if reason is None or raw == {}:
                good.append((member, raw_id))
            else:
                damage.set_aside(self._scripts, place, queue, member, raw_id, reason)
        return good

    def _settle(self, place: str, queue: str, member: bytes, raw_id: bytes, most: int = MOST_REPAIRS) -> None:
        told = (
            "pantry_queue.workers.rescue.Poison: poison: "
            f"the job was put back {MOST_REPAIRS} times in 72 hours, and each time the worker that ran it was gone."
        )
        arguments = (place, queue, member, raw_id, most, stored_text(told), utcformat(rq_now()), *self._who)
        did = self._scripts("settle", *arguments).decode()
        if did in ("queued", "poison", "registered"):
            shown = safe(raw_id.decode("utf-8", "backslashreplace"), 200)
            logger.warning("Job %s of queue %s (%s): %s.", shown, queue, place, did)

    # -- RQ's own maintenance, less what is done above ----------------------------------------------------
    def _tidy(self) -> None:
        for queue in self._worker.queues:
            for registry in (FinishedJobRegistry, FailedJobRegistry, DeferredJobRegistry, ReadyJobRegistry):
                registry(
                    name=queue.name,
                    connection=queue.connection,
                    job_class=queue.job_class,
                    serializer=queue.serializer,
                ).cleanup()
            worker_registration.clean_worker_registry(queue)
        for limit in RateLimitRegistry.all(self._connection):
            limit.cleanup()
        self._worker.clean_group_registries()
