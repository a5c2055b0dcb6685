"""A long outage of the agent costs one question a minute, and no job its tries.

Four tries of a job span less than two minutes. So workers share a breaker: when the agent has failed five times within
a minute, or was out of reach four times in more than a minute, with no answer in between, or refuses our token, nobody
asks it for a minute, and then one job alone. Jobs that can come back later do so meanwhile by RQ's other counter
(`number_of_retries`), which their own retries know nothing of.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.resources import files
from types import TracebackType
from typing import Any, TypeVar

from rq.job import Job

from pantry_queue.keys import Keys
from pantry_queue.ocr_job import TASK
from pantry_queue.tasks.errors import (
    AgentAway,
    AgentBusy,
    AgentRefuses,
    AgentResting,
    AgentSlow,
    AgentTroubled,
    ReceiptFailed,
)
from pantry_queue.text import safe

T = TypeVar("T")

#: So many faults within so many seconds open it for so many seconds.
FAULTS = 5
WITHIN_SECONDS = 60
REST_SECONDS = 60
#: A probe counts as dead so many seconds after its call should have ended.
_PROBE_MARGIN = 10.0


class Breaker:
    """One run's part in the breaker of the agent. A context manager around all that comes before and after the call.

    A Redis that does not answer holds nobody up.

    Args:
        job: whose connection and id are used; None when no worker runs it, and nothing is shared then.
        comes_back: whether the job can come back later; one that cannot asks the agent in any case.
        seconds: what the call may take.
    """

    def __init__(self, job: Job | None, *, comes_back: bool, seconds: float) -> None:
        self._job = job
        self._comes_back = comes_back
        self._seconds = seconds
        self._run = os.urandom(8).hex()
        self._is_probe = False

    def __enter__(self) -> None:
        """Raises `AgentResting` while the agent is not to be asked."""
        if not self._comes_back:
            return
        verdict, seconds = self._step("ask", self._seconds + _PROBE_MARGIN)
        self._is_probe = verdict == "probe"
        if verdict == "rest":
            raise AgentResting(
                "the agent failed again and again and is given a rest: look whether it runs.",
                min(seconds, REST_SECONDS),
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_probe:
            self._step("leave")

    def call(self, ask: Callable[[], T]) -> T:
        """Ask the agent, and let all workers know how that went.

        Raises:
            AgentResting: it failed, is given a rest now, and this job can come back later.
        """
        try:
            answer = ask()
        except (AgentAway, AgentSlow, AgentTroubled) as error:
            if isinstance(error, AgentBusy) and error.retry_after is not None:
                self._step("answered")
                raise
            raise self._failed("fault", error) from None
        except AgentRefuses as error:
            was_probe = self._is_probe
            told = self._failed("refused", error)
            # The first job fails and tells it; those that look whether it is mended need not.
            raise told if was_probe else error from None
        except ReceiptFailed:
            self._step("answered")
            raise
        self._step("answered")
        return answer

    def _failed(self, step: str, error: AgentAway | AgentSlow | AgentTroubled | AgentRefuses) -> Exception:
        verdict, seconds = self._step(step, safe(str(error), 300), error.kind, TASK, int(isinstance(error, AgentAway)))
        if verdict == "rest" and self._comes_back:
            return AgentResting(str(error), seconds)
        return error

    def _step(self, step: str, *about: str | float) -> tuple[str, int]:
        """Run the script: what the run may do, and whole seconds, at least one, it should keep off."""
        if self._job is None:
            return "go", 0
        from redis.exceptions import RedisError

        limits = (FAULTS, WITHIN_SECONDS, REST_SECONDS)
        with suppress(RedisError, OSError):
            script = self._job.connection.register_script(_source())
            reply: Any = script(keys=[Keys.from_env().breaker("agent")], args=[step, self._run, *limits, *about])
            self._is_probe = self._is_probe and step == "ask"
            verdict = reply[0] if isinstance(reply[0], str) else reply[0].decode()
            return verdict, max(1, -(-int(reply[1]) // 1000))
        return "go", 0


@cache
def _source() -> str:
    return (files("pantry_queue.tasks") / "scripts" / "breaker.lua").read_text("utf-8")
