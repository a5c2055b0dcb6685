"""Acknowledging alerts: who answers for which, and until when, in a hash that every console and `watch` read.

`pantry:alerts:acks` holds the alert's key and JSON of `by`, `until` (unix time) and `reason`. What is over is taken
out by the next one that writes.
"""

from __future__ import annotations

import json
from typing import Any

from pantry_queue.control.audit import Actor
from pantry_queue.control.lua import Scripts
from pantry_queue.control.operation import Operation
from pantry_queue.control.plan import Plan
from pantry_queue.monitor.kept_alerts import MOST_ACKS, ack
from pantry_queue.monitor.wire import raw_of

#: Seconds an acknowledgement holds unless it is said, and at most.
USUAL, LONGEST = 3600, 30 * 86_400


def acknowledge(scripts: Scripts, plan: Plan, operation: Operation) -> tuple[int, list[tuple[str, str]]]:
    """Acknowledge alerts by their keys; one that is acknowledged already gets the new end.

    Returns:
        how many, and those for which there was no room.
    """
    client, key = scripts.connection, scripts.keys.alert_acks
    seconds, micros = client.time()
    now = seconds + micros / 1e6
    stored: Any = client.hgetall(key)
    over = [name for name, value in stored.items() if not (found := ack(name, value)) or found.until.timestamp() <= now]
    held = stored.keys() - set(over)
    until = now + min(plan.options.seconds or USUAL, LONGEST)
    said = json.dumps({"by": _who(operation.actor), "until": until, "reason": str(operation.facts.get("reason", ""))})
    done, left = 0, []
    with client.pipeline() as pipe:
        if over:
            pipe.hdel(key, *over)
        for name in plan.selection.ids:
            if raw_of(name) not in held and len(held) >= MOST_ACKS:
                left.append((name, "no_room"))
                continue
            held.add(raw_of(name))
            pipe.hset(key, raw_of(name), said)
            done += 1
        pipe.expire(key, LONGEST)
        pipe.execute()
    return done, left


def unacknowledge(scripts: Scripts, plan: Plan, operation: Operation) -> tuple[int, list[tuple[str, str]]]:
    """Take acknowledgements back."""
    done, left = 0, []
    for name in plan.selection.ids:
        if scripts.connection.hdel(scripts.keys.alert_acks, raw_of(name)):
            done += 1
        else:
            left.append((name, "not_acknowledged"))
    return done, left


def _who(actor: Actor) -> str:
    return actor.alias or f"{actor.user}@{actor.host}"
