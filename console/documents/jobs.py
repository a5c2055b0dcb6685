"""Jobs, groups of failed ones and what is due, as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.documents.values import as_pairs, iso

if TYPE_CHECKING:
    from pantry_queue.monitor.model import (
        CronEntry,
        Due,
        FailureGroup,
        JobDetail,
        JobExecution,
        JobNode,
        JobResult,
        JobRow,
    )

#: Fields of a row, in the order `export` writes them.
COLUMNS = (
    "id",
    "state",
    "queue",
    "func",
    "description",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "worker",
    "error",
    "expired",
)


def row_json(row: JobRow) -> dict[str, Any]:
    """One job as a line of `jobs list --json`."""
    return {
        "id": row.id,
        "state": row.state,
        "queue": row.queue,
        "func": row.func or None,
        "description": row.description or None,
        "created_at": iso(row.created_at),
        "enqueued_at": iso(row.enqueued_at),
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "worker": row.worker,
        "error": row.error,
        "expired": row.expired,
    }


def detail_json(job: JobDetail) -> dict[str, Any]:
    """The document of `jobs show --json`."""
    return {
        **row_json(job.row),
        "args": [argument.value for argument in job.payload.args],
        "kwargs": as_pairs(job.payload.kwargs),
        "payload_format": job.payload.format,
        "payload_notes": list(job.payload.notes),
        "meta": as_pairs(job.meta),
        "result": job.result,
        "traceback": "\n".join(job.traceback) or None,
        "retries_left": job.retries_left,
        "retry_intervals": list(job.retry_intervals),
        "timeout": job.timeout,
        "ttl": job.ttl,
        "result_ttl": job.result_ttl,
        "failure_ttl": job.failure_ttl,
        "expires_in": job.expires_in,
        "depends_on": list(job.depends_on),
        "dependents": list(job.dependents),
        "executions": [_execution_json(run) for run in job.executions],
        "results": [_result_json(result) for result in job.results],
        "position": job.position,
        "group": job.group,
        "repeats_left": job.repeats_left,
        "number_of_retries": job.number_of_retries,
        "due_at": iso(job.due_at),
        "last_heartbeat_at": iso(job.last_heartbeat_at),
        "callbacks": as_pairs(job.callbacks),
        "webhooks": list(job.webhooks),
        "rate_limit": job.rate_limit,
        "notes": list(job.notes),
        "log": list(job.log),
    }


def _execution_json(run: JobExecution) -> dict[str, Any]:
    return {
        "id": run.id,
        "worker": run.worker,
        "created_at": iso(run.created_at),
        "last_heartbeat_at": iso(run.last_heartbeat_at),
    }


def _result_json(result: JobResult) -> dict[str, Any]:
    return {
        "at": iso(result.at),
        "kind": result.kind,
        "worker": result.worker,
        "value": result.value,
        "traceback": "\n".join(result.traceback) or None,
        "started_at": iso(result.started_at),
        "ended_at": iso(result.ended_at),
    }


def tree_json(node: JobNode | None) -> list[dict[str, Any]] | None:
    """What stands under a job in a tree of dependencies, as `jobs show --json` gives it; null where nothing does.

    `more` is how many there are beyond those listed; under a job with `loop`, which stands above itself, none are.
    """
    if node is None:
        return None
    return [
        {
            "id": child.row.id,
            "state": child.row.state or None,
            "queue": child.row.queue or None,
            "func": child.row.func or None,
            "expired": child.row.expired,
            "loop": child.loop,
            "more": child.more,
            "children": tree_json(child),
        }
        for child in node.children
    ]


def call(job: JobDetail) -> str:
    """The job as the call it would make."""
    arguments = [str(argument.value) for argument in job.payload.args]
    arguments += [f"{argument.name}={argument.value}" for argument in job.payload.kwargs]
    return f"{job.payload.func}({', '.join(arguments)})"


def group_json(group: FailureGroup) -> dict[str, Any]:
    """One group as `failures list --json` gives it."""
    return {
        "signature": group.signature,
        "exception": group.exception or None,
        "message": group.message or None,
        "where": group.where or None,
        "func": group.func or None,
        "queue": group.queues[0][0] if group.queues else None,
        "queues": {str(name): count for name, count in group.queues},
        "count": group.count,
        "last_hour": group.last_hour,
        "last_day": group.last_day,
        "last_week": group.last_week,
        "retried": group.retried,
        "first_at": iso(group.first_at),
        "last_at": iso(group.last_at),
        "sample_id": group.sample or None,
        "error": group.error or None,
    }


def due_json(one: Due) -> dict[str, Any]:
    """One scheduled job as `schedule list --json` gives it."""
    return {
        **row_json(one.row),
        "due_at": iso(one.row.at),
        "late": one.late,
        "by": one.by,
        "repeats": one.repeats or None,
    }


def cron_json(entry: CronEntry) -> dict[str, Any]:
    """One entry as `schedule cron --json` gives it."""
    return {
        "name": entry.name,
        "func": entry.func or None,
        "queue": entry.queue or None,
        "rule": entry.rule or None,
        "words": entry.words or None,
        "last_at": iso(entry.last_at),
        "next_at": iso(entry.next_at),
        "missed": entry.missed,
        "late": entry.late,
        "scheduler": entry.scheduler or None,
        "alive": entry.alive,
        "by": entry.by,
        "jobs": list(entry.jobs),
    }
