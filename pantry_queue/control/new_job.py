"""One new job, as an operator asks for it: checked without importing its function, enqueued once, and audited.

Whoever asks need not have the function's code: it is named by its path. The job is the one `rq enqueue` makes.
"""

from __future__ import annotations

import keyword
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import translated
from pantry_queue.control import audit
from pantry_queue.control.actions import ACTIONS, ENDED
from pantry_queue.control.call import WriteOnly, pickled, shorten
from pantry_queue.control.lua import Scripts
from pantry_queue.errors import ConfigError, NotFound, PayloadError, Refused
from pantry_queue.monitor.wire import name_of, raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis.client import Pipeline
    from rq import Queue
    from rq.job import Job

#: Its row of the table; nothing is selected for it, so it has no plan.
ACTION = ACTIONS["jobs.enqueue"]
#: What RQ 3 accepts as an id (`rq.job.Job.set_id`).
_ID = re.compile(r"[A-Za-z0-9_-]+")
_TIMEOUT = re.compile(r"-1|[1-9][0-9]*[smhd]?", re.IGNORECASE)
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Request:
    """A job that is wanted.

    Attributes:
        func: dotted path of a function; it is not imported here.
        args, kwargs: plain data, which `arguments.parsed` makes of words.
        due: when it is to be enqueued; None is now.
        retries: how many tries more it has after a failure, with seconds between them in `intervals`.
        job_id: None is a new one.
        unique: refuse a job whose id exists at all; without it only one that waits or runs.
        timeout: seconds it may run, or a number with s, m, h or d behind it; -1 is for ever, None RQ's 180.
        depends_on: ids of the jobs that must finish first.
    """

    func: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    queue: str = "default"
    at_front: bool = False
    due: datetime | None = None
    retries: int = 0
    intervals: tuple[int, ...] = (0,)
    job_id: str | None = None
    unique: bool = False
    timeout: str | None = None
    depends_on: tuple[str, ...] = ()


def describe(request: Request) -> str:
    """The call on one line, as RQ describes it (`rq.utils.get_call_string`)."""
    named = sorted(f"{name}={value!r}" for name, value in request.kwargs.items())
    return shorten(f"{request.func}({', '.join([*map(repr, request.args), *named])})")


def validate(request: Request) -> None:
    """Look at everything that can be known without Redis and without the function.

    Raises:
        ConfigError: an option cannot be used; the sentence says which and why.
        PayloadError: the arguments cannot be stored.
    """
    parts = request.func.split(".")
    if len(parts) < 2 or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        raise ConfigError(
            f"{safe(request.func)!r} is no path of a function; it should be like package.module.function."
        )
    if not request.queue or not request.queue.isprintable() or "," in request.queue:
        raise ConfigError(f"{safe(request.queue)!r} cannot be the name of a queue: printable, without commas.")
    for job_id in [*([] if request.job_id is None else [request.job_id]), *request.depends_on]:
        if not _ID.fullmatch(job_id):
            raise ConfigError(f"{safe(job_id)!r} cannot be a job's id: letters, digits, - and _ only.")
    if request.timeout is not None and not _TIMEOUT.fullmatch(request.timeout):
        raise ConfigError(f"{safe(request.timeout)!r} is no time-out; it should be like 90, 10m, 2h, or -1 for none.")
    if request.retries < 0 or any(seconds < 0 for seconds in request.intervals):
        raise ConfigError("Retries and the seconds between them cannot be negative.")
    if request.unique and (request.job_id is None or request.depends_on):
        raise ConfigError("unique needs a job id, and does not go with jobs that must finish first.")
    if request.due is not None and request.depends_on:
        raise ConfigError("A job waits for a time or for other jobs, not for both: RQ would forget the jobs.")
    pickled((request.func, None, list(request.args), dict(request.kwargs)))


