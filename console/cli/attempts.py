"""The runs over a receipt, which the store of receipts remembers and Redis does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.cli import output
from console.documents.values import iso
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from pantry_queue.config import Settings
    from pantry_queue.monitor.model import JobDetail


def known(settings: Settings, job: JobDetail) -> list[dict[str, Any]] | None:
    """The runs of a job that reads a receipt, newest first, as `GET /receipts/{id}` of the API tells them.

    Returns:
        None for another job, and where the store of receipts is not within reach: it is looked into, never made.
    """
    receipt_id = _receipt_of(job)
    if receipt_id is None:
        return None
    try:
        from pantry_queue.receipts.store import attempts_seen

        seen = attempts_seen(settings.store_url, receipt_id)
    except (ImportError, PantryError):
        return None
    return [
        {
            "run": attempt.fence,
            "job_id": safe(attempt.job_id) or None,
            "started_at": iso(attempt.at),
            "ended_at": iso(attempt.ended_at),
            "kind": safe(attempt.kind, 40),
            "message": safe(attempt.message, 500) or None,
        }
        for attempt in seen
    ]


_SHOWN = ("run", "started_at", "ended_at", "kind", "message")


def show(attempts: list[dict[str, Any]]) -> None:
    """As a table, where there are any."""
    if attempts:
        output.text("")
        output.table(
            ("RUN", "STARTED", "ENDED", "OUTCOME", "MESSAGE"),
            (tuple(safe(str(one[name] or "-"), None) for name in _SHOWN) for one in attempts),
            right=("RUN",),
            cut=("MESSAGE",),
        )


def _receipt_of(job: JobDetail) -> int | None:
    if not job.payload.func.endswith(".process_receipt_ocr"):
        return None
    named = [argument.value for argument in job.payload.kwargs if argument.name == "receipt_id"]
    given = named or [argument.value for argument in job.payload.args[:1]]
    told = given[0].strip("'\"") if given else ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None
