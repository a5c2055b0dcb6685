"""RQ's worker with what it lacks."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError
from rq.executions import Execution
from rq.job import JobStatus
from rq.timeouts import JobTimeoutException
from rq.utils import now, utcformat
from rq.worker.base import WorkerStatus

from pantry_queue.keys import Keys
from pantry_queue.text import safe
from pantry_queue.workers import damage, events, horses
from pantry_queue.workers.allowlist import AllowList, CarefulPickle, NotAllowed
from pantry_queue.workers.fetch import Suspended, Taken, Taker
from pantry_queue.workers.joblog import JobLog
from pantry_queue.workers.lua import WorkerScripts
from pantry_queue.workers.obeying import Obeying
from pantry_queue.workers.outage import Patience, passes, patiently
from pantry_queue.workers.recording import stored_text

logger = logging.getLogger("pantry_queue.workers.pantry_worker")

#: Beyond its time-out a job is ended from outside, as RQ does it.
_GRACE_SECONDS = 60
_SUSPENDED_PAUSE = 0.5


class PantryWorker(Obeying):
    """Same keys, same commands, same jobs as RQ's own worker, beside which it may run.

    RQ obeys a request to stop by raising `StopRequested` out of the signal handler, wherever the program is. Between
    taking a job and starting it that loses the job; out of code that catches everything (`logging`) the request is
    lost; out of the start of the worker it leaves a scheduler process behind; out of hiredis' C code it ended the
    process by a segmentation fault. Here a request is only noted, and obeyed where no job is in hand: before each
    wait for one, which therefore is short.

    Args:
        allow: which tasks it runs.
        limits: when a horse is replaced.
        options: as RQ's worker takes them.
    """

    def __init__(self, *args: Any, allow: AllowList, limits: horses.Limits | None = None, **options: Any) -> None:
        options.setdefault("job_class", allow.job_class())
        if not allow.open:
            options.setdefault("serializer", CarefulPickle)
        super().__init__(*args, **options)
        self.keys = Keys.from_env()
        self.log_result_lifespan = False
        self._allow = allow
        self._limits = limits or horses.Limits()
        self._scripts = WorkerScripts(self.connection, self.keys)
        self._taker = Taker(self._scripts, self.queue_names())
        self._say: Callable[[bytes], None] = lambda _: None

    # -- the loop -----------------------------------------------------------------------------------------
    def work(  # type: ignore[override]  # what RQ passes by position comes by name here
        self,
        burst: bool = False,
        logging_level: str | None = None,
        *,
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        with_scheduler: bool = False,
        **_: Any,
    ) -> bool:
        """Take jobs until asked to stop, as RQ's; Redis being away ends nothing.

        Returns:
            whether any job was run.
        """
        self._in_burst = burst
        self.bootstrap(logging_level)
        if with_scheduler:
            self._start_scheduler(burst, logging_level)
        self._install_signal_handlers()  # type: ignore[no-untyped-call]
        try:
            return self._loop(burst, max_jobs, max_idle_time) > 0
        finally:
            self.teardown()

    def _loop(self, burst: bool, max_jobs: int | None, max_idle_time: int | None) -> int:
        done, patience, idle_since = 0, Patience(), time.monotonic()
        while not self._stop_requested:
            try:
                self.tend()
                taken = self._taker.take() or (None if burst else self._taker.wait())
                patience.over()
                if taken is not None:
                    done += self._accept(taken)
                    idle_since = time.monotonic()
                    if max_jobs is not None and done >= max_jobs:
                        break
                elif burst or (max_idle_time is not None and time.monotonic() - idle_since >= max_idle_time):
                    self.log.info("Worker %s: done, quitting", self.name)
                    break
            except Suspended:
                if burst:
                    self.log.info("Worker %s: suspended, quitting; jobs may still wait", self.name)
                    break
                self._state = WorkerStatus.SUSPENDED
                time.sleep(_SUSPENDED_PAUSE)
                continue
            except Exception as error:
                if not passes(error):
                    self.log.error("Worker %s: broke off", self.name, exc_info=True)
                    break
                patience.wait(error)
            self._state = WorkerStatus.IDLE
        return done

    def teardown(self) -> None:
        """As RQ's; a Redis that is away keeps nobody."""
        if self._horse is not None:
            self._horse.dismiss()
        with contextlib.suppress(RedisError, OSError):
            super().teardown()  # type: ignore[no-untyped-call]

    # -- one job ------------------------------------------------------------------------------------------
    def _accept(self, taken: Taken) -> bool:
        """Run a job that was taken, unless it cannot be read or may not run. Returns whether it ran."""
        raw = taken.raw
        reason = f"its key is a {taken.kind}" if raw is None else damage.trouble(taken.id, raw)
        if raw is None or reason is not None:
            damage.set_aside(self._scripts, "intermediate", taken.queue, taken.id, taken.id, reason or "")
            return False
        refused = self._allow.refusal(raw)
        if refused is not None:
            told = f"pantry_queue.workers.allowlist.NotAllowed: not_allowed: {refused}."
            self._scripts("refuse", taken.queue, taken.id, stored_text(told), utcformat(now()), self.name)
            logger.error("Job %s was refused: %s.", safe(taken.id.decode()), refused)
            return False
        raw.setdefault(b"origin", taken.queue.encode())
        job, queue = self._rebuilt(taken.id.decode(), raw)
        execution = self._start(job, taken.queue)
        if execution is None:
            return False
        self.log.info("Worker %s: %s: %s (%s)", self.name, taken.queue, job.description, job.id)
        try:
            self._drive(job, queue, execution, raw)
        finally:
            with self._switch:
                self.executions.clear()
                self._stopped_job_id = None
        return True

    def _rebuilt(self, job_id: str, raw: dict[bytes, bytes]) -> tuple[Any, Any]:
        job = self.job_class(job_id, connection=self.connection, serializer=self.serializer)
        job.restore(raw)
        queue = self.queue_class(
            job.origin, connection=self.connection, job_class=self.job_class, serializer=self.serializer
        )
        return job, queue

    def _start(self, job: Any, queue: str) -> Any:
        """Register the run; None when the job is no longer ours."""
        execution = Execution(os.urandom(16).hex(), job.id, self.connection, worker_name=self.name)
        ttl, iso = self.get_heartbeat_ttl(job), utcformat(now())
        about = (
            queue,
            job.id,
            execution.id,
            self.name,
            ttl,
            iso,
            self.worker_ttl + 60,
            job.origin,
            events.func_of(job),
        )
        execution._job = job
        with self._switch:  # a command may come as soon as Redis knows that it runs
            self.executions[execution.id] = execution
            self._kill_wanted, self._began = False, time.monotonic()
            self._state = WorkerStatus.BUSY
        reply: Any = patiently(lambda: self._scripts("start", *about))
        if isinstance(reply, list):
            with self._switch:
                self.executions.clear()
            logger.warning("Job %s was not started here: %s.", job.id, reply[0].decode())
            return None
        execution.created_at = datetime.fromtimestamp(float(reply), UTC)
        job.started_at = now()
        job.redis_server_version = patiently(self.get_redis_server_version)
        return execution

    def _drive(self, job: Any, queue: Any, execution: Any, raw: dict[bytes, bytes]) -> None:
        written = JobLog(self.connection, self.keys, job.id)
        os.environ["RQ_WORKER_ID"] = self.name
        try:
            horse = self._saddle((job.id, raw, execution.id, execution.created_at.timestamp()))
            self._kill_if_wanted(horse)
            lives = self._watch(horse, job, execution, written)
        except SystemExit:  # the second request to stop: the job goes back at once
            written.flush(end=True)
            self.give_back(job, execution)
            raise
        written.flush(end=True)
        if not lives:
            self._horse_died(job, queue, execution)

    def _saddle(self, order: Any) -> horses.Horse:
        """A horse that has the job: the last one, or a new one when that is gone."""
        if self._horse is not None and self._horse.doomed:  # a command that came as its last job ended
            self.wait_for_horse()
        if self._horse is not None:
            try:
                self._horse.send(order)
                return self._horse
            except OSError:
                self.wait_for_horse()
        with self._switch:
            self._horse = horses.mount(self._serve)
        with contextlib.suppress(OSError):  # it died at once; who listens to it will hear
            self._horse.send(order)
        return self._horse

    def _kill_if_wanted(self, horse: horses.Horse) -> None:
        with self._switch:
            if self._kill_wanted:
                horse.kill()

    def _watch(self, horse: horses.Horse, job: Any, execution: Any, written: JobLog) -> bool:
        """Wait for the end of a job, beating meanwhile. Returns whether the horse told it."""
        began, ended = time.monotonic(), False
        while True:
            try:
                said = horse.listen(min(0.3 if written.pending else 60.0, self.until_tend()), written.wrote)
            except EOFError:
                return False
            ended = ended or horses.ENDED in said
            if horses.LEAVING in said:
                self.wait_for_horse()
            if horses.DONE in said or horses.LEAVING in said:
                return True
            if written.due:
                written.flush()
            self.tend(execution)
            if not ended and job.timeout and 0 < job.timeout < time.monotonic() - began - _GRACE_SECONDS:
                horse.kill()

    def _horse_died(self, job: Any, queue: Any, execution: Any) -> None:
        _, status, _ = self.wait_for_horse()
        job.ended_at = now()
        if self._stopped_job_id == job.id:
            self._handle_stopped_job(job, queue, execution)
            return
        killed = f" (signal {os.WTERMSIG(status)})" if status and os.WIFSIGNALED(status) else ""
        told = f"Work-horse terminated unexpectedly; waitpid returned {status}{killed}; "
        self.log.warning("Worker %s: job %s failed (%s)", self.name, job.id, told)
        self.handle_work_horse_killed(job, 0, status, None)  # type: ignore[no-untyped-call]
        self.handle_job_failure(job, queue=queue, exc_string=told, execution=execution)

    # -- in the horse -------------------------------------------------------------------------------------
    def _serve(self, link: Any) -> None:
        self._is_horse = True
        self._horse = None
        horses.orders(link, self._limits, self._ride)

    def _ride(self, order: Any, say: Any) -> None:
        job_id, raw, execution_id, created = order
        os.environ["RQ_JOB_ID"] = job_id
        job, queue = self._rebuilt(job_id, raw)
        job.redis_server_version = self.redis_server_version
        execution = Execution(execution_id, job_id, self.connection, worker_name=self.name)
        execution.created_at = datetime.fromtimestamp(created, UTC)
        execution._job = job
        self.executions = {execution_id: execution}
        self._say = say
        self.perform_job(job, queue, execution)

    def perform_job(self, job: Any, queue: Any, execution: Any) -> bool:
        """As RQ's; the start is recorded already."""
        job.worker_name, job.last_heartbeat, job._status = self.name, now(), JobStatus.STARTED
        job.started_at = job.last_heartbeat
        try:
            limit = job.timeout or self.queue_class.DEFAULT_TIMEOUT
            with self.death_penalty_class(limit, JobTimeoutException, job_id=job.id):
                value = job.perform()
            self._say(horses.ENDED)
            self._finalize_success(job, queue, execution, value)
        except BaseException as error:
            self._say(horses.ENDED)
            if isinstance(error, NotAllowed) or isinstance(error.__cause__ or error.__context__, NotAllowed):
                job.retries_left = 0
            self._finalize_failure(job, queue, execution, sys.exc_info())
            return False
        return True
