"""What would be changed, what was, and what is kept of it, as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.documents.values import iso
from console.wording import shown

if TYPE_CHECKING:
    from pantry_queue.control.audit import Entry
    from pantry_queue.control.outcome import Outcome
    from pantry_queue.control.trash import Kept


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The document of every command that changes something."""
    return {
        "action": outcome.action.name,
        "operation": outcome.operation,
        "done": outcome.done,
        "emptied": outcome.emptied,
        "skipped": dict(outcome.skipped),
        "left": [{"id": shown(job_id), "reason": reason} for job_id, reason in outcome.left],
        "failed": [{"id": shown(job_id), "error": error} for job_id, error in outcome.failed],
        "remaining": outcome.remaining,
        "stopped": outcome.stopped,
        "undoable": outcome.undoable,
        "made": list(outcome.made),
        "seconds": round(outcome.seconds, 3),
        "error": str(outcome.broken) if outcome.broken else None,
    }


def operation_json(kept: Kept) -> dict[str, Any]:
    return {
        "operation": kept.name,
        "action": kept.action,
        "at": iso(kept.at),
        "user": kept.user,
        "selection": kept.selection,
        "reason": kept.reason or None,
        "done": kept.done,
        "jobs": kept.jobs,
        "expires_in": kept.expires_in,
        "size": kept.size,
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry as `audit --json` gives it."""
    return {
        "id": entry.id,
        "at": iso(entry.at),
        "operation": entry.operation,
        "event": entry.event,
        "action": entry.action,
        "user": entry.user,
        "host": entry.host,
        "via": entry.via,
        "facts": {str(name): str(value) for name, value in entry.facts},
    }
