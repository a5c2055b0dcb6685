"""QueueClient: what a service needs to put work into the queue and to ask for it.

Importing this module needs no Redis and loads neither redis nor RQ. Every write can be sent twice, so a lost reply
never makes a job run twice; nothing that is read is ever executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import connect, translated
from pantry_queue.errors import ConfigError
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.control.lua import Scripts

    queue_client: QueueClient


class QueueClient:
    """Enqueues jobs and asks for them.

    Args:
        settings: the environment's by default.
        connection: to use instead of a new one; it must return bytes (`decode_responses` off, as RQ needs it).

    Raises:
        ConfigError: the environment or the connection cannot be used. Nothing is sent to Redis yet.
    """

    def __init__(self, settings: Settings | None = None, connection: Redis | None = None) -> None:
        self.settings = settings or Settings.from_env()
        self.keys = Keys.from_env()
        self._given = connection
        self._at = self.settings if connection is None else _at(connection, self.settings)
        if connection is not None and connection.connection_pool.connection_kwargs.get("decode_responses"):
            raise ConfigError(
                "The Redis connection was made with decode_responses=True, which RQ cannot work with: make it without."
            )

    @cached_property
    def _connection(self) -> Redis:
        return self._given if self._given is not None else connect(self.settings)

    @cached_property
    def _scripts(self) -> Scripts:
        from pantry_queue.control.lua import Scripts

        return Scripts(self._connection, self.keys, self._at)

    # -- enqueueing -------------------------------------------------------------------------------------
    def enqueue_ocr_task(
        self, receipt_id: str | int, image_path: str, user_id: str | int, priority: str = "default"
    ) -> str:
        """Enqueue the reading of a receipt, unless it waits or runs already.

        One that has ended is enqueued afresh, without results and time limits of its earlier life.

        Args:
            receipt_id: a number, or text of letters, digits, `_` and `-`; it becomes part of the job's id.
            image_path: as the agent is to open it.
            user_id: whose receipt it is. The task gets all three as they are given.
            priority: `high` is next in the queue, `low` goes to a queue that workers take last.

        Returns:
            The job's id, `ocr-<receipt_id>`.

        Raises:
            PayloadError: an argument cannot be used.
            RedisUnavailable: nothing is lost by trying again.
        """
        return self.enqueue_batch_ocr([(receipt_id, image_path, user_id, priority)])[0]

    def enqueue_batch_ocr(self, tasks: Iterable[Mapping[str, Any] | Sequence[Any]]) -> list[str]:
        """Enqueue the reading of any number of receipts, a thousand in a round trip, each as `enqueue_ocr_task`.

        Args:
            tasks: mappings with the names of `enqueue_ocr_task`'s arguments, or tuples in their order; `priority`
                may be left out. Read as they are sent. Of several with `high`, the last is next in the queue.

        Returns:
            The jobs' ids, in the order of `tasks`.

        Raises:
            PayloadError: one cannot be used; the sentence tells which. Neither it nor the
                rest of its thousand is enqueued; thousands before it may be.
            RedisUnavailable: some may be enqueued; sending all again enqueues the rest and none twice.
        """
        from pantry_queue.control.submission import submit
        from pantry_queue.ocr_job import ocr_fields, ocr_jobs

        return submit(self._scripts, ocr_jobs(self.settings, tasks), ocr_fields(self.settings))

    def enqueue_new_ocr(
        self, tasks: Iterable[Mapping[str, Any] | Sequence[Any]], *, limit: int | None = None
    ) -> list[str]:
        """Enqueue the reading of receipts as `enqueue_batch_ocr` does, and tell which were not waiting or running.

        Args:
            tasks: as `enqueue_batch_ocr` takes them; not read to the end once `limit` is reached.
            limit: how many are enqueued at most, 1 or more; None is all.

        Returns:
            The ids of the jobs this call put into a queue; of several calls at once, one has each.

        Raises:
            PayloadError, RedisUnavailable: as `enqueue_batch_ocr`.
        """
        from pantry_queue.control.submission import submit_new
        from pantry_queue.ocr_job import ocr_fields, ocr_jobs

        return submit_new(self._scripts, ocr_jobs(self.settings, tasks), ocr_fields(self.settings), most=limit)

    def enqueue(self, func: Callable[..., Any] | str, *args: Any, **kwargs: Any) -> str:
        """Enqueue any function.

        Args:
            func: a function of a module, or its dotted path.
            args, kwargs: its arguments. RQ's own options are taken out by RQ's names: `job_timeout`, `result_ttl`,
                `failure_ttl`, `ttl`, `job_id`, `at_front`, `retry`, `repeat`, `description`, `depends_on`, `meta`,
                `unique`, `on_success`, `on_failure`, `on_stopped`, `webhooks`, `rate_limit`. Where they are left
                out, time-out and TTLs are those of the settings. A `job_id` that waits or runs is not enqueued
                twice, nor overwritten.

        Returns:
            The job's id.

        Raises:
            PayloadError: the function or its arguments cannot be stored, or take more than 64 KiB.
            Refused: `unique`, and the job exists.
            RedisUnavailable: nothing is lost by trying again with the same `job_id`.
        """
        from pantry_queue.control.enqueue import enqueue

        with translated(self._at):
            return enqueue(self._scripts, self.settings, func, args, kwargs)

    # -- asking -----------------------------------------------------------------------------------------
    def get_job_status(self, job_id: str) -> dict[str, Any]:
        """The state of a job, in values that can be sent as JSON.

        Returns:
            `job_id`, `status` (RQ's word), `result` (of a finished job; what is not plain data is a text that
            describes it), `created_at`, `enqueued_at`, `started_at`, `ended_at` (ISO 8601, UTC, or None), `error`
            (last line of a failed job's traceback, or None), `position` (of a queued job, 0 is next, or None). An
            unknown job is `job_id` and `status` `not_found` alone.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        from pantry_queue.job_status import job_status

        if not _usable(job_id):
            return {"job_id": job_id, "status": "not_found"}
        with translated(self._at):
            return job_status(self._connection, self.keys, job_id)

    def get_queue_info(self) -> dict[str, Any]:
        """What the queue holds, without cleaning anything up as RQ's own counts do, in one round trip.

        Returns:
            `name`, and the numbers `count` (waiting), `started_jobs`, `finished_jobs`, `failed_jobs`,
            `deferred_jobs`, `scheduled_jobs`, `canceled_jobs`, `workers` (that listen to it and live).

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        names = (
            "count",
            "started_jobs",
            "finished_jobs",
            "failed_jobs",
            "deferred_jobs",
            "scheduled_jobs",
            "canceled_jobs",
            "workers",
        )
        with translated(self._at):
            numbers = self._scripts.run("queue_info", self.settings.queue_name)
        return {"name": self.settings.queue_name, **dict(zip(names, numbers, strict=True))}

    # -- changing ---------------------------------------------------------------------------------------
    def cancel_job(self, job_id: str) -> bool:
        """Cancel a job that has not started, also one that waits for its next try.

        Returns:
            Whether it is canceled now and will not run. False for a job that runs (canceling would not stop it),
            has ended otherwise, or is unknown; it is left as it was.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        from pantry_queue.control import run

        if not _usable(job_id):
            return False
        with translated(self._at):
            return run.cancel(self._scripts, [job_id])[0] in ("done", "canceled")

    def requeue_job(self, job_id: str) -> bool:
        """Put a job that failed, finished, was stopped or canceled back on its queue, with all its retries.

        Returns:
            Whether it is on its queue again. False for a job in another state or an unknown one.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        from pantry_queue.control import run

        if not _usable(job_id):
            return False
        with translated(self._at):
            return run.requeue(self._scripts, [job_id]) == ["done"]

    def clear_failed_jobs(self) -> int:
        """Delete all failed jobs of the service's queues. For a day they can be brought back from the trash.

        Returns:
            How many there were: failed jobs, and entries whose job had expired.

        Raises:
            RedisUnavailable: some may be deleted; calling again deletes the rest.
        """
        from pantry_queue.control import run
        from pantry_queue.control.audit import whoami

        with translated(self._at):
            cleared = run.clear_failed(self._scripts, self.settings.queue_names, whoami("service"))
        return cleared.done + cleared.emptied


def _at(connection: Redis, settings: Settings) -> Settings:
    """Settings that name the server of a connection the caller made, for the sentences of errors."""
    known = connection.connection_pool.connection_kwargs
    if known.get("path"):
        return replace(settings, redis_url=f"unix://{known['path']}")
    if known.get("host"):
        return replace(settings, redis_url=f"redis://{known['host']}:{known.get('port')}/{known.get('db') or 0}")
    return settings


def _usable(job_id: Any) -> bool:
    """Whether it is text that can be sent; anything else names no job."""
    try:
        return isinstance(job_id, str) and job_id.encode() != b""
    except UnicodeEncodeError:
        return False


def __getattr__(name: str) -> Any:
    if name != "queue_client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    client = globals().setdefault(name, QueueClient())
    return client
