"""`status`: queues, workers, Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import output
from console.cli.durations import finite
from console.cli.looking import MARKS, Look, Looking
from console.cli.target import of
from console.documents.deployment import COUNTS, alert_json, flow_json, snapshot_json

if TYPE_CHECKING:
    from pantry_queue.monitor.model import QueueStat, Snapshot, WorkerStat
    from pantry_queue.monitor.rates import Flow


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    watch: Annotated[
        float | None, typer.Option(min=0.2, callback=finite, help="Repeat every so many seconds, until Ctrl-C.")
    ] = None,
) -> None:
    """Queues, workers and Redis at this moment."""
    looking = Looking(of(context))
    while True:
        look = looking.look()
        if as_json:
            (output.line if watch else output.document)(look_json(look))
        else:
            _show(look)
        if not watch:
            return
        time.sleep(watch)


def look_json(look: Look) -> dict[str, Any]:
    """The document of `status --json`: the snapshot, with what moves and what needs an operator."""
    found = snapshot_json(look.snapshot)
    for row, queue in zip(found["queues"], look.snapshot.queues, strict=True):
        row.update(flow_json(look.rates.flow(queue.name)))
    found["flow"] = flow_json(look.rates.flow())
    found["alerts"] = [alert_json(alert, ack) for alert, ack in look.alerts]
    return found


def _show(look: Look) -> None:
    snapshot, numbers = look.snapshot, (*(name.upper() for name in COUNTS[:7]), "OLDEST", "OUT/S", "DRAINS", "WORKERS")
    output.text("  ".join(filter(None, _redis_words(snapshot))))
    for alert, ack in look.alerts:
        answered = f" ({ack.by} answers for it)" if ack else ""
        output.text(f"{MARKS[alert.level]} {alert.subject}: {alert.text}{answered}")
    output.table(
        ("QUEUE", *numbers),
        (_queue_row(queue, snapshot, look.rates.flow(queue.name)) for queue in snapshot.queues),
        right=numbers,
        cut=("QUEUE",),
    )
    output.table(WORKER_COLUMNS, map(worker_row, snapshot.workers), right=WORKER_NUMBERS, cut=WORKER_CUT)


def _redis_words(snapshot: Snapshot) -> Iterator[str]:
    facts = snapshot.redis
    yield str(snapshot.target)
    yield f"{facts.server} {facts.version}".strip()
    if facts.connected_clients is not None:
        yield f"{facts.connected_clients} clients"
    if facts.used_memory is not None:
        yield f"{facts.used_memory / 2**20:,.1f} MiB"
    yield f"{snapshot.round_trip_ms:.1f} ms"


def _queue_row(queue: QueueStat, snapshot: Snapshot, flow: Flow) -> tuple[str, ...]:
    age = (snapshot.taken_at - queue.oldest_at).total_seconds() if queue.oldest_at else None
    return (
        queue.name,
        *(f"{getattr(queue.counts, name):,}" for name in COUNTS[:7]),
        output.ago(age),
        "-" if flow.out_per_s is None else f"{flow.out_per_s:.1f}",
        _drains(flow),
        str(len(queue.workers)),
    )


def _drains(flow: Flow) -> str:
    """When nothing will wait any more, as the console shows it; a dash where that is not known, or nothing waits."""
    words = {"never": "never", "steady": "steady"}
    return output.ago(flow.drains_in) if flow.drain == "draining" else words.get(flow.drain, "-")


WORKER_COLUMNS = ("WORKER", "VERDICT", "STATE", "QUEUES", "JOB", "BEAT", "DONE", "FAILED")
WORKER_CUT = ("QUEUES", "JOB")
WORKER_NUMBERS = ("BEAT", "DONE", "FAILED")


def worker_row(worker: WorkerStat) -> tuple[str, ...]:
    """One worker as a line of a table (`WORKER_COLUMNS`)."""
    return (
        worker.name,
        worker.verdict,
        worker.state or "-",
        ",".join(worker.queues),
        ",".join(worker.job_ids) or "-",
        output.ago(worker.heartbeat_age),
        f"{worker.successful:,}",
        f"{worker.failed:,}",
    )
