"""`status`: queues, workers, Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import output
from console.cli.durations import finite
from console.cli.target import Target, of, reader

if TYPE_CHECKING:
    from console.cli.looking import Look
    from pantry_queue.monitor.alert_rules import Rules
    from pantry_queue.monitor.model import BreakerStat, Counts, QueueStat, Snapshot, WorkerStat
    from pantry_queue.monitor.rates import Flow


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    watch: Annotated[
        float | None, typer.Option(min=0.2, callback=finite, help="Repeat every so many seconds, until Ctrl-C.")
    ] = None,
) -> None:
    """Queues, workers and Redis at this moment."""
    from console.cli.looking import Looking

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


def alert_rules(target: Target) -> Rules:
    """When something needs an operator, by the config file.

    Raises:
        ConfigError: it cannot be used; the sentence names the rule.
    """
    from console import profiles

    return profiles.alerts(target.profile).rules


def take(target: Target) -> Snapshot:
    """One snapshot of the deployment.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    from pantry_queue.connection import describe
    from pantry_queue.monitor import snapshot

    settings = target.settings()
    with reader(settings) as client:
        return snapshot.take(client, target.keys(), target=describe(settings))


COUNTS = ("queued", "started", "finished", "failed", "deferred", "scheduled", "canceled", "ready", "intermediate")


def counts_json(counts: Counts) -> dict[str, int]:
    """Counts per state, with what stands beside them."""
    return {name: getattr(counts, name) for name in (*COUNTS, "abandoned", "overdue", "expired")}


def queue_json(queue: QueueStat, snapshot: Snapshot) -> dict[str, Any]:
    """One queue as `status --json` gives it."""
    age = (snapshot.taken_at - queue.oldest_at).total_seconds() if queue.oldest_at else None
    return {
        "name": queue.name,
        **counts_json(queue.counts),
        "oldest_age": age,
        "workers": len(queue.workers),
        "worker_names": list(queue.workers),
        "paused": queue.paused,
        "paused_seconds": (queue.paused_until - snapshot.taken_at).total_seconds() if queue.paused_until else None,
    }


def worker_json(worker: WorkerStat) -> dict[str, Any]:
    """One worker as `status --json` and `workers list --json` give it."""
    return {
        "name": worker.name,
        "state": worker.state or None,
        "verdict": worker.verdict,
        "evidence": worker.evidence,
        "queues": list(worker.queues),
        "job_ids": list(worker.job_ids),
        "hostname": worker.hostname or None,
        "pid": worker.pid,
        "heartbeat_age": worker.heartbeat_age,
        "ttl": worker.ttl,
        "successful": worker.successful,
        "failed": worker.failed,
        "working_seconds": worker.working_seconds,
        "birth_at": output.iso(worker.birth_at),
        "last_heartbeat_at": output.iso(worker.last_heartbeat_at),
        "pantry_version": worker.pantry or None,
        "allowed_tasks": list(worker.allowed) if worker.pantry else None,
        "rq_version": worker.rq_version or None,
        "python_version": worker.python_version or None,
    }


def breaker_json(stat: BreakerStat) -> dict[str, Any]:
    """The breaker of the OCR agent as `status --json` gives it."""
    return {
        "name": stat.name,
        "state": stat.state,
        "until": output.iso(stat.until),
        "opened_at": output.iso(stat.opened_at),
        "rests": stat.rests,
        "probing": stat.probing,
        "refused": stat.refused,
        "why": stat.why or None,
    }


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """The document of `status --json`."""
    facts = snapshot.redis
    return {
        "taken_at": output.iso(snapshot.taken_at),
        "round_trip_ms": round(snapshot.round_trip_ms, 3),
        "target": snapshot.target,
        "redis": {
            "server": facts.server or None,
            "version": facts.version or None,
            "role": facts.role or None,
            "uptime_seconds": facts.uptime_seconds,
            "used_memory": facts.used_memory,
            "max_memory": facts.max_memory,
            "eviction_policy": facts.eviction_policy or None,
            "aof_enabled": facts.aof_enabled,
            "last_save_at": output.iso(facts.last_save_at),
            "connected_clients": facts.connected_clients,
            "ops_per_second": facts.ops_per_second,
        },
        "suspended": snapshot.suspended,
        "suspended_ttl": snapshot.suspended_ttl,
        "quarantined": snapshot.quarantined,
        "breaker": breaker_json(snapshot.breaker) if snapshot.breaker else None,
        "queues": [queue_json(queue, snapshot) for queue in snapshot.queues],
        "workers": [worker_json(worker) for worker in snapshot.workers],
        "schedulers": [{"queue": held.queue, "holder": held.holder, "ttl": held.ttl} for held in snapshot.schedulers],
        "totals": counts_json(snapshot.totals),
    }


def look_json(look: Look) -> dict[str, Any]:
    """The document of `status --json`: the snapshot, with what moves and what needs an operator."""
    from console.cli.alerts import alert_json

    found = snapshot_json(look.snapshot)
    for row, queue in zip(found["queues"], look.snapshot.queues, strict=True):
        row.update(flow_json(look.rates.flow(queue.name)))
    found["flow"] = flow_json(look.rates.flow())
    found["alerts"] = [alert_json(alert, ack) for alert, ack in look.alerts]
    return found


def flow_json(flow: Flow) -> dict[str, Any]:
    """What moves through a queue, or all of them; null where it is not known."""
    known = flow.in_per_s is not None
    rates = {name: getattr(flow, name) for name in ("in_per_s", "out_per_s", "failed_per_s")}
    return {
        **{name: None if value is None else round(value, 4) for name, value in rates.items()},
        "drain": None if flow.drain == "unknown" else flow.drain,
        "drains_in": None if flow.drains_in is None else round(flow.drains_in, 1),
        "stalled_for": round(flow.stalled_for, 1) if known else None,
    }


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


#: As in the console: how urgent a sentence is, also without colour.
MARKS = {"critical": "!!", "warning": "! ", "note": "i "}


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
