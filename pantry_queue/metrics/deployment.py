"""Pure: a snapshot, and the rates that came of those before it -> values of metrics."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from pantry_queue.metrics.sheet import Sheet
from pantry_queue.monitor.alerts import alerts
from pantry_queue.monitor.model import QueueStat, Snapshot, WorkerStat, WorkerVerdict
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText, safe

#: Queues and workers told apart: a series a name is kept by whoever scrapes, and names are foreign.
MOST_QUEUES = MOST_WORKERS = 1000
#: What takes together the queues beyond that.
OTHERS = SafeText("…others")

_LIKE_RQ_EXPORTER = ("queued", "started", "finished", "failed", "deferred", "scheduled")
_BESIDE = ("canceled", "ready", "intermediate", "abandoned", "overdue", "expired")
_GONE = ("dead", "ghost")


def fill(sheet: Sheet, snapshot: Snapshot, rates: RateHistory) -> None:
    """Tell everything but the functions.

    Args:
        rates: has observed this snapshot; with only this one rates are not known and left out.
    """
    sheet.most("pantry_snapshot_seconds", snapshot.round_trip_ms / 1000)
    sheet.most("pantry_suspended", snapshot.suspended)
    sheet.most("pantry_quarantined_jobs", snapshot.quarantined)
    sheet.most("pantry_agent_resting", snapshot.breaker is not None)
    _queues(sheet, snapshot, rates)
    _workers(sheet, snapshot.workers)
    _redis(sheet, snapshot)
    for (level, code), count in Counter((alert.level, alert.code) for alert in alerts(snapshot, rates)).items():
        sheet.add("pantry_alerts", count, level, code)


def _queues(sheet: Sheet, snapshot: Snapshot, rates: RateHistory) -> None:
    fullest = sorted(snapshot.queues, key=lambda queue: (-_jobs(queue), queue.raw_name))
    apart = {queue.raw_name for queue in fullest[:MOST_QUEUES]}
    for queue in snapshot.queues:
        name = queue.name if queue.raw_name in apart else OTHERS
        _counts(sheet, queue, name)
        sheet.most("pantry_queue_oldest_age_seconds", _age(queue, snapshot), name)
        sheet.most("pantry_queue_workers", len(queue.workers), name)
        sheet.most("pantry_queue_paused", queue.paused, name)
        if name is not OTHERS and rates.span():
            _flow(sheet, queue, rates)
    locks = {held.queue: held.ttl for held in snapshot.schedulers}
    for queue in snapshot.queues:
        if queue.raw_name in apart:
            sheet.most("pantry_scheduler_locked", queue.name in locks, queue.name)
            sheet.most("pantry_scheduler_lock_seconds", locks.get(queue.name), queue.name)
    sheet.add("pantry_left_out", len(snapshot.queues) - len(apart), "queues")


def _jobs(queue: QueueStat) -> int:
    counts = queue.counts
    return counts.queued + counts.started + counts.finished + counts.failed + counts.deferred + counts.scheduled


def _counts(sheet: Sheet, queue: QueueStat, name: str) -> None:
    for state in _LIKE_RQ_EXPORTER:
        sheet.add("rq_jobs", getattr(queue.counts, state), name, state)
    for state in _BESIDE:
        sheet.add("pantry_jobs", getattr(queue.counts, state), name, state)


def _age(queue: QueueStat, snapshot: Snapshot) -> float | None:
    if queue.oldest_at is not None:
        return max(0.0, (snapshot.taken_at - queue.oldest_at).total_seconds())
    return None if queue.counts.queued else 0.0


def _flow(sheet: Sheet, queue: QueueStat, rates: RateHistory) -> None:
    flow = rates.flow(queue.name)
    sheet.most("pantry_queue_in_per_second", flow.in_per_s, queue.name)
    sheet.most("pantry_queue_out_per_second", flow.out_per_s, queue.name)
    sheet.most("pantry_queue_failed_per_second", flow.failed_per_s, queue.name)
    drains_in = float("inf") if flow.drain == "never" else flow.drains_in
    sheet.most("pantry_queue_drain_seconds", drains_in, queue.name)
    sheet.most("pantry_queue_stalled_seconds", flow.stalled_for, queue.name)


def _workers(sheet: Sheet, workers: tuple[WorkerStat, ...]) -> None:
    verdicts = Counter(worker.verdict for worker in workers)
    for verdict in get_args(WorkerVerdict):
        sheet.add("pantry_workers", verdicts[verdict], verdict)
    # Like RQ's own listing: a name whose record is gone is no worker any more.
    known = sorted((w for w in workers if w.verdict != "ghost"), key=lambda w: (w.verdict in _GONE, w.raw_name))
    for worker in known[:MOST_WORKERS]:
        queues = safe(",".join(worker.queues))
        sheet.add("rq_workers", 1, worker.name, worker.state, queues)
        sheet.add("rq_workers_success_total", worker.successful, worker.name, queues)
        sheet.add("rq_workers_failed_total", worker.failed, worker.name, queues)
        sheet.add("rq_workers_working_time_total", worker.working_seconds, worker.name, queues)
    sheet.add("pantry_left_out", max(0, len(known) - MOST_WORKERS), "workers")


def _redis(sheet: Sheet, snapshot: Snapshot) -> None:
    facts = snapshot.redis
    if facts.server:
        sheet.most("pantry_redis_info", 1, facts.server, facts.version, facts.role, facts.eviction_policy)
    sheet.most("pantry_redis_memory_used_bytes", facts.used_memory)
    sheet.most("pantry_redis_memory_limit_bytes", facts.max_memory)
    sheet.most("pantry_redis_connected_clients", facts.connected_clients)
    sheet.most("pantry_redis_commands_per_second", facts.ops_per_second)
    sheet.most("pantry_redis_uptime_seconds", facts.uptime_seconds)
    sheet.most("pantry_redis_aof_enabled", facts.aof_enabled)
    saved = facts.last_save_at.timestamp() if facts.last_save_at else None
    sheet.most("pantry_redis_last_save_timestamp_seconds", saved)
