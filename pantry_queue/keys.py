"""RQ's key and field names, and ours, in one place.

Layout from the RQ 3.0 source (`rq.job`, `rq.queue`, `rq.registry`, `rq.executions`, `rq.worker.base`); RQ 2.x
uses the same names with the fixed prefix `rq`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from pantry_queue.errors import ConfigError

#: RQ allows no other characters, since it splices the prefix into Lua source (`rq.defaults`).
_PREFIX = re.compile(r"[A-Za-z0-9_.:{}-]+")
#: What a cluster hashes instead of the whole name; an empty one counts for nothing (Redis cluster specification).
_HASH_TAG = re.compile(r"\{([^}]*)\}")

#: States that are sorted sets of their own, by RQ's name for the state -> key part.
REGISTRIES: dict[str, str] = {
    "started": "wip",
    "finished": "finished",
    "failed": "failed",
    "deferred": "deferred",
    "scheduled": "scheduled",
    "canceled": "canceled",
    "ready": "ready",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """Names of keys under one prefix.

    Args:
        prefix: RQ's key prefix, `RQ_KEY_PREFIX` from RQ 3.0 on, `rq` before.
    """

    prefix: str = "rq"

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise ConfigError(
                f"RQ_KEY_PREFIX is {self.prefix!r}; it may hold only letters, digits and the characters _ . : - {{ }}."
            )

    @classmethod
    def from_env(cls) -> Keys:
        """The names under `RQ_KEY_PREFIX`, which RQ itself reads in the same way."""
        return cls(os.environ.get("RQ_KEY_PREFIX", "rq"))

    # -- sets that name everything else -----------------------------------------------------------------
    @property
    def queues(self) -> str:
        """Set of full queue keys."""
        return f"{self.prefix}:queues"

    @property
    def workers(self) -> str:
        """Set of full worker keys; members may be long dead."""
        return f"{self.prefix}:workers"

    @property
    def suspended(self) -> str:
        """String, present while all workers are suspended; may expire."""
        return f"{self.prefix}:suspended"

    # -- queues -----------------------------------------------------------------------------------------
    def queue(self, name: str) -> str:
        """List of job ids, head is next."""
        return f"{self.prefix}:queue:{name}"

    def queue_name(self, key: str) -> str:
        """The name inside a full queue key."""
        return key.removeprefix(f"{self.prefix}:queue:")

    def intermediate(self, name: str) -> str:
        """List of ids taken from the queue but not yet registered as started."""
        return f"{self.prefix}:queue:{name}:intermediate"

    def registry(self, state: str, queue: str) -> str:
        """Sorted set of a state (see `REGISTRIES`) of one queue."""
        return f"{self.prefix}:{REGISTRIES[state]}:{queue}"

    def queue_workers(self, queue: str) -> str:
        """Set of full worker keys that said they listen to this queue."""
        return f"{self.prefix}:workers:{queue}"

    def scheduler_lock(self, queue: str) -> str:
        """String with the scheduler's name (RQ >= 2.10) or pid."""
        return f"{self.prefix}:scheduler-lock:{queue}"

    # -- jobs -------------------------------------------------------------------------------------------
    def job(self, job_id: str) -> str:
        """Hash of a job."""
        return f"{self.prefix}:job:{job_id}"

    def dependents(self, job_id: str) -> str:
        """Set of ids that wait for this job."""
        return f"{self.prefix}:job:{job_id}:dependents"

    def dependencies(self, job_id: str) -> str:
        """Set of ids this job waits for; the doubled colon is RQ's."""
        return f"{self.prefix}:job::{job_id}:dependencies"

    def results(self, job_id: str) -> str:
        """Stream of results, newest last."""
        return f"{self.prefix}:results:{job_id}"

    def executions(self, job_id: str) -> str:
        """Sorted set of execution ids of a job."""
        return f"{self.prefix}:executions:{job_id}"

    def execution(self, job_id: str, execution_id: str) -> str:
        """Hash of one execution; its times are unix floats."""
        return f"{self.prefix}:execution:{job_id}:{execution_id}"

    def group(self, name: str) -> str:
        """Set of ids of a group."""
        return f"{self.prefix}:group:{name}"

    # -- workers ----------------------------------------------------------------------------------------
    def worker(self, name: str) -> str:
        """Hash of a worker."""
        return f"{self.prefix}:worker:{name}"

    def worker_name(self, key: str) -> str:
        """The name inside a full worker key."""
        return key.removeprefix(f"{self.prefix}:worker:")

    def worker_executions(self, name: str) -> str:
        """Set of `job:execution` a worker runs now (RQ >= 3.0)."""
        return f"{self.prefix}:worker:{name}:executions"

    def worker_channel(self, name: str) -> str:
        """Pub/sub channel that carries commands to a worker."""
        return f"{self.prefix}:pubsub:{name}"

    # -- our own, all bounded by length or expiry (docs/keyspace.md) ------------------------------------
    @property
    def own(self) -> str:
        """What the names of our own keys begin with: `pantry`.

        Where RQ's prefix holds a hash tag, ours holds it too: a cluster refuses to change keys of two slots at once.
        """
        tag = _HASH_TAG.search(self.prefix)
        return f"{{{tag[1]}}}:pantry" if tag and tag[1] else "pantry"

    @property
    def paused(self) -> str:
        """Set of names of queues that PantryWorkers take nothing from."""
        return f"{self.own}:paused"

    @property
    def paused_until(self) -> str:
        """Sorted set: paused queues by the server's unix time their pause is over; others are paused until resumed."""
        return f"{self.own}:paused:until"

    @property
    def events(self) -> str:
        """Stream of starts and ends of jobs, written by PantryWorkers (`pantry_queue.monitor.events`)."""
        return f"{self.own}:events"

    @property
    def quarantine(self) -> str:
        """Sorted set of ids of jobs set aside because they cannot be read, by the time that was found."""
        return f"{self.own}:quarantine"

    @property
    def quarantine_reasons(self) -> str:
        """Hash: id of a job in quarantine -> JSON of `reason`, `queue` and `place` it was taken from."""
        return f"{self.own}:quarantine:why"

    def breaker(self, name: str) -> str:
        """Hash: that the service of this name failed, and how long it is given a rest; expires."""
        return f"{self.own}:breaker:{name}"

    @property
    def rescue_lock(self) -> str:
        """String with the name of the worker that looks for lost jobs now; expires."""
        return f"{self.own}:rescue"

    @property
    def suspects(self) -> str:
        """Hash: what may be lost -> the server's time it was seen first; expires."""
        return f"{self.own}:rescue:seen"

    @property
    def scan_cursor(self) -> str:
        """String: how far the search for jobs that nothing holds has come; expires."""
        return f"{self.own}:rescue:cursor"

    def repairs(self, job_id: str) -> str:
        """String: how often a job was put back; expires 72 hours after the first time."""
        return f"{self.own}:rescue:repairs:{job_id}"

    def log(self, job_id: str) -> str:
        """Stream of what a job wrote, one entry a line (field `line`); expires a day after its last line."""
        return f"{self.own}:log:{job_id}"

    def progress(self, job_id: str) -> str:
        """Hash `done`, `total`, `message`, `at` (unix time): how far a job is; expires a day after its last change."""
        return f"{self.own}:progress:{job_id}"

    def stats(self, minute: int) -> str:
        """Hash of counts by function of one minute since 1970 (`pantry_queue.workers.stats`); expires after a day."""
        return f"{self.own}:stats:{minute}"

    @property
    def history(self) -> str:
        """Stream of samples of the last day (`pantry_queue.history`), whose other keys lie under this name."""
        return f"{self.own}:history"

    @property
    def history_month(self) -> str:
        """Stream of samples of the last month."""
        return f"{self.history}:month"

    @property
    def history_lock(self) -> str:
        """String with a token of the process that writes samples; expires."""
        return f"{self.history}:writer"

    @property
    def alerts(self) -> str:
        """String: what the process that tells of alerts has told and has still to tell; its other keys lie under it."""
        return f"{self.own}:alerts"

    @property
    def alert_kinds(self) -> str:
        """String: kinds of failure it has met."""
        return f"{self.alerts}:kinds"

    @property
    def alert_lock(self) -> str:
        """String with a token of that process; expires."""
        return f"{self.alerts}:watcher"

    @property
    def alert_acks(self) -> str:
        """Hash: alert -> JSON of who acknowledged it, and until when (`pantry_queue.monitor.acks`); expires."""
        return f"{self.alerts}:acks"

    @property
    def audit(self) -> str:
        """Stream of who did what, newest last."""
        return f"{self.own}:audit"

    @property
    def trash(self) -> str:
        """Sorted set of operations that can be undone, with the time each expires at."""
        return f"{self.own}:trash"

    def operation(self, operation: str) -> str:
        """Hash of an operation that can be undone; what it needs for that lies under this name."""
        return f"{self.own}:trash:{operation}"
