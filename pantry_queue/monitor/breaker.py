"""The breaker of the OCR agent, as workers share it (`pantry_queue.tasks.breaker` writes it)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.model_deployment import BreakerStat
from pantry_queue.monitor.wire import Command
from pantry_queue.text import safe

#: The service a breaker of this name stands before.
AGENT = "agent"
_FIELDS = ("until", "opened", "rests", "why", "kind", "func", "probe_until")


def question(keys: Keys) -> Command:
    """What to ask."""
    return ("HMGET", keys.breaker(AGENT), *_FIELDS)


def stat(reply: Any, now: datetime) -> BreakerStat | None:
    """The breaker out of the reply; None while it is closed, or may not be read."""
    found = wire.fields(reply, _FIELDS) if isinstance(reply, list) else {}
    until = fields.real(found.get("until"))
    if until is None:
        return None
    opened, probe = fields.real(found.get("opened")), fields.real(found.get("probe_until"))
    return BreakerStat(
        name=safe(AGENT),
        state="open" if until > now.timestamp() else "half-open",
        until=fields.moment(until),
        opened_at=fields.moment(opened) if opened is not None else None,
        rests=fields.whole(found.get("rests")) or 0,
        probing=probe is not None and probe > now.timestamp(),
        refused=found.get("kind") == b"config",
        why=fields.line(found.get("why"), 300),
        func=fields.line(found.get("func"), 300),
    )
