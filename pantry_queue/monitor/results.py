"""A job's result stream and its running executions.

Encodings from RQ 3.0 (`rq.results`, `rq.executions`); entries of RQ 2.0 lack worker and times.
"""

from __future__ import annotations

from typing import Any

from pantry_queue.monitor import fields, payload, wire
from pantry_queue.monitor.model import JobExecution, JobResult
from pantry_queue.text import SafeText, safe

#: RQ's numbers in the field `type`.
_KINDS = {b"1": "successful", b"2": "failed", b"3": "stopped", b"4": "retried", b"5": "max_retries_exceeded"}
EXECUTION_FIELDS = ("worker_name", "created_at", "last_heartbeat")


def results(reply: Any, *, reveal: bool = False) -> tuple[JobResult, ...]:
    """The entries in a reply to XREVRANGE, newest first; an entry without a readable time is left out."""
    found = (_result(entry_id, entry, reveal) for entry_id, entry in wire.entries(reply))
    return tuple(result for result in found if result is not None)


def _result(entry_id: bytes, entry: dict[bytes, bytes], reveal: bool) -> JobResult | None:
    at = fields.moment(float(entry_id.partition(b"-")[0]) / 1000)
    if at is None:
        return None
    kind = _KINDS.get(entry.get(b"type", b""))
    return JobResult(
        at=at,
        kind=safe(kind) if kind else fields.line(entry.get(b"type"), 40),
        worker=fields.line(entry.get(b"worker_name"), 200) or None,
        value=_value(entry, reveal),
        traceback=fields.lines(fields.traceback_text(entry.get(b"exc_string"))),
        started_at=fields.when(entry.get(b"execution_started_at")),
        ended_at=fields.when(entry.get(b"execution_ended_at")),
    )


def _value(entry: dict[bytes, bytes], reveal: bool) -> SafeText | None:
    if b"return_value" not in entry:
        # RQ leaves the field out for None.
        return SafeText("None") if entry.get(b"type") == b"1" else None
    value = fields.unpacked(entry[b"return_value"])
    return SafeText("(unreadable)") if value is None else payload.readable(value, reveal=reveal)


def execution(execution_id: bytes, reply: Any) -> JobExecution:
    """One running execution out of a reply to HMGET of `EXECUTION_FIELDS`."""
    found = wire.fields(reply, EXECUTION_FIELDS)
    return JobExecution(
        id=safe(execution_id),
        worker=fields.line(found.get("worker_name"), 200) or None,
        created_at=fields.when(found.get("created_at")),
        last_heartbeat_at=fields.when(found.get("last_heartbeat")),
    )
