"""The only clock of the console: one reader thread, adaptive interval, back-off, wake.

No screen and no widget owns a timer, so nothing is read or painted for what cannot be seen, and tests need no clock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from console.tui.source import Answer, Needs, Source
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

#: Seconds between attempts while Redis is away.
BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0)
#: Least seconds between two readings, however often it is woken.
_GAP = 0.05
#: A reading takes at most this share of the time, on a slow server or line.
_SHARE = 0.25
#: How often the age of stale data is shown anew.
_TICK = 1.0


class Listener(Protocol):
    """Who is told what happened; called on the event loop."""

    def needs(self) -> Needs:
        """What the visible screen wants now."""

    def answered(self, answer: Answer) -> None:
        """An answer has come."""

    def failed(self, error: PantryError, next_try_in: float) -> None:
        """There is no answer."""

    def ticked(self, next_try_in: float) -> None:
        """A second has gone by in which nothing was read."""

    def resting(self) -> tuple[float, bool]:
        """Seconds to rest between two readings, and whether to hold the picture."""


class Refresher:
    """Asks `source` for what `listener` needs, again and again.

    Args:
        source: read from in a thread of its own, which is the only one that ever uses it.
        listener: see `Listener`.
    """

    def __init__(self, source: Source, listener: Listener, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._listener = listener
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        self._wake = asyncio.Event()
        self._failures = 0
        self._overview_at = -1e9
        self._took = 0.0
        self._everything = False

    def wake(self, *, overview: bool = False) -> None:
        """Read soon: something else is wanted now.

        Args:
            overview: take a snapshot too, even if the last one is fresh.
        """
        self._everything = self._everything or overview
        self._wake.set()

    async def run(self) -> None:
        """Read for ever; ends by being cancelled."""
        while True:
            self._wake.clear()
            await self.once()
            await self._rest()

    async def once(self) -> None:
        """One reading."""
        needs = self._listener.needs()
        began = self._clock()
        interval, _ = self._listener.resting()
        due = began - self._overview_at >= interval * 0.9
        if not due and not self._everything and needs.also:
            needs = replace(needs, overview=False)
        self._everything = False
        try:
            answer = await self._answer(needs)
        except PantryError as error:
            self._fail(error)
        else:
            self._failures = 0
            self._took = self._clock() - began
            if needs.overview:
                self._overview_at = began
            self._show(answer)

    async def first(self) -> Answer:
        """A snapshot, outside the round of readings: whether there is a server, and whether it answers us.

        Raises:
            PantryError: one sentence that says why not.
        """
        return await self._answer(Needs())

    async def _answer(self, needs: Needs) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._source.read, needs)
        except PantryError:
            raise
        except Exception as error:
            # A reply nobody has thought of must cost one reading and not the console.
            sentence = f"The answer of Redis could not be read ({type(error).__name__}: {safe(str(error), 120)})."
            raise PantryError(sentence) from error

    def _show(self, answer: Answer) -> None:
        try:
            self._listener.answered(answer)
        except Exception as error:
            # The same of a picture nobody has thought of: another view may still be shown.
            what = f"{type(error).__name__}: {safe(str(error), 120)}"
            self._fail(PantryError(f"What was read could not be shown here ({what}); look at another view."))

    def _fail(self, error: PantryError) -> None:
        self._failures += 1
        self._listener.failed(error, BACK_OFF[min(self._failures, len(BACK_OFF)) - 1])

    async def _rest(self) -> None:
        """Until the next reading is due or somebody wakes us; seconds go by with a tick each."""
        began = self._clock()
        while True:
            interval, held = self._listener.resting()
            pause = max(interval, self._took / _SHARE)
            if self._failures:
                pause = BACK_OFF[min(self._failures, len(BACK_OFF)) - 1]
            left = began + pause - self._clock()
            if left <= 0 and not (held and not self._failures):
                return
            patience = max(_GAP, min(_TICK, left) if left > 0 else _TICK)
            try:
                await asyncio.wait_for(self._wake.wait(), patience)
            except TimeoutError:
                self._listener.ticked(max(0.0, began + pause - self._clock()))
            else:
                await asyncio.sleep(_GAP)
                return

    def close(self) -> None:
        """Let the thread end with what it is at, and the connection with it."""
        self._thread.submit(self._source.close)
        self._thread.shutdown(wait=False)
