"""The parts of the service as processes of this machine: embedded Valkey, agent, API, workers.

`demo` and `up` are two uses of it. Parts are stopped in the reverse of the order they were started in, whatever
way the console ends.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from pantry_queue import children, embedded
from pantry_queue.config import Settings
from pantry_queue.errors import PantryError

#: A cold start of the agent imports the OCR engine and warms its model.
_START_SECONDS = 120.0
_WORKER = (sys.executable, "-m", "pantry_queue.workers.worker")


class Stack:
    """Parts started together and stopped together. Use it as a context manager.

    Args:
        directory: where logs, sockets and data of the parts are.
        environment: variables all parts get on top of this process' own.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.environment = {**os.environ, **(environment or {})}
        self.parts: list[children.Child] = []
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with children.signals_deferred():
            self._exit.close()

    def start_valkey(self, directory: Path | None = None) -> embedded.EmbeddedServer:
        """Start the embedded server, or attach to the one that runs in `directory`.

        Raises:
            MissingExtra, PantryError: it cannot be started.
        """
        with children.signals_deferred():
            server = embedded.start(directory or self.directory / "valkey")
            if server.child is not None:
                self.parts.append(server.child)
                self._exit.callback(server.stop)
        self.environment["PANTRY_REDIS_URL"] = server.url
        return server

    def start_agent(self, module: str, arguments: Sequence[str]) -> str:
        """Start an OCR agent and wait until its model is warm; as `start_http`."""
        return self.start_http("agent", module, arguments)

    def start_http(self, name: str, module: str, arguments: Sequence[str]) -> str:
        """Start an HTTP service and wait until it is ready.

        Args:
            name: what it is called in messages.
            module: run with `python -m`; it takes the options of `pantry_queue.receipts.serving`.
            arguments: its options; the port is chosen here unless they name one.

        Returns:
            its base URL.

        Raises:
            PantryError: it ended or did not get ready; the sentence ends with the last line of its log.
        """
        port_file = self.directory / f"{name}-{len(self.parts)}.port"
        port_file.unlink(missing_ok=True)
        options = ["--port", "0", "--port-file", str(port_file), *arguments]
        service = self._start(name, [sys.executable, "-m", module, *options])
        end = time.monotonic() + _START_SECONDS
        while not port_file.exists():
            self._check(service, end)
        url = f"http://127.0.0.1:{int(port_file.read_text())}"
        while not _ready(url):
            self._check(service, end)
        return url

    def start_workers(self, count: int) -> None:
        """Start worker processes; they register in Redis by themselves."""
        environment = {name: value for name, value in self.environment.items() if name != "WORKER_NAME"}
        for number in range(1, count + 1):
            self._start(f"worker {number}", _WORKER, environment)

    def ended(self) -> children.Child | None:
        """A part that is no longer running, or None while all is well."""
        return next((part for part in self.parts if part.exit_code() is not None), None)

    def _start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> children.Child:
        log = self.directory / f"{name.replace(' ', '-')}.log"
        with children.signals_deferred():
            return self._keep(children.start(name, argv, env=env or self.environment, log=log))

    def _keep(self, part: children.Child) -> children.Child:
        self.parts.append(part)
        self._exit.callback(part.stop)
        return part

    @staticmethod
    def _check(part: children.Child, end: float) -> None:
        if part.exit_code() is not None or time.monotonic() > end:
            raise PantryError(f"The {part.name} did not start: {part.last_lines(1) or 'it said nothing'}")
        time.sleep(0.05)


def _ready(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/ready", timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@contextmanager
def ending_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP leave by an exception, so that everything started is stopped."""

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_workers(settings: Settings, count: int, *, queues: Sequence[str], burst: bool) -> int:
    """Several workers in the foreground, their output on ours, until they end or we are told to.

    Args:
        settings: the workers read the same environment; a Redis URL of the command line goes to them by
            environment, never as an argument.
        count: worker processes.
        queues: queues to listen to, the service's own when empty.
        burst: end when the queues are empty.

    Returns:
        the first exit code that is not 0, else 0.
    """
    environment = {name: value for name, value in os.environ.items() if name != "WORKER_NAME"}
    if settings.redis_url:
        environment["PANTRY_REDIS_URL"] = settings.redis_url
    argv = [*_WORKER, *(word for queue in queues for word in ("--queue", queue)), *(["--burst"] if burst else [])]
    workers: list[children.Child] = []
    try:
        with ending_signals():
            for number in range(1, count + 1):
                with children.signals_deferred():
                    workers.append(children.start(f"worker {number}", argv, env=environment, log=None))
            while any(worker.exit_code() is None for worker in workers):
                time.sleep(0.1)
    except (KeyboardInterrupt, SystemExit):
        pass
    with children.signals_deferred():
        for worker in workers:
            worker.signal(signal.SIGTERM)
        # A job without a time limit is given a day.
        patience = settings.default_timeout + 10 if settings.default_timeout > 0 else 86400
        codes = [worker.stop(patience) for worker in workers]
    return next((code for code in codes if code), 0)
