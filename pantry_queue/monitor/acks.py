"""Which alerts somebody has acknowledged, and until when: `pantry:alerts:acks`, written by `control.alerts`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields
from pantry_queue.monitor.alarms import Ack
from pantry_queue.monitor.wire import ask, server_time
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis

#: Acknowledgements there may be at a time.
MOST = 1000
_PAGE = 1000


def read(client: Redis, keys: Keys) -> dict[str, Ack]:
    """Acknowledgements that hold now, by the alert's key; none where they may not be read.

    Args:
        client: a connection that returns bytes; the right to look is enough.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    cursor: Any = 0
    found: dict[str, Ack] = {}
    for _ in range(MOST // _PAGE + 1):
        clock, reply = ask(client, [("TIME",), ("HSCAN", keys.alert_acks, cursor, "COUNT", _PAGE)])
        if not isinstance(reply, (list, tuple)) or len(reply) != 2:
            break
        cursor = reply[0]
        found |= {ack.key: ack for ack in understood(reply[1], server_time(clock))}
        if int(cursor) == 0:
            break
    return found


def understood(reply: Any, now: datetime) -> Iterator[Ack]:
    """The acknowledgements in what HSCAN replied that hold at `now`; what is damaged is left out."""
    flat = iter(reply if isinstance(reply, (list, tuple)) else ())
    pairs = reply.items() if isinstance(reply, dict) else zip(flat, flat, strict=False)
    for key, value in pairs:
        if not isinstance(key, bytes) or not isinstance(value, bytes):
            continue
        try:
            said = json.loads(value)
            until = fields.moment(float(said["until"]))
            by, reason = str(said.get("by", "")), str(said.get("reason", ""))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
        if until is not None and until > now:
            yield Ack(safe(key, 300), safe(by, 100), until, safe(reason, 300))
