"""Every metric there is: name, type, labels, what it says. docs/metrics.md is checked against it.

The first block has the names and labels of rq-exporter (github.com/mdawar/rq-exporter, `rq_exporter/collector.py`
of 3.1), so that its dashboards and alerts work; where we count otherwise the text says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "histogram", "summary"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: as it is exposed, a counter with its `_total`.
        says: one line for `# HELP`.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    says: str


def _gauge(name: str, labels: str, says: str) -> Metric:
    return Metric(name, "gauge", tuple(labels.split()), says)


def _counter(name: str, labels: str, says: str) -> Metric:
    return Metric(name, "counter", tuple(labels.split()), says)


#: Time spent collecting; its own object of prometheus-client keeps it.
PROCESSING = Metric("rq_request_processing_seconds", "summary", (), "Time spent collecting RQ data")

OF_RQ_EXPORTER = (
    _gauge("rq_workers", "name state queues", "RQ workers"),
    _counter("rq_workers_success_total", "name queues", "RQ workers success count"),
    _counter("rq_workers_failed_total", "name queues", "RQ workers fail count"),
    _counter("rq_workers_working_time_total", "name queues", "RQ workers spent seconds"),
    _gauge("rq_jobs", "queue status", "RQ jobs by state"),
)

OURS = (
    _gauge("rq_up", "", "1 when Redis could be read at this scrape, else 0"),
    _gauge("pantry_trouble", "cause", "1 for the reason why Redis could not be read"),
    _gauge("pantry_snapshot_seconds", "", "How long reading the deployment took"),
    _gauge("pantry_jobs", "queue state", "Jobs in the lists that rq_jobs leaves out"),
    _gauge("pantry_queue_oldest_age_seconds", "queue", "How long the next job has waited; 0 where none waits"),
    _gauge("pantry_queue_workers", "queue", "Workers that listen and are not dead"),
    _gauge("pantry_queue_paused", "queue", "1 while PantryWorkers take nothing from it"),
    _gauge("pantry_queue_in_per_second", "queue", "Jobs that arrive, estimated between scrapes"),
    _gauge("pantry_queue_out_per_second", "queue", "Jobs that end, estimated between scrapes"),
    _gauge("pantry_queue_failed_per_second", "queue", "Jobs that fail, estimated between scrapes"),
    _gauge("pantry_queue_drain_seconds", "queue", "Until nothing waits at the present pace; +Inf when that is never"),
    _gauge("pantry_queue_stalled_seconds", "queue", "How long jobs wait while none runs and none ends"),
    _gauge("pantry_scheduler_locked", "queue", "1 while a scheduler serves this queue"),
    _gauge("pantry_scheduler_lock_seconds", "queue", "Until the scheduler's lock on this queue expires"),
    _gauge("pantry_workers", "verdict", "Workers by the verdict on whether they live"),
    _gauge("pantry_suspended", "", "1 while all workers are told to take nothing"),
    _gauge("pantry_quarantined_jobs", "", "Jobs set aside because they cannot be read"),
    _gauge("pantry_agent_resting", "", "1 while receipts wait because the OCR agent failed or refuses the token"),
    _gauge("pantry_alerts", "level code", "What needs an operator, by kind"),
    _gauge("pantry_redis_info", "server version role eviction_policy", "What the server says of itself"),
    _gauge("pantry_redis_memory_used_bytes", "", "Memory Redis uses"),
    _gauge("pantry_redis_memory_limit_bytes", "", "maxmemory; 0 is no limit"),
    _gauge("pantry_redis_connected_clients", "", "Connections to Redis"),
    _gauge("pantry_redis_commands_per_second", "", "Commands Redis carries out"),
    _gauge("pantry_redis_uptime_seconds", "", "Since Redis was started"),
    _gauge("pantry_redis_aof_enabled", "", "1 when Redis writes an append-only file"),
    _gauge("pantry_redis_last_save_timestamp_seconds", "", "When Redis last wrote its data set, in unix time"),
    _counter("pantry_function_runs_total", "func", "Runs that ended, as PantryWorkers count them"),
    _counter("pantry_function_failures_total", "func", "Runs that raised"),
    Metric("pantry_function_run_seconds", "histogram", ("func",), "Run times"),
    Metric("pantry_function_wait_seconds", "histogram", ("func",), "Times between enqueueing and start"),
    _gauge("pantry_left_out", "of", "Queues, workers and functions beyond those that are told apart"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*OF_RQ_EXPORTER, *OURS, PROCESSING)}
