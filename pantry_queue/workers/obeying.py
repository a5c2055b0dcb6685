"""How a worker is told: signals and commands, noted when they come and obeyed where it is safe."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import threading
import time
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq.worker.base import WorkerStatus

from pantry_queue.workers import horses
from pantry_queue.workers.tending import Tending

logger = logging.getLogger("pantry_queue.workers.obeying")

#: A mark that has not come by then was lost with its connection; no command is under way for so long.
_MARK_SECONDS = 5.0


class Obeying(Tending):
    """The part of the worker that others speak to."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._horse: horses.Horse | None = None
        self._kill_wanted = False
        #: The run whose start has come by the channel of commands, and when the one in hand began.
        self._marked = ""
        self._began = 0.0
        #: Held while the job in hand changes, and while a command looks at it and acts on it.
        self._switch = threading.RLock()

    # -- being asked to stop ------------------------------------------------------------------------------
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
        """Seconds RQ believes one wait for a job takes; it sets the time-out of our connection by it."""
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

    # -- commands -----------------------------------------------------------------------------------------
    def handle_payload(self, message: Any) -> None:
        """A command, in the thread that listens for them. A damaged one must not end that thread."""
        try:
            command = json.loads(message["data"])
            with self._switch:
                if command["command"] == "started":
                    self._marked = str(command["execution_id"])
                elif command["command"] == "kill-horse" and not self._is_for_this_run():
                    logger.info("The job whose horse was to be killed has ended, or none runs.")
                else:
                    super().handle_payload(message)  # type: ignore[no-untyped-call]
        except Exception:
            logger.exception("A command could not be carried out.")

    def _is_for_this_run(self) -> bool:
        """Whether a command that names no job was sent after the one in hand began.

        RQ's `kill-horse` says only which worker. The script that registers a run marks its start in the channel of
        commands, so what comes before the mark was meant for the job before.
        """
        return self._marked in self.executions or (
            bool(self.executions) and time.monotonic() - self._began > _MARK_SECONDS
        )

    def get_current_job_id(self) -> str | None:
        """The job in hand, or None."""
        execution = next(iter(self.executions.values()), None)
        return execution.job_id if execution else None

    @property
    def horse_pid(self) -> int:
        """The process that runs a job now, 0 while none does."""
        return self._horse.pid if self._horse is not None and self.executions else 0

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """Kill the process that runs a job, with all it has started; one that is about to be forked, once it is."""
        with self._switch:
            if self.executions:
                self._kill_wanted = True
                if self._horse is not None:
                    self._horse.kill(sig)

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Wait for the end of a horse that was killed."""
        if self._horse is None:
            return None, None, None
        horse, self._horse = self._horse, None
        return horse.pid, horse.bury(), None

    def unsubscribe(self) -> None:
        """As RQ's, but the listener knows of the end before the message that wakes it.

        In RQ's order (rq.worker.base) it goes back to sleep, and every worker ends a second late.
        """
        listener: Any = self.pubsub_thread
        if listener is not None:
            listener.stop()
        super().unsubscribe()  # type: ignore[no-untyped-call]
