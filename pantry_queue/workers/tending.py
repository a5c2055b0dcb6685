"""What a worker does besides jobs: heartbeats, coming back after Redis lost it, rescue, samples, its scheduler."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import time
from typing import Any

from rq import worker_registration
from rq.utils import now, utcformat

from pantry_queue import __version__
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.lua import WorkerScripts
from pantry_queue.workers.outage import passes
from pantry_queue.workers.recording import Recording
from pantry_queue.workers.rescue import Rescue
from pantry_queue.workers.sampling import Sampling
from pantry_queue.workers.scheduling import PantryScheduler

logger = logging.getLogger("pantry_queue.workers.tending")

BEAT_SECONDS = 5.0
#: A run counts as abandoned after so many beats that did not come.
BEATS = 4
#: How soon after an outage others' runs are judged again: their workers must have had time to beat.
CALM_SECONDS = BEAT_SECONDS * BEATS


class Tending(Recording):
    """The part of the worker that is due now and then, also while a job runs."""

    _scripts: WorkerScripts
    _allow: AllowList

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._next = 0.0
        self._calm_until = 0.0
        self._away = False
        self._in_burst = False
        self._rescue: Rescue | None = None
        self._sampling: Sampling | None = None

    def serialize(self) -> dict[str, Any]:
        """As RQ's; and that it is one of ours, and what it runs (`monitor.workers` reads it)."""
        ours = {"pantry": __version__, "allowed": json.dumps(self._allow.prefixes)}
        return {**super().serialize(), **ours}

    def get_heartbeat_ttl(self, job: Any, working_time: float = 0.0) -> int:
        """Seconds until a run counts as abandoned, instead of RQ's 60 and more."""
        return int(BEAT_SECONDS * BEATS)

    def until_tend(self) -> float:
        """Seconds until `tend` has something to do."""
        return max(0.0, self._next - time.monotonic())

    def tend(self, execution: Any = None) -> None:
        """Do what is due; a Redis that is away is waited for at the next turn.

        Args:
            execution: the run in hand.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        try:
            self.beat(execution)
            if self._away:
                logger.warning("Redis is back.")
                self._away, self._calm_until = False, time.monotonic() + CALM_SECONDS
            self._keep_scheduler()
            if time.monotonic() >= self._calm_until:
                self._rescuer().run()
            self._keeps_samples().run()
        except Exception as error:
            if not passes(error):
                raise
            if not self._away:
                logger.warning("Redis is away (%s: %s); waiting for it.", type(error).__name__, error)
            self._away, self._next = True, time.monotonic() + 1.0

    def beat(self, execution: Any = None) -> None:
        """Tell that we live, and that the run in hand does.

        Raises:
            redis.exceptions.RedisError: it could not be told.
        """
        run: tuple[Any, ...] = ()
        if execution is not None:
            run = (execution._job.origin, execution.job_id, execution.id, self.get_heartbeat_ttl(execution._job))
        about = (self.name, self.worker_ttl + 60, utcformat(now()), self.get_state(), *run)
        reply: Any = self._scripts("beat", *about)
        if reply == b"unknown":
            self._register_again()
        self.last_heartbeat = now()

    def _register_again(self) -> None:
        """Redis has lost us: emptied, or we were away for longer than our hash lives."""
        self.last_heartbeat = now()
        self.birth_date = self.birth_date or self.last_heartbeat
        with self.connection.pipeline() as pipe:
            known: dict[Any, Any] = {**self.serialize(), "state": self.get_state(), "reborn": _time(self)}
            pipe.hset(self.key, mapping=known)
            worker_registration.register(self, pipe)
            pipe.expire(self.key, self.worker_ttl + 60)
            pipe.execute()
        logger.warning("Worker %s: Redis did not know us any more; registered again.", self.name)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's own, where it still asks for one."""
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
        else:
            self.beat()

    def give_back(self, job: Any, execution: Any) -> None:
        """Put the job in hand back to the front of its queue; if Redis is away, another worker does it later."""
        try:
            self._rescuer().give_back(job.origin, job.id, execution.id)
        except Exception as error:
            if not passes(error):
                raise

    def _keeps_samples(self) -> Sampling:
        if self._sampling is None:
            self._sampling = Sampling(self.connection, self.keys)
        return self._sampling

    def _rescuer(self) -> Rescue:
        if self._rescue is None:
            self._rescue = Rescue(self._scripts, self)
        return self._rescue

    # -- the scheduler ------------------------------------------------------------------------------------
    def _start_scheduler(self, burst: bool = False, logging_level: Any = "INFO", *_: Any, **__: Any) -> None:
        """As RQ's, with a scheduler of ours."""
        self.scheduler = PantryScheduler(
            self.queues,
            connection=self.connection,
            logging_level=logging_level if logging_level is not None else self.log.level,
            serializer=self.serializer,
        )
        self.scheduler.acquire_locks()  # type: ignore[no-untyped-call]
        if not self.scheduler.acquired_locks:
            return
        if not burst:
            self.scheduler.start()  # type: ignore[no-untyped-call]
            return
        try:
            self.scheduler.register_birth()
            self.scheduler.enqueue_scheduled_jobs()
        finally:
            self.scheduler.release_locks()  # type: ignore[no-untyped-call]
            self.scheduler.register_death()

    def _keep_scheduler(self) -> None:
        """Start it again when it has died, or when the one of another worker has."""
        scheduler: Any = self.scheduler
        if scheduler is None or self._in_burst:
            return
        if scheduler._process is None or not scheduler._process.is_alive():
            scheduler.acquire_locks(auto_start=True)

    def stop_scheduler(self) -> None:
        """End the scheduler process and wait for it.

        A signal that reaches a process while it is being forked is lost (CPython clears what is pending in the
        child), and RQ, which sends it once, would wait for ever: so it is sent until the process has ended. One that
        was ended before it listened still holds its locks, and no other would take over: they are given up here.
        """
        scheduler: Any = self.scheduler  # RQ's types know it only before its process has started
        if scheduler is None:
            return
        process = scheduler._process
        while process is not None and process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            process.join(1)
        scheduler.release_locks()


def _time(worker: Any) -> float:
    seconds, micros = worker.connection.time()
    return float(seconds + micros / 1e6)
