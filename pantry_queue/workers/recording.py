"""Recording how a job ended: once, by the run that holds it, however long Redis is away meanwhile.

RQ writes the end of a job whoever holds it by then, gives up when Redis does not answer, and marks a retry as
scheduled before it stands anywhere. Here the end is one transaction on the condition that the run is still registered:
repeated after a lost reply it finds itself recorded, and a run that another worker has replaced records nothing.
"""

from __future__ import annotations

import logging
import zlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from redis.exceptions import WatchError
from rq import Worker
from rq.job import JobStatus
from rq.rate_limit import release_slot
from rq.repeat import Repeat
from rq.results import Result
from rq.utils import now

from pantry_queue.keys import Keys
from pantry_queue.monitor import payload
from pantry_queue.workers import events, stats
from pantry_queue.workers.outage import patiently

logger = logging.getLogger("pantry_queue.workers.recording")

#: What has to be done once the transaction is through.
After = Callable[[], None]


class Recording(Worker):
    """The half of the worker that writes ends of jobs. RQ's own semantics, from `rq.worker.base` of 3.0.0."""

    keys: Keys

    def handle_execution_ended(self, job: Any, queue: Any, heartbeat_ttl: int) -> None:
        """The worker's heartbeat goes on while callbacks run, so nothing is to be sent."""
        job.ended_at = now()

    def handle_job_success(self, job: Any, queue: Any, started_job_registry: Any, execution: Any) -> None:
        """As RQ's; see there."""

        def write(pipe: Any) -> After:
            ready = queue.move_dependents_to_ready(job, pipeline=pipe)
            if not pipe.explicit_transaction:
                pipe.multi()
            self.increment_successful_job_count(pipeline=pipe)
            self._count(pipe, job, failed=False)
            events.tell(pipe, self.keys, "finished", job, self.name)
            result_ttl = job.get_result_ttl(self.default_result_ttl)
            if result_ttl != 0:
                job._handle_success(result_ttl, pipeline=pipe, worker_name=self.name, **_times(job, execution))
            if job.repeats_left is not None and job.repeats_left > 0:
                Repeat.schedule(job, queue, pipeline=pipe)
            else:
                job.cleanup(result_ttl, pipeline=pipe, remove_from_queue=False)
                job._status = JobStatus.FINISHED
            self.cleanup_execution(job, pipeline=pipe, execution=execution)
            return lambda: queue.enqueue_ready_jobs_by_queue(ready)

        if self._record(job, execution, write):
            self.log.info("Successfully completed job %s in %ss", job.id, job.ended_at - job.started_at)

    def handle_job_failure(
        self, job: Any, queue: Any, started_job_registry: Any = None, exc_string: str = "", execution: Any = None
    ) -> None:
        """As RQ's; see there."""
        stopped = self._stopped_job_id == job.id

        def write(pipe: Any) -> After:
            retry = job.should_retry and not stopped
            pipe.multi()
            self.cleanup_execution(job, pipeline=pipe, execution=execution)
            if retry:
                _retry(job, queue, pipe)
            else:
                job.set_status(JobStatus.STOPPED if stopped else JobStatus.FAILED, pipeline=pipe)
                job._handle_failure(exc_string, pipeline=pipe, worker_name=self.name, **_times(job, execution))
            self.increment_failed_job_count(pipe)
            self._count(pipe, job, failed=True)
            kind = "retried" if retry else "stopped" if stopped else "failed"
            events.tell(pipe, self.keys, kind, job, self.name, exc_string)

            def after() -> None:
                if retry:
                    return
                if not stopped:
                    job.send_webhooks(JobStatus.FAILED, exc_string=exc_string)
                queue.enqueue_dependents(job)

            return after

        self._record(job, execution, write)
        self._stopped_job_id = None

    def handle_job_retry(self, job: Any, queue: Any, retry: Any, started_job_registry: Any, execution: Any) -> None:
        """As RQ's; see there."""
        exceeded = bool(job.number_of_retries and job.number_of_retries >= retry.max)

        def write(pipe: Any) -> After:
            pipe.multi()
            self.increment_failed_job_count(pipeline=pipe)
            self._count(pipe, job, failed=exceeded)
            events.tell(pipe, self.keys, "failed" if exceeded else "retried", job, self.name)
            if not exceeded:
                _come_back(job, queue, retry, pipe, worker_name=self.name, **_times(job, execution))
                self.cleanup_execution(job, pipeline=pipe, execution=execution)
                return lambda: None
            job.set_status(JobStatus.FAILED, pipeline=pipe)
            self.cleanup_execution(job, pipeline=pipe, execution=execution)
            job.failed_job_registry.add(job, ttl=job.failure_ttl, exc_string="", pipeline=pipe)
            Result.create_max_retries_exceeded(
                job,
                job.failure_ttl,
                return_value=retry,
                worker_name=self.name,
                pipeline=pipe,
                **_times(job, execution),
            )

            def after() -> None:
                job.send_webhooks(JobStatus.FAILED, exc_string="")
                queue.enqueue_dependents(job)

            return after

        self._record(job, execution, write)

    def _record(self, job: Any, execution: Any, write: Callable[[Any], After]) -> bool:
        """Write the end of a run, if it still is the run that counts.

        Args:
            write: reads what it needs, begins the transaction and fills it; called again when it has to be repeated,
                with the job as it was.
        """
        before = dict(vars(job))

        def once() -> After | None:
            while True:
                vars(job).clear()
                vars(job).update(before)
                with suppress(WatchError), self.connection.pipeline() as pipe:
                    pipe.watch(job.dependents_key, execution.key)  # type: ignore[no-untyped-call]
                    if not self._counts(pipe, job, execution):
                        return None
                    after = write(pipe)
                    pipe.hset(self.key, "state", "idle")  # else it looks busy until its next heartbeat
                    pipe.execute()
                    return after

        after = patiently(once)
        if after is None:
            self.executions.pop(execution.id, None)
            logger.warning("Job %s: this run is not the one that counts any more, its end is not recorded.", job.id)
            return False
        for step in (after, lambda: release_slot(job)):
            try:
                step()
            except Exception:
                # RQ's maintenance catches up on both (ReadyJobRegistry.cleanup, RateLimitRegistry.cleanup).
                logger.exception("Job %s is recorded; what follows from it is left to maintenance.", job.id)
        return True

    def _counts(self, pipe: Any, job: Any, execution: Any) -> bool:
        """Whether this run is registered; or nothing is registered, since Redis was emptied while it ran."""
        if pipe.zscore(job.started_job_registry.key, execution.composite_key) is not None:
            return True
        if pipe.exists(job.key):
            return False
        birth, reborn = pipe.hmget(self.key, "birth", "reborn")
        if birth is None:  # emptied a moment ago: the next heartbeat finds that out
            return True
        return reborn is not None and float(reborn) >= execution.created_at.timestamp()

    def _count(self, pipe: Any, job: Any, *, failed: bool) -> None:
        if not (job.started_at and job.ended_at):
            return
        self.increment_total_working_time(job.ended_at - job.started_at, pipe)
        stats.count(
            pipe,
            self.keys,
            str(payload.func_name(job.data)) or "?",
            failed=failed,
            enqueued=job.enqueued_at,
            started=job.started_at,
            ended=job.ended_at,
        )


