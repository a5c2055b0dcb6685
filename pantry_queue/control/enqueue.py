"""Enqueueing of any function with RQ's own options, once even when a reply is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.control.call import WriteOnly, pickled, shorten
from pantry_queue.control.lua import Scripts
from pantry_queue.control.submission import NewJob, submit
from pantry_queue.errors import PayloadError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from rq import Queue
    from rq.job import Job
    from rq.queue import EnqueueArgs


def enqueue(
    scripts: Scripts, settings: Settings, func: Callable[..., Any] | str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> str:
    """What `QueueClient.enqueue` does, which describes it.

    RQ makes the job; pushing it is ours, since RQ's own push is repeated when its reply is lost. A job with
    dependencies is set up by RQ, and pushed by us if they are all met. Rate limits are RQ's alone.
    """
    from rq import Queue

    queue = Queue(
        settings.queue_name,
        connection=scripts.connection,
        default_timeout=settings.default_timeout,
        serializer=WriteOnly(),
    )
    try:
        options = Queue.parse_args(func, *args, **kwargs)  # type: ignore[type-var]  # RQ's own alias says the same
        # Before RQ describes it: it writes out each argument in full first.
        pickled((options.args, options.kwargs))
        job = _job(queue, settings, options)
        fields: dict[str, Any] = job.to_dict()
    except (ValueError, TypeError, AssertionError, AttributeError) as error:
        raise PayloadError(f"The job cannot be enqueued as it is: {error}.") from None
    if "<" in (job.func_name or ""):
        raise PayloadError(f"{job.func_name} cannot be found by a worker: enqueue a function of a module.")
    if job.has_rate_limit or options.pipeline is not None:
        queue.enqueue_job(job, pipeline=options.pipeline, at_front=options.at_front, unique=options.unique)
        return job.id
    if job._dependency_ids and _deferred(scripts, queue, job):
        return job.id
    data, description = fields.pop("data"), fields.pop("description")
    del fields["origin"]
    new = NewJob(job.id, settings.queue_name, data, description, bool(options.at_front))
    return submit(scripts, [new], fields, mode="unique" if options.unique else "once", ttl=job.ttl or 0)[0]


def _deferred(scripts: Scripts, queue: Queue, job: Job) -> bool:
    """Whether it has to wait for others; then RQ has stored it so."""
    from rq.exceptions import NoSuchJobError

    try:
        queue.setup_dependencies(job)
    except (ValueError, TypeError, KeyError, AttributeError, NoSuchJobError) as error:
        raise PayloadError(f"A job that {safe(job.id)} depends on cannot be read ({safe(str(error), 80)}).") from None
    scripts.connection.sadd(scripts.keys.queues, queue.key)
    return job.get_status(refresh=False) == "deferred"


def _job(queue: Queue, settings: Settings, options: EnqueueArgs) -> Job:
    def or_default(value: Any, default: Any) -> Any:
        return default if value is None else value

    if options.unique and (not options.job_id or options.depends_on):
        raise ValueError("unique needs a job_id and cannot be combined with depends_on")
    job = queue.create_job(  # type: ignore[type-var]  # as above
        options.func,
        args=options.args,
        kwargs=options.kwargs,
        timeout=or_default(options.timeout, settings.default_timeout),
        result_ttl=or_default(options.result_ttl, settings.result_ttl),
        failure_ttl=or_default(options.failure_ttl, settings.failure_ttl),
        ttl=options.ttl,
        description=options.description,
        depends_on=options.depends_on,
        job_id=options.job_id or str(uuid.uuid4()),
        meta=options.meta,
        retry=options.retry,
        repeat=options.repeat,
        on_success=options.on_success,
        on_failure=options.on_failure,
        on_stopped=options.on_stopped,
        webhooks=options.webhooks,
        rate_limit=options.rate_limit,
    )
    job.description = shorten(job.description or "")
    return job
