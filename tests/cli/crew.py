"""Real workers of a deployment, stock ones and ours, forked from the test so that a dozen of them cost little.

Each is a process of its own session that runs RQ's or our worker as its command line would; it can be frozen and
killed as machines do it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from redis import Redis

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.workers.parenthood import end_with
from tests.chaos.storm import children_of
from tests.redis.engines.servers import until


class Crew:
    """Starts workers, and ends what is left of them.

    Args:
        settings: where Redis is.
        client: a connection to see them by.
        log: what they write goes here.
    """

    def __init__(self, settings: Settings, client: Redis, log: Path) -> None:
        self._settings = settings
        self._client = client
        self._log = log
        self.pids: dict[str, int] = {}

    def stock(
        self,
        name: str,
        *queues: str,
        scheduler: bool = False,
        before: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> None:
        """RQ's own worker; returns when it waits for jobs.

        Args:
            before: what is done in its process first.
        """

        def work() -> None:
            before()
            from rq import Worker

            found = Worker(list(queues), connection=connect(self._settings, "worker"), name=name, **options)
            found.work(with_scheduler=scheduler)

        self.start(name, work)

    def ours(
        self,
        name: str,
        *queues: str,
        allow: Sequence[str] = ("*",),
        scheduler: bool = False,
        ready: Callable[[], bool] | None = None,
    ) -> int:
        """A PantryWorker; returns its process number, when it waits for jobs (or `ready` says so)."""

        def work() -> None:
            from pantry_queue.workers.allowlist import AllowList
            from pantry_queue.workers.pantry_worker import PantryWorker

            connection = connect(self._settings, "worker")
            found = PantryWorker(list(queues), connection=connection, name=name, allow=AllowList(allow))
            found.work(with_scheduler=scheduler)

        return self.start(name, work, ready)

    def start(self, name: str, work: Callable[[], None], ready: Callable[[], bool] | None = None) -> int:
        """Run a worker of this name in a process of its own.

        Args:
            ready: whether it has begun; None is when it waits for jobs.
        """
        here = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be(work, here)
        self.pids[name] = pid
        until(ready or (lambda: self._waits(name)))
        return pid

    def _be(self, work: Callable[[], None], parent: int) -> None:
        try:
            end_with(parent)
            os.setsid()
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            for stream in (1, 2):
                os.dup2(log, stream)
            logging.getLogger().handlers.clear()
            sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
            work()
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            sys.stderr.flush()
        finally:
            os._exit(0)

    def _waits(self, name: str) -> bool:
        ((_, listeners),) = self._client.pubsub_numsub(f"rq:pubsub:{name}")
        state, ours = self._client.hmget(f"rq:worker:{name}", "state", "pantry")
        return listeners > 0 and (state == b"idle" or ours is not None)

    def asleep(self, number: int) -> None:
        """Returns when so many stock workers wait inside Redis, which hands them a job whatever becomes of them."""
        until(lambda: int(self._client.info("clients")["blocked_clients"]) >= number)

    def freeze(self, name: str) -> None:
        """The machine stops: its processes do nothing more, their connections stand."""
        for one in (self.pids[name], *children_of(self.pids[name])):
            os.kill(one, signal.SIGSTOP)

    def kill(self, name: str) -> None:
        """The machine is gone: the worker with all it has started, at once; Redis sees its connections end."""
        pid = self.pids.pop(name)
        for one in (pid, *children_of(pid)):
            os.kill(one, signal.SIGKILL)
        os.waitpid(pid, 0)
        until(lambda: self._client.pubsub_numsub(f"rq:pubsub:{name}")[0][1] == 0)

    def busy(self, *job_ids: str) -> None:
        """Returns when these jobs run."""
        until(lambda: all(self._client.hget(f"rq:job:{one}", "status") == b"started" for one in job_ids))

    def ended(self, *job_ids: str) -> None:
        """Returns when these jobs have ended."""
        ends = (b"finished", b"failed", b"stopped", b"canceled")
        until(lambda: all(self._client.hget(f"rq:job:{one}", "status") in ends for one in job_ids))

    def end(self) -> None:
        """Kill what is left."""
        for name in list(self.pids):
            self.kill(name)