def _times(job: Any, execution: Any) -> dict[str, Any]:
    return {
        "execution_id": execution.id,
        "execution_started_at": execution.created_at,
        "execution_ended_at": job.ended_at,
    }


def _retry(job: Any, queue: Any, pipe: Any) -> None:
    """`rq.job.Job.retry`, with the new state inside the transaction."""
    interval = job.get_retry_interval()
    job.retries_left -= 1
    _again(job, queue, pipe, interval)


def _come_back(job: Any, queue: Any, retry: Any, pipe: Any, **about: Any) -> None:
    """`rq.job.Job._handle_retry_result`, likewise."""
    Result.create_retried(job, job.failure_ttl, return_value=retry, pipeline=pipe, **about)
    interval = retry.get_interval(job.number_of_retries or 0, retry.intervals)
    job.number_of_retries = (job.number_of_retries or 0) + 1
    job.enqueue_at_front_on_retry = job.enqueue_at_front_on_retry or retry.enqueue_at_front
    _again(job, queue, pipe, interval)


def _again(job: Any, queue: Any, pipe: Any, interval: int) -> None:
    if interval:
        moment = now() + timedelta(seconds=interval)
        queue.schedule_job(job, moment, pipeline=pipe)
        logger.info("Job %s: scheduled for retry at %s.", job.id, moment)
    else:
        queue._enqueue_job(job, pipeline=pipe, at_front=job.enqueue_at_front_on_retry)
        logger.info("Job %s: enqueued for retry.", job.id)


def stored_text(text: str) -> bytes:
    """A traceback as RQ stores it in a result (`rq.results`)."""
    return b64encode(zlib.compress(text.encode()))
