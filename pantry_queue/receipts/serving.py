"""An ASGI application as a process of its own: options, socket, port file, and a clean end.

Agent and API are served by it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from pantry_queue.errors import ConfigError, PantryError

DEFAULT_HOST = "127.0.0.1"
_PARENT_POLL_SECONDS = 1.0
_MAX_PORT = 65535
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Service:
    """What is different in each service.

    Attributes:
        name: as messages call it, `receipt agent` for example.
        does: one sentence for `--help`.
        variables: its address is in `<variables>_HOST` and `<variables>_PORT` unless options say otherwise.
        port: where it listens when nothing else is said.
        grace: seconds a request gets to be answered once the process is told to end.
    """

    name: str
    does: str
    variables: str
    port: int
    grace: int


def build_parser(service: Service, environ: Mapping[str, str], prog: str) -> argparse.ArgumentParser:
    """The options all services have; address and port of `environ` are their defaults."""
    host = environ.get(f"{service.variables}_HOST") or DEFAULT_HOST
    port = environ.get(f"{service.variables}_PORT") or str(service.port)
    parser = argparse.ArgumentParser(prog=prog, description=service.does)
    parser.add_argument("--host", default=host, help="address to listen on")
    parser.add_argument("--port", default=port, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="write the port here once the service listens")
    parser.add_argument("--parent-pid", type=int, help="end when the process with this id is gone")
    return parser


def run(service: Service, options: argparse.Namespace, make_app: Callable[[], ASGIApp]) -> int:
    """Serve the application until the process is told to end (SIGTERM, SIGINT).

    Args:
        service: whose application it is.
        options: of `build_parser`.
        make_app: called once; what it raises of our errors is said in one line.

    Returns:
        The exit code 1 when the service could not start. Otherwise the process ends here with 0.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app = make_app()
        listener = _listen(service, options.host, options.port)
    except PantryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    port = listener.getsockname()[1]
    if options.port_file is not None:
        _write_port(options.port_file, port)
    sys.stdout.write(f"The {service.name} listens on http://{_printed(options.host)}:{port}\n")
    sys.stdout.flush()
    asyncio.run(_serve(app, listener, options.parent_pid, service.grace))
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread may still be in native code or wait for a server that hangs; the interpreter would wait for it.
    os._exit(0)


def _listen(service: Service, host: str, port_text: str) -> socket.socket:
    if not port_text.isascii() or not port_text.isdigit() or int(port_text) > _MAX_PORT:
        raise ConfigError(
            f"The port of the {service.name} is {port_text!r}; set {service.variables}_PORT or --port to 0 to "
            f"{_MAX_PORT}."
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, int(port_text), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"The {service.name} cannot listen on {host} port {port_text} ({error.strerror}); choose another port "
            f"with --port or {service.variables}_PORT."
        ) from None
    return listener


def _write_port(path: Path, port: int) -> None:
    # In one step, so that a reader never finds an empty file.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(f"{port}\n", encoding="ascii")
    unfinished.replace(path)


def _printed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _serve(app: ASGIApp, listener: socket.socket, parent: int | None, grace: int) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=grace,
    )
    server = uvicorn.Server(config)

    def end(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn takes these over, and raises the signal again once it has ended: without this the process would then
    # die of it, and a signal that comes before uvicorn is ready would be lost.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    watch = asyncio.create_task(_end_with(parent, server)) if parent is not None else None
    await server.serve(sockets=[listener])
    if watch is not None:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _end_with(parent: int, server: uvicorn.Server) -> None:
    is_own_parent = os.getppid() == parent
    while _is_alive(parent) and (not is_own_parent or os.getppid() == parent):
        await asyncio.sleep(_PARENT_POLL_SECONDS)
    server.should_exit = True


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
