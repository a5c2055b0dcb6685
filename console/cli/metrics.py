"""`metrics`: the deployment as Prometheus reads it, printed once or served."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.ending import ended
from console.cli.target import of, reader
from pantry_queue.errors import RedisUnavailable

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

    from pantry_queue.config import Settings
    from pantry_queue.metrics.collector import DeploymentCollector

#: Seconds between two looks whether Redis was there at the last scrape.
_LOOK = 0.5


def metrics(
    context: typer.Context,
    serve: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="PORT", help="Answer scrapes until Ctrl-C; 0 is any free port."),
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen; loopback unless told otherwise.")] = "127.0.0.1",
) -> None:
    """Metrics in the text format of Prometheus; docs/metrics.md lists them."""
    from prometheus_client import generate_latest

    from pantry_queue.connection import describe
    from pantry_queue.metrics.collector import DeploymentCollector, registry_of

    target = of(context)
    settings = target.settings()
    once = serve is None
    collector = DeploymentCollector(partial(reader, settings), target.keys(), describe(settings), once=once)
    registry = registry_of(collector)
    if serve is not None:
        _refuse_what_cannot_be_used(settings)
        _serve(collector, registry, host, serve)
        return
    output.text(generate_latest(registry).decode("utf-8").rstrip("\n"))
    if collector.trouble is not None:
        raise collector.trouble


def _refuse_what_cannot_be_used(settings: Settings) -> None:
    """A Redis that is away may come; an address that cannot be used will not."""
    try:
        with reader(settings):
            pass
    except RedisUnavailable:
        return


def _serve(collector: DeploymentCollector, registry: CollectorRegistry, host: str, port: int) -> None:
    from pantry_queue.metrics.serving import serving

    with ended() as end, serving(registry, host, port) as address:
        output.note(f"Metrics at {address}")
        told = None
        while not end.wait(_LOOK):
            trouble = None if collector.trouble is None else str(collector.trouble)
            if trouble != told:
                output.note(trouble or "Redis answers again.")
                told = trouble
