"""What has to be known about one job to tell why it is where it is: reads only, a handful of round trips."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import REGISTRIES, Keys
from pantry_queue.monitor import fields, job, jobs, snapshot, tree
from pantry_queue.monitor.model import JobDetail, JobNode, JobRow, QueueStat, Snapshot, WorkerStat
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import ask, blob, number, raw_of, scored
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: Fields RQ reads as times and as whole numbers; one that cannot be read ends its worker (`rq.job.Job.restore`).
_TIMES = ("created_at", "enqueued_at", "started_at", "ended_at", "last_heartbeat")
_NUMBERS = ("timeout", "ttl", "result_ttl", "failure_ttl", "retries_left", "number_of_retries")
#: Ended jobs of a queue that are looked at to tell who served it.
_RECENT = 10
_MOST_RUNNING = 50


@dataclass(frozen=True, slots=True)
class Slots:
    """A rate limit: how many may run, how many do, and how many wait for it."""

    key: SafeText
    most: int
    held: int
    waiting: int


@dataclass(frozen=True, slots=True)
class JobFacts:
    """Everything the rules judge.

    Attributes:
        raw_id, raw_queue: as Redis holds them (`wire.name_of`).
        places: lists and registries that hold the job, by the states of `model.STATES`; a registry with its score.
        unreadable: fields RQ cannot read; overwritten: its key is no hash at all.
        quarantine: why it was set aside, where it was.
        taken_for: seconds since somebody first saw it stuck between queue and start.
        dependencies: the jobs it waits for, as a tree.
        bears_failures: it is let go also when what it waits for fails.
        running: what the workers of its queue run.
        recent: the newest jobs that ended in its queue.
        slots: its rate limit, where it has one.
        allowed: prefixes of tasks the workers may run, where that is known.
    """

    raw_id: str
    raw_queue: str
    detail: JobDetail
    snapshot: Snapshot
    places: dict[str, float | None] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    overwritten: bool = False
    quarantine: SafeText | None = None
    taken_for: float | None = None
    dependencies: JobNode | None = None
    bears_failures: bool = False
    running: tuple[JobRow, ...] = ()
    recent: tuple[JobRow, ...] = ()
    slots: Slots | None = None
    allowed: tuple[str, ...] | None = None

    @property
    def now(self) -> datetime:
        """The server's time."""
        return self.snapshot.taken_at

    @property
    def state(self) -> str:
        """RQ's name for the state its hash tells."""
        return str(self.detail.row.state)

    @property
    def queue(self) -> QueueStat | None:
        """Its queue; None when nothing of it is known."""
        raw = raw_of(self.raw_queue)
        return next((queue for queue in self.snapshot.queues if queue.raw_name == raw), None)

    @property
    def listeners(self) -> tuple[WorkerStat, ...]:
        """The workers of its queue that are not gone."""
        names = self.queue.workers if self.queue else ()
        return tuple(worker for worker in self.snapshot.workers if worker.name in names)


def collect(client: Redis, keys: Keys, job_id: str, *, allowed: tuple[str, ...] | None = None) -> JobFacts | None:
    """Read all of it; None when there is no such job.

    Raises:
        redis.exceptions.RedisError: the server is away, or the job may not be read.
    """
    detail = job.read(client, keys, job_id)
    if detail is None:
        return None
    deployment = snapshot.take(client, keys, target="")
    queue = _origin(client, keys, job_id)
    asked = _asked(keys, job_id, queue, detail)
    replies = dict(zip(asked, ask(client, list(asked.values())), strict=True))
    listening = next((one.workers for one in deployment.queues if one.raw_name == raw_of(queue)), ())
    running = [held for worker in deployment.workers if worker.name in listening for held in worker.job_ids]
    places = [Place("", raw_of(held)) for held in running[:_MOST_RUNNING]]
    waits = detail.depends_on and detail.row.state == "deferred"
    return JobFacts(
        raw_id=job_id,
        raw_queue=queue,
        detail=detail,
        snapshot=deployment,
        places=_places(replies),
        unreadable=_unreadable(replies["fields"]),
        overwritten="WRONGTYPE" in str(replies["fields"]) and isinstance(replies["fields"], Exception),
        quarantine=_quarantine(replies),
        taken_for=_taken_for(replies, deployment.taken_at),
        dependencies=tree.read(client, keys, job_id, direction="dependencies", depth=4, most=50) if waits else None,
        bears_failures=blob(replies["bears"]) == b"1",
        running=jobs.read(client, keys, "started", places),
        recent=_recent(client, keys, queue),
        slots=_slots(client, keys, job_id, replies["rate"]),
        allowed=allowed,
    )


