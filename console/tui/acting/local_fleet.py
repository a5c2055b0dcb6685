"""Workers of this machine, launched and stopped by the console, never on the event loop; the audit tells of both."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from pantry_queue.config import Settings
    from pantry_queue.workers.fleet import LocalWorker

#: As many as one dialog launches.
MOST = 64


@dataclass(frozen=True, slots=True)
class Order:
    """What to launch.

    Attributes:
        queues: the service's own when empty.
        burst: they end when the queues are empty.
    """

    number: int
    queues: tuple[str, ...]
    burst: bool


def order(number: str, queues: str, *, burst: bool) -> Order:
    """What was typed, as an order.

    Args:
        queues: names with commas between.

    Raises:
        ValueError: one sentence that says what is wrong.
    """
    if not (number.strip().isascii() and number.strip().isdigit() and 1 <= int(number) <= MOST):
        raise ValueError(f"the number of workers should be 1 to {MOST}")
    names = tuple(dict.fromkeys(name.strip() for name in queues.split(",") if name.strip()))
    bad = next((name for name in names if not name.isprintable()), None)
    if bad is not None:
        raise ValueError("the name of a queue should be printable")
    return Order(int(number), names, burst)


class LocalFleet:
    """Launches and stops.

    Args:
        settings: where Redis is.
        profile: the named connection, for the audit.
    """

    def __init__(self, settings: Settings, profile: str = "") -> None:
        self._settings = settings
        self._profile = profile

    async def launch(self, wanted: Order) -> tuple[str, ...]:
        """Start workers that live on when the console ends; their names.

        Raises:
            PantryError: none can be started, or Redis does not take the entry for the audit.
        """

        def work() -> tuple[str, ...]:
            from pantry_queue.workers import fleet

            started = fleet.launch(self._settings, wanted.number, queues=wanted.queues, burst=wanted.burst)
            names = tuple(worker.name for worker in started)
            self._record("workers.launch", names)
            return names

        return await asyncio.to_thread(work)

    def stop(self, worker: LocalWorker, told: Callable[[str], None], *, now: bool) -> None:
        """Ask a worker to end; returns at once.

        A thread of its own waits, and the end of the console does not wait for that: the worker has been asked by then.

        Args:
            told: called on the event loop with a sentence when it has ended, or when it could not be asked.
            now: its job goes back to its queue instead of ending first.
        """
        loop = asyncio.get_running_loop()

        def work() -> None:
            sentence = self._stopped(worker, now)
            if not loop.is_closed():
                loop.call_soon_threadsafe(told, sentence)

        threading.Thread(target=work, name="fleet-stop", daemon=True).start()

    def _stopped(self, worker: LocalWorker, now: bool) -> str:
        from pantry_queue.workers import fleet

        patience = self._settings.default_timeout
        try:
            self._record("workers.stop", (worker.name,))
            left = fleet.stop(worker, 0.0 if now else float("inf") if patience < 0 else patience + 10.0)
        except PantryError as error:
            return str(error)
        code = "" if left.exit_code is None else f", exit code {left.exit_code}"
        return f"Worker {left.name} has {left.state}{code}."

    def _record(self, action: str, names: Sequence[str]) -> None:
        from pantry_queue.connection import connect, translated
        from pantry_queue.control import audit
        from pantry_queue.keys import Keys

        with translated(self._settings):
            connection = connect(self._settings, "operator")
            try:
                actor = audit.whoami("tui", profile=self._profile)
                facts: dict[str, str | int] = {"workers": " ".join(names)}
                audit.record(connection, Keys.from_env(), secrets.token_hex(6), "outcome", action, actor, facts)
            finally:
                connection.close()
