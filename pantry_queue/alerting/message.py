"""What is told of an alert, as a webhook gets it."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pantry_queue.monitor.alarms import Change


@dataclass(slots=True)
class Message:
    """One thing to tell.

    Attributes:
        id: the same in every attempt, so that a receiver can tell a repetition.
        at: when it happened, in unix seconds.
        body: JSON.
        tries: attempts made so far.
    """

    id: str
    at: float
    body: str
    tries: int = 0


def trial(profile: str) -> Message:
    """A message that tells of nothing, to see whether messages arrive."""
    now = time.time()
    said = {"type": "alert.test", "timestamp": _iso(now), "text": "A test of pantry-console: alerts arrive here."}
    return Message(_name(), now, json.dumps({**said, "data": {"profile": profile or None}}))


def message(change: Change, target: str, profile: str) -> Message:
    """The message of a change.

    Args:
        target: address of the Redis it is about, without secrets.
        profile: the named connection; empty without one.
    """
    return Message(_name(), change.at, json.dumps(document(change, target, profile)))


def document(change: Change, target: str, profile: str) -> dict[str, Any]:
    """A change as JSON has it; `text` says the whole in one line, for chats."""
    return {
        "type": f"alert.{change.what}",
        "timestamp": _iso(change.at),
        "text": sentence(change, profile or target),
        "data": {
            "alert": change.alert.key,
            "what": change.what,
            "level": change.alert.level,
            "code": change.alert.code,
            "kind": change.alert.kind,
            "subject": change.alert.subject,
            "says": change.alert.text,
            "since": _iso(change.since),
            "target": target,
            "profile": profile or None,
        },
    }


def sentence(change: Change, where: str) -> str:
    """A change in one line."""
    alert = change.alert
    how = {"started": alert.level, "worsened": f"now {alert.level}", "ended": "over"}[change.what]
    said = f"was: {alert.text}" if change.what == "ended" else alert.text
    return f"[{where}] {how}: {alert.subject}: {said}"


def _name() -> str:
    return f"msg_{secrets.token_hex(12)}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