def _origin(client: Redis, keys: Keys, job_id: str) -> str:
    (reply,) = ask(client, [("HGET", keys.job(job_id), "origin")])
    return (blob(reply) or b"").decode("utf-8", "surrogateescape")


def _asked(keys: Keys, job_id: str, queue: str, detail: JobDetail) -> dict[str, tuple[Any, ...]]:
    """What is asked in one round trip, by a name for each reply."""
    members = [job_id, *(f"{job_id}:{run.id}" for run in detail.executions)]
    most = 100_000
    return {
        "queued": ("LPOS", keys.queue(queue), job_id, "MAXLEN", most),
        "queued from the back": ("LPOS", keys.queue(queue), job_id, "RANK", -1, "MAXLEN", most),
        "intermediate": ("LPOS", keys.intermediate(queue), job_id),
        **{state: ("ZSCORE", keys.registry(state, queue), job_id) for state in REGISTRIES if state != "started"},
        **{f"started {member}": ("ZSCORE", keys.registry("started", queue), member) for member in members},
        "fields": ("HMGET", keys.job(job_id), *_TIMES, *_NUMBERS),
        "rate": ("HGET", keys.job(job_id), "rate_limit_key"),
        "bears": ("HGET", keys.job(job_id), "allow_dependency_failures"),
        "quarantined": ("ZSCORE", keys.quarantine, job_id),
        "why": ("HGET", keys.quarantine_reasons, job_id),
        "seen": ("GET", f"{keys.intermediate(queue)}:first_seen:{job_id}"),
        "suspected": ("HGET", keys.suspects, b"taken:" + raw_of(queue) + b":" + raw_of(job_id)),
    }


def _places(replies: dict[str, Any]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    if isinstance(replies["queued"], int) or isinstance(replies["queued from the back"], int):
        found["queued"] = None
    if isinstance(replies["intermediate"], int):
        found["intermediate"] = None
    for name, reply in replies.items():
        state = name.split(" ")[0]
        if state in REGISTRIES and (score := _score(reply)) is not None:
            found[state] = score
    return found


def _score(reply: Any) -> float | None:
    return reply if isinstance(reply, float) else fields.real(blob(reply))


def _unreadable(reply: Any) -> tuple[str, ...]:
    if not isinstance(reply, list):
        return ()
    found = dict(zip((*_TIMES, *_NUMBERS), reply, strict=True))
    times = [name for name in _TIMES if found[name] and fields.when(found[name]) is None]
    return (*times, *(name for name in _NUMBERS if found[name] and fields.whole(found[name]) is None))


def _quarantine(replies: dict[str, Any]) -> SafeText | None:
    if _score(replies["quarantined"]) is None:
        return None
    try:
        told = json.loads(blob(replies["why"]) or b"{}")
    except ValueError:
        told = {}
    return safe(str(told.get("reason", ""))) if isinstance(told, dict) else SafeText("")


def _taken_for(replies: dict[str, Any], now: datetime) -> float | None:
    since = [value for name in ("seen", "suspected") if (value := fields.real(blob(replies[name]))) is not None]
    return max(0.0, now.timestamp() - min(since)) if since else None


def _recent(client: Redis, keys: Keys, queue: str) -> tuple[JobRow, ...]:
    """The newest jobs that ended in the queue, the newest first, with who ran them."""
    asked = [("ZREVRANGE", keys.registry(s, queue), 0, _RECENT - 1, "WITHSCORES") for s in ("finished", "failed")]
    places = [Place(queue, member) for reply in ask(client, asked) for member, _ in scored(reply)]
    rows = [row for row in jobs.read(client, keys, "failed", places) if row.ended_at is not None]
    return tuple(sorted(rows, key=lambda row: row.ended_at.timestamp() if row.ended_at else 0.0, reverse=True))


def _slots(client: Redis, keys: Keys, job_id: str, reply: Any) -> Slots | None:
    name = blob(reply)
    if not name:
        return None
    base = f"{keys.prefix}:rl:{name.decode('utf-8', 'surrogateescape')}"
    most, held, waiting = ask(
        client,
        [
            ("HGET", base, "concurrency"),
            ("ZCARD", f"{base}:allowed"),
            ("ZCARD", f"{base}:rate_limited"),
        ],
    )
    return Slots(safe(name), fields.whole(blob(most)) or 0, number(held), number(waiting))
