"""What Redis keeps of alerts: who has acknowledged which, and what the process that tells of them (`watch`) follows.

`pantry:alerts:acks` is written by `control.acknowledging`, `pantry:alerts` by `pantry_queue.alerting`. All of it is
foreign: what is damaged is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields
from pantry_queue.monitor.alarms import Ack, Alarm
from pantry_queue.monitor.alerts import ORDER, Alert
from pantry_queue.monitor.wire import Command, ask, blob, server_time
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis

#: Acknowledgements there may be at a time.
MOST_ACKS = 1000
_PAGE, _LARGEST = 1000, 4_000_000


@dataclass(frozen=True, slots=True)
class KeptAlerts:
    """What is kept.

    Attributes:
        acks: acknowledgements that hold now, by the alert's key.
        alarms: what is followed by the process that tells of alerts; none where nobody does.
    """

    acks: Mapping[str, Ack] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()

    @property
    def followed(self) -> tuple[Alert, ...]:
        """The alerts that are followed and not over."""
        return tuple(alarm.alert for alarm in self.alarms if not alarm.over_since)


def read(client: Redis, keys: Keys) -> KeptAlerts:
    """What is kept; nothing where it may not be read.

    Args:
        client: a connection that returns bytes; the right to look is enough.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    asked: list[Command] = [("GET", keys.alerts)]
    cursor: Any = 0
    acks: dict[str, Ack] = {}
    alarms: tuple[Alarm, ...] = ()
    for _ in range(MOST_ACKS // _PAGE + 1):
        clock, reply, *stored = ask(client, [("TIME",), ("HSCAN", keys.alert_acks, cursor, "COUNT", _PAGE), *asked])
        if stored:
            followed = document(blob(stored[0])).get("alarms")
            alarms = tuple(found for one in _list(followed) if (found := alarm(one)))
        asked = []
        if not isinstance(reply, (list, tuple)) or len(reply) != 2:
            break
        cursor = reply[0]
        acks |= {ack.key: ack for ack in _acks(reply[1], server_time(clock))}
        if int(cursor) == 0:
            break
    return KeptAlerts(acks, alarms)


def known_kinds(client: Redis, keys: Keys) -> dict[str, tuple[float, float]] | None:
    """Kinds of failure that `watch` has met, each with when first and last; None where nobody watches now.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    watched, stored = ask(client, [("GET", keys.alert_lock), ("GET", keys.alert_kinds)])
    return kinds(document(blob(stored))) if blob(watched) else None


def kinds(kept: dict[str, Any]) -> dict[str, tuple[float, float]] | None:
    """Kinds of failure as they are stored; None when none were, and what is damaged is left out."""
    if not isinstance(kept.get("kinds"), dict):
        return None
    found: dict[str, tuple[float, float]] = {}
    for name, times in kept["kinds"].items():
        if isinstance(times, list) and len(times) == 2 and all(isinstance(at, (int, float)) for at in times):
            found[name] = (float(times[0]), float(times[1]))
    return found


def document(stored: bytes | None) -> dict[str, Any]:
    """A JSON object as it is stored; an empty one for anything else."""
    try:
        found = json.loads(stored) if stored and len(stored) <= _LARGEST else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def alarm(value: Any) -> Alarm | None:
    """One alert that is followed, as it is stored; None when it is damaged."""
    try:
        said = value["alert"]
        alert = Alert(**{name: safe(str(said[name]), 600) for name in Alert.__dataclass_fields__})  # type: ignore[arg-type]
        told = value["told"]
        if alert.level not in ORDER or told not in (None, *ORDER):
            return None
        return Alarm(alert, float(value["since"]), float(value["over_since"]), float(value["worse_since"]), told)
    except (KeyError, TypeError, ValueError):
        return None


def ack(key: bytes, value: bytes) -> Ack | None:
    """One acknowledgement as it is stored; None when it is damaged."""
    try:
        said = json.loads(value)
        until = fields.moment(float(said["until"]))
        by, reason = str(said.get("by", "")), str(said.get("reason", ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
    return Ack(safe(key, 300), safe(by, 100), until, safe(reason, 300)) if until is not None else None


def _acks(reply: Any, now: datetime) -> Iterator[Ack]:
    flat = iter(reply if isinstance(reply, (list, tuple)) else ())
    pairs = reply.items() if isinstance(reply, dict) else zip(flat, flat, strict=False)
    for key, value in pairs:
        found = ack(key, value) if isinstance(key, bytes) and isinstance(value, bytes) else None
        if found is not None and found.until > now:
            yield found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
