"""The agent as a process: options, socket, port file, and a clean end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from pantry_queue.errors import ConfigError, PantryError
from pantry_queue.receipts.images import ImageSources

from .app import create_app

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8002
# A running recognition cannot be stopped; a request gets this long to be answered before the process ends.
_GRACE_SECONDS = 3
_PARENT_POLL_SECONDS = 1.0
_MAX_PORT = 65535
_BACKLOG = 128


def build_parser(environ: Mapping[str, str], prog: str) -> argparse.ArgumentParser:
    """The options of the agent; ``AGENT_HOST`` and ``AGENT_PORT`` of ``environ`` are their defaults."""
    parser = argparse.ArgumentParser(prog=prog, description="Reads receipts: POST /extract.")
    parser.add_argument("--host", default=environ.get("AGENT_HOST") or DEFAULT_HOST, help="address to listen on")
    parser.add_argument("--port", default=environ.get("AGENT_PORT") or str(DEFAULT_PORT), help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="write the port here once the agent listens")
    parser.add_argument("--parent-pid", type=int, help="end when the process with this id is gone")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent until it is told to end. Returns the exit code: 0 ended as asked, 1 could not start."""
    options = build_parser(os.environ, "python -m pantry_queue.receipts.agent").parse_args(argv)
    return run(options, app_from_env)


def app_from_env() -> ASGIApp:
    """The agent's application as the environment sets it (image sources, ``AGENT_TOKEN``)."""
    return create_app(ImageSources.from_env(os.environ), token=os.environ.get("AGENT_TOKEN") or None)


def run(options: argparse.Namespace, make_app: Callable[[], ASGIApp]) -> int:
    """Serve the application with the options of :func:`build_parser`. Returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app = make_app()
        listener = _listen(options.host, options.port)
    except PantryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    port = listener.getsockname()[1]
    if options.port_file is not None:
        _write_port(options.port_file, port)
    sys.stdout.write(f"The receipt agent listens on http://{_printed(options.host)}:{port}\n")
    sys.stdout.flush()
    asyncio.run(_serve(app, listener, options.parent_pid))
    sys.stdout.flush()
    sys.stderr.flush()
    # A recognition may still run on its thread; the interpreter would wait for native code it cannot stop.
    os._exit(0)


def _listen(host: str, port_text: str) -> socket.socket:
    if not port_text.isascii() or not port_text.isdigit() or int(port_text) > _MAX_PORT:
        raise ConfigError(f"The agent's port is {port_text!r}; set AGENT_PORT or --port to 0 to {_MAX_PORT}.")
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
            f"The agent cannot listen on {host} port {port_text} ({error.strerror}); choose another --port."
        ) from None
    return listener


def _write_port(path: Path, port: int) -> None:
    # In one step, so that a reader never finds an empty file.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(f"{port}\n", encoding="ascii")
    unfinished.replace(path)


def _printed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _serve(app: ASGIApp, listener: socket.socket, parent: int | None) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE_SECONDS,
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
