"""Queues, workers and what they did, as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.documents.values import iso

if TYPE_CHECKING:
    from pantry_queue.history import Sample
    from pantry_queue.monitor.alarms import Ack
    from pantry_queue.monitor.alerts import Alert
    from pantry_queue.monitor.functions import FunctionStat, Times
    from pantry_queue.monitor.model import BreakerStat, Counts, QueueStat, Snapshot, WorkerStat
    from pantry_queue.monitor.rates import Flow

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
        "birth_at": iso(worker.birth_at),
        "last_heartbeat_at": iso(worker.last_heartbeat_at),
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
        "until": iso(stat.until),
        "opened_at": iso(stat.opened_at),
        "rests": stat.rests,
        "probing": stat.probing,
        "refused": stat.refused,
        "why": stat.why or None,
    }


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """The document of `status --json`."""
    facts = snapshot.redis
    return {
        "taken_at": iso(snapshot.taken_at),
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
            "last_save_at": iso(facts.last_save_at),
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


def alert_json(alert: Alert, ack: Ack | None) -> dict[str, Any]:
    """One alert as `alerts list --json` and `status --json` give it."""
    return {
        "alert": alert.key,
        "level": alert.level,
        "code": alert.code,
        "kind": alert.kind,
        "subject": alert.subject,
        "says": alert.text,
        "acknowledged": {"by": ack.by, "until": iso(ack.until), "reason": ack.reason or None} if ack else None,
    }


FIGURES = ("queued", "started", "finished", "failed", "deferred", "scheduled", "canceled", "workers", "oldest_age")


RATES = ("in_per_s", "out_per_s", "failed_per_s")


SERVER = ("used_memory", "connected_clients", "ops_per_second", "round_trip_ms")


def sample_json(sample: Sample) -> dict[str, Any]:
    """One sample as `history --json` gives it."""
    return {
        "at": iso(sample.at),
        "step": sample.step,
        "gap": sample.gap,
        **{name: _rounded(getattr(sample.figures, name, None)) for name in FIGURES + RATES},
        "redis": {name: getattr(sample.server, name) for name in SERVER},
    }


def _rounded(value: float | None) -> float | None:
    return round(value, 4) if isinstance(value, float) else value


def function_json(stat: FunctionStat) -> dict[str, Any]:
    """One function as `functions list --json` gives it."""
    slowest = stat.slowest
    return {
        "func": stat.func,
        "runs": stat.runs,
        "failures": stat.failures,
        "failure_rate": stat.failure_rate,
        "run": _times_json(stat.run),
        "wait": _times_json(stat.wait),
        "slowest": slowest
        and {
            "id": slowest.job_id,
            "queue": slowest.queue,
            "seconds": slowest.seconds,
            "ended_at": iso(slowest.at),
            "ended": slowest.kind,
        },
    }


def _times_json(times: Times) -> dict[str, Any]:
    return {"count": times.count, "p50": times.p50, "p95": times.p95, "max": times.max}
