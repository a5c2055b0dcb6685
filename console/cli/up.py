"""`up`: the local stack in the foreground."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.target import of
from pantry_queue.errors import PantryError, Refused


def up(
    context: typer.Context,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")] = 2,
    agent_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the agent; 0 takes a free one.")] = 8002,
    api_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the HTTP API; 0 takes a free one.")] = 8000,
    receipts: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Folder the agent may read images from beside the uploads; repeat for more.",
        ),
    ] = None,
) -> None:
    """Embedded Valkey (persistent), agent, HTTP API and workers until Ctrl-C. Others attach with --url embedded."""
    from console.stack import ending_signals

    of(context).refuse_if_read_only("Starting workers")
    with ending_signals():
        try:
            _run(workers, agent_port, api_port, receipts or [])
        except KeyboardInterrupt:
            output.note("stopped")


def _run(workers: int, agent_port: int, api_port: int, folders: list[Path]) -> None:
    import os

    from console.stack import Stack
    from pantry_queue.config import Settings, data_dir

    directory = data_dir()
    images = Settings.from_env().upload_dir
    images.mkdir(parents=True, exist_ok=True, mode=0o700)
    roots = os.pathsep.join(str(folder.absolute()) for folder in (*folders, images))
    with Stack(_logs(directory), {"IMAGE_ROOTS": roots}) as stack:
        server = stack.start_valkey(directory / "valkey")
        if server.child is None:
            raise Refused("The local stack runs already: attach to it with pantry-console --url embedded.")
        output.note(f"valkey   {server.url}")
        agent = stack.start_agent("pantry_queue.receipts.agent", ["--port", str(agent_port)])
        stack.environment["AGENT_URL"] = agent
        output.note(f"agent    {agent}  reads images under {roots}")
        api = stack.start_http("api", "pantry_queue.receipts.api", ["--port", str(api_port)])
        output.note(f"api      {api}  {api}/docs shows what it does")
        stack.start_workers(workers)
        output.note(f"workers  {workers}  logs in {stack.directory}")
        output.note("attach with: pantry-console --url embedded      Ctrl-C ends everything")
        while (part := stack.ended()) is None:
            time.sleep(0.3)
        raise PantryError(f"The {part.name} ended by itself: {part.last_lines(1) or 'it said nothing'}")


def _logs(directory: Path) -> Path:
    logs = directory / "logs"
    logs.mkdir(exist_ok=True, mode=0o700)
    return logs
