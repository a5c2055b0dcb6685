"""Telling starts and ends of jobs, in the round trip that records them (`pantry_queue.monitor.events` reads it)."""

from __future__ import annotations

from typing import Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import payload

#: About so many events are kept.
MOST_EVENTS = 10_000
_LONGEST_NAME = 200
_LONGEST_ERROR = 300


def func_of(job: Any) -> str:
    """The function a job calls, cut; nothing is loaded for it."""
    return (str(payload.func_name(job.data)) or "?")[:_LONGEST_NAME]


def tell(pipe: Any, keys: Keys, kind: str, job: Any, worker: str, exc_string: str = "") -> None:
    """Add the end of a run to the pipeline that records it.

    Args:
        kind: `finished`, `failed`, `stopped` or `retried`.
        exc_string: traceback of a run that raised; its last line is kept.
    """
    fields: dict[Any, Any] = {"kind": kind, "id": job.id, "queue": job.origin, "func": func_of(job), "worker": worker}
    if job.started_at and job.ended_at:
        fields["seconds"] = f"{(job.ended_at - job.started_at).total_seconds():.3f}"
    lines = exc_string.strip().splitlines()
    if lines:
        fields["error"] = lines[-1][:_LONGEST_ERROR].encode("utf-8", "backslashreplace")
    pipe.xadd(keys.events, fields, maxlen=MOST_EVENTS, approximate=True)
