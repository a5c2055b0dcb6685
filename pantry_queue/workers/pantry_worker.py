"""RQ's worker with what it lacks."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.worker.base import WorkerStatus


class PantryWorker(Worker):
    """Same keys, same commands, same jobs as RQ's own worker, beside which it may run.

    RQ obeys a request to stop by raising `StopRequested` out of the signal handler, wherever the program is. Between
    taking a job and starting it that loses the job; out of code that catches everything (`logging`) the request is
    lost; out of the start of the worker it leaves a scheduler process behind; out of hiredis' C code it ended the
    process by a segmentation fault. Here a request is only noted, and obeyed where no job is in hand: before each
    wait for one, which therefore is short.
    """

    def listen_to_signals(self) -> None:
        """To be called before `work`: SIGTERM and SIGINT mean the same from now on, not only once RQ has started.

        SIGHUP, the end of the terminal, means SIGTERM.
        """
        self._install_signal_handlers()  # type: ignore[no-untyped-call]  # RQ types its worker only in part
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))

    @property
    def was_asked_to_stop(self) -> bool:
        """Whether a signal or a command, and not a fault, ends the work."""
        return self._shutdown_requested_date is not None

    @property
    def dequeue_timeout(self) -> int:
        """Seconds of one wait for a job; an idle worker obeys a request to stop within this time."""
        return 1

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Note the request. A child of ours that does not listen for itself yet ends."""
        if os.getpid() != self.pid:
            os._exit(128 + signum)
        self._stop_requested = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _shutdown(self) -> None:
        """Called by `request_stop`. With a job running the request is made visible in Redis, as RQ does."""
        if self.get_state() == WorkerStatus.BUSY:
            with contextlib.suppress(RedisError):
                super()._shutdown()  # type: ignore[no-untyped-call]

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """As RQ's, which asks before each wait for a job and never with one in hand: where a request is obeyed."""
        if self._stop_requested:
            raise StopRequested
        return bool(super().should_run_maintenance_tasks)

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
