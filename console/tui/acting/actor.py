"""What carries out actions: the one door of the console through which Redis is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import TYPE_CHECKING, Protocol, TypeVar

from pantry_queue.connection import connect, translated
from pantry_queue.control.actions import Action
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from pantry_queue.config import Settings
    from pantry_queue.control import audit
    from pantry_queue.control.copying import Call
    from pantry_queue.control.lua import Scripts
    from pantry_queue.control.new_job import Request
    from pantry_queue.control.outcome import Outcome, Progress
    from pantry_queue.control.plan import Options, Plan, Selection
    from pantry_queue.monitor.model import SearchChunk

T = TypeVar("T")
#: Seconds; functions that ran within them are suggested.
_LATELY = 3600.0
#: Lists whose newest jobs suggest more, and how many of each.
_LOOKED_INTO, _LOOKED_AT = ("queued", "finished", "failed", "scheduled"), 40
#: Told on the event loop how far it is.
Told = Callable[["Progress"], None]
#: Told on the event loop how far the jobs were looked for.
Looked = Callable[["SearchChunk"], None]


class Actor(Protocol):
    """Plans and does; all of it raises `PantryError`, one sentence that says what is wrong and what to do."""

    async def plan(self, action: Action, selection: Selection, options: Options, looked: Looked | None = None) -> Plan:
        """What it would be done to; a draft, see `control.select.plan`. `looked` is called on the event loop."""

    async def run(self, plan: Plan, *, reason: str, progress: Told, stop: Event) -> Outcome:
        """Do it, see `control.run.run`; `progress` is called on the event loop."""

    async def first(self, plan: Plan, count: int) -> Plan:
        """The same plan for its first jobs, see `control.canary.first`."""

    async def watch(self, ids: Sequence[str], seconds: float, *, stop: Event) -> dict[str, str]:
        """Wait until jobs have ended; the state each was last seen in, see `control.canary.watch`."""

    async def undo(self, operation: str | None, *, progress: Told, stop: Event) -> Outcome:
        """Bring back, see `control.undoing.undo`; None is the last operation that can be undone."""

    async def call(self, job_id: str) -> Call:
        """What a job calls, where JSON can hold it, see `control.copying.call_of`."""

    async def functions(self) -> tuple[str, ...]:
        """Functions that workers ran lately, those that ran most first, and those of the newest jobs."""

    async def enqueue(self, request: Request, *, reason: str) -> str:
        """A new job, see `control.new_job.enqueue`; its id."""

    def close(self) -> None:
        """Let go of thread and connection when what is under way has ended."""


class RedisActor:
    """Acts on Redis, in a thread of its own over a connection of its own, both made on first use.

    Args:
        settings: where Redis is.
        profile: the named connection, for the audit.
    """

    def __init__(self, settings: Settings, profile: str = "") -> None:
        self._settings = settings
        self._profile = profile
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="actor")
        self._scripts: Scripts | None = None

    async def plan(self, action: Action, selection: Selection, options: Options, looked: Looked | None = None) -> Plan:
        """See `Actor.plan`."""
        tell = _on_loop(looked) if looked else None

        def work(scripts: Scripts) -> Plan:
            from pantry_queue.control import select

            client, keys = scripts.connection, scripts.keys
            return select.plan(client, keys, action, selection, options, draft=True, progress=tell)

        return await self._do(work)

    async def run(self, plan: Plan, *, reason: str, progress: Told, stop: Event) -> Outcome:
        """See `Actor.run`."""
        tell = _on_loop(progress)

        def work(scripts: Scripts) -> Outcome:
            from pantry_queue.control import run

            return run.run(scripts, plan, self._who(), reason=reason, progress=tell, stop=stop)

        return await self._do(work)

    async def first(self, plan: Plan, count: int) -> Plan:
        """See `Actor.first`."""

        def work(scripts: Scripts) -> Plan:
            from pantry_queue.control import canary

            return canary.first(scripts.connection, scripts.keys, plan, count)

        return await self._do(work)

    async def watch(self, ids: Sequence[str], seconds: float, *, stop: Event) -> dict[str, str]:
        """See `Actor.watch`."""

        def work(scripts: Scripts) -> dict[str, str]:
            from pantry_queue.control import canary

            return canary.watch(scripts.connection, scripts.keys, ids, seconds, stop=stop)

        return await self._do(work)

    async def undo(self, operation: str | None, *, progress: Told, stop: Event) -> Outcome:
        """See `Actor.undo`."""
        tell = _on_loop(progress)

        def work(scripts: Scripts) -> Outcome:
            from pantry_queue.control import undoing

            return undoing.undo(scripts, operation, self._who(), progress=tell, stop=stop)

        return await self._do(work)

    async def call(self, job_id: str) -> Call:
        """See `Actor.call`."""

        def work(scripts: Scripts) -> Call:
            from pantry_queue.control import copying

            return copying.call_of(scripts.connection, scripts.keys, job_id)

        return await self._do(work)

    async def functions(self) -> tuple[str, ...]:
        """See `Actor.functions`."""

        def work(scripts: Scripts) -> tuple[str, ...]:
            from pantry_queue.monitor import functions, jobs

            counted = functions.read(scripts.connection, scripts.keys, _LATELY)
            names = [str(stat.func) for stat in counted.functions]
            for state in _LOOKED_INTO:
                window = jobs.window(scripts.connection, scripts.keys, state, count=_LOOKED_AT)
                names += [str(row.func) for row in window.rows if row.func]
            return tuple(dict.fromkeys(names))

        return await self._do(work)

    async def enqueue(self, request: Request, *, reason: str) -> str:
        """See `Actor.enqueue`."""

        def work(scripts: Scripts) -> str:
            from pantry_queue.control import new_job

            return new_job.enqueue(scripts, self._settings, request, self._who(), reason=reason)

        return await self._do(work)

    async def _do(self, work: Callable[[Scripts], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._connected, work)

    def _connected(self, work: Callable[[Scripts], T]) -> T:
        with translated(self._settings):
            try:
                if self._scripts is None:
                    from pantry_queue.control.lua import Scripts

                    self._scripts = Scripts(connect(self._settings, "operator"), Keys.from_env(), self._settings)
                return work(self._scripts)
            except Exception:
                self._let_go()  # what comes next begins with a connection that is known to be good
                raise

    def _who(self) -> audit.Actor:
        from pantry_queue.control.audit import whoami

        return whoami("tui", profile=self._profile)

    def _let_go(self) -> None:
        if self._scripts is not None:
            self._scripts.connection.close()
            self._scripts = None

    def close(self) -> None:
        """See `Actor.close`."""
        self._thread.submit(self._let_go)
        self._thread.shutdown(wait=False)


def _on_loop(progress: Callable[[T], None]) -> Callable[[T], None]:
    """The same, to be called from the thread. A screen it opens has to find its app in the context, as it does here."""
    loop, context = asyncio.get_running_loop(), copy_context()

    def tell(told: T) -> None:
        loop.call_soon_threadsafe(progress, told, context=context)

    return tell