def enqueue(scripts: Scripts, settings: Settings, request: Request, actor: audit.Actor, *, reason: str = "") -> str:
    """Enqueue it, once even when a reply is lost: all is one transaction, which does not happen a second time.

    Args:
        scripts: where; no script is run.
        settings: for the sentences of errors.
        actor, reason: for the audit, which is written in the same transaction.

    Returns:
        The id of the job.

    Raises:
        ConfigError, PayloadError: as `validate`.
        NotFound: a job it depends on does not exist.
        Refused: its id is in use, or others keep changing what it depends on.
        RedisUnavailable: Redis is away, or refused us.
    """
    from redis.exceptions import WatchError

    validate(request)
    facts: dict[str, str | int] = {"selection": describe(request), "queue": request.queue, "total": 1, "reason": reason}
    job_id = request.job_id or str(uuid.uuid4())
    stamp = ""
    with translated(settings):
        for _ in range(_ATTEMPTS):
            # Anew each time: RQ changes it, while it decides whether it has to wait.
            queue, job = _made(scripts, request, job_id)
            with scripts.connection.pipeline() as pipe:
                try:
                    pipe.watch(scripts.keys.job(job_id))  # type: ignore[no-untyped-call]  # untyped there
                    if stamp and _text(pipe.hget(scripts.keys.job(job_id), "created_at")) == stamp:
                        return job_id
                    _write(scripts, pipe, queue, job, request)
                    _record(scripts, pipe, actor, {**facts, "job": job_id})
                    stamp = str(job.to_dict()["created_at"])
                    pipe.execute()
                except WatchError:  # redis-py says so too when the reply was lost
                    continue
            return job_id
    raise Refused(f"Others keep changing job {safe(job_id)} or what it depends on: nothing was enqueued; try again.")


def _made(scripts: Scripts, request: Request, job_id: str) -> tuple[Queue, Job]:
    from rq import Queue, Retry
    from rq.job import JobStatus

    queue = Queue(request.queue, connection=scripts.connection, serializer=WriteOnly())
    job = queue.create_job(
        request.func,
        args=list(request.args),  # as `rq enqueue` has them, byte for byte
        kwargs=dict(request.kwargs),
        timeout=request.timeout,  # type: ignore[arg-type]  # RQ parses text too
        description=describe(request),
        depends_on=list(request.depends_on) or None,
        job_id=job_id,
        status=JobStatus.SCHEDULED if request.due else JobStatus.QUEUED,
        retry=Retry(request.retries, list(request.intervals)) if request.retries else None,
    )
    return queue, job


def _write(scripts: Scripts, pipe: Pipeline, queue: Queue, job: Job, request: Request) -> None:
    """RQ's own commands into one transaction, if the id is free."""
    before = _before(scripts, pipe, job.id, request)
    if not request.depends_on:
        pipe.multi()
        if before is not None:
            _forget(scripts, pipe, job.id, {before, request.queue})
    if request.due is not None:
        job.enqueue_at_front = request.at_front or None
        queue.schedule_job(job, request.due, pipeline=pipe)
        return
    try:
        queue.enqueue_job(job, pipeline=pipe, at_front=request.at_front)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PayloadError(f"A job it is to wait for cannot be read ({safe(str(error), 80)}).") from None


def _before(scripts: Scripts, pipe: Pipeline, job_id: str, request: Request) -> str | None:
    """The queue of a job that had this id and has ended; None when there was none.

    Raises:
        NotFound: a job it is to wait for does not exist.
        Refused: the id is in use, or a key that is written has another kind.
    """
    keys = scripts.keys
    wanted = {keys.audit: b"stream", keys.job(job_id): b"hash", keys.queue(request.queue): b"list"}
    for key, kind in wanted.items():
        if pipe.type(raw_of(key)) not in (kind, b"none"):
            raise Refused(f"The key {safe(raw_of(key))} is no {kind.decode()}: nothing was enqueued; rename that key.")
    for parent in request.depends_on:
        if not pipe.hexists(keys.job(parent), "data"):  # RQ would take it for one that has finished
            raise NotFound(f"There is no job {safe(parent)} to wait for: nothing was enqueued.")
    if not pipe.exists(keys.job(job_id)):
        return None
    status, origin = pipe.hmget(keys.job(job_id), ["status", "origin"])
    state = _text(status)
    if request.unique or request.depends_on or state not in ENDED or pipe.exists(keys.executions(job_id)):
        raise Refused(
            f"Job {safe(job_id)} exists already ({safe(state or 'created')}): give another id, or requeue that job."
        )
    return _text(origin)


def _forget(scripts: Scripts, pipe: Pipeline, job_id: str, queues: set[str]) -> None:
    """What a job of the same id left behind, except the jobs that wait for it."""
    keys = scripts.keys
    pipe.unlink(keys.job(job_id), keys.results(job_id), keys.dependencies(job_id))
    for queue in queues:
        for registry in ("finished", "failed", "canceled"):
            pipe.zrem(raw_of(keys.registry(registry, queue)), job_id)


def _record(scripts: Scripts, pipe: Pipeline, actor: audit.Actor, facts: dict[str, str | int]) -> None:
    operation = uuid.uuid4().hex[:12]
    audit.record(pipe, scripts.keys, operation, "intent", ACTION.name, actor, facts)
    audit.record(pipe, scripts.keys, operation, "outcome", ACTION.name, actor, {"done": 1, "job": facts["job"]})


def _text(value: Any) -> str:
    return name_of(value) if isinstance(value, bytes) else str(value or "")
