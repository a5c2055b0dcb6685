"""What a watcher keeps in Redis, so that the one that goes on after it tells nothing twice and forgets nothing.

One process watches at a time: the holder of a lock that expires. What it follows and has still to tell is one JSON
document of bounded size; what cannot be read in it counts as never written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pantry_queue.alerting.message import Message
from pantry_queue.keys import Keys
from pantry_queue.monitor.alarms import Alarm
from pantry_queue.monitor.kept_alerts import alarm, document, kinds

if TYPE_CHECKING:
    from redis import Redis

#: Seconds what was told is remembered when nobody watches.
KEPT = 7 * 86_400
_KINDS_KEPT = 30 * 86_400


@dataclass(slots=True)
class State:
    """What was found of an earlier watcher.

    Attributes:
        by: token of who wrote it.
        alarms: what it followed.
        outbox: what it had not delivered.
        kinds: kinds of failure it had met; None when nobody has looked yet.
    """

    by: str = ""
    alarms: list[Alarm] = field(default_factory=list)
    outbox: list[Message] = field(default_factory=list)
    kinds: dict[str, tuple[float, float]] | None = None


def hold(client: Redis, keys: Keys, token: str, seconds: float) -> bool:
    """Take or keep the lock. Returns whether it is ours."""
    lock = int(seconds * 1000)
    pipe: Any = client.pipeline(transaction=False)
    pipe.set(keys.alert_lock, token, nx=True, px=lock)
    pipe.get(keys.alert_lock)
    _, holder = pipe.execute()
    ours: bool = holder == token.encode()
    if ours:
        client.pexpire(keys.alert_lock, lock)
    return ours


def let_go(client: Redis, keys: Keys, token: str) -> None:
    """Give the lock up, if it is ours, so that another can go on at once."""
    if client.get(keys.alert_lock) == token.encode():
        client.delete(keys.alert_lock)


def load(client: Redis, keys: Keys) -> State:
    """What an earlier watcher left."""
    written = _document(client, keys.alerts)
    return State(
        str(written.get("by", "")),
        [found for found in map(alarm, _list(written.get("alarms"))) if found],
        [message for message in map(_message, _list(written.get("outbox"))) if message],
        kinds(_document(client, keys.alert_kinds)),
    )


def save(client: Redis, keys: Keys, token: str, alarms: Iterable[Alarm], outbox: Iterable[Message]) -> None:
    """Write down what is followed and what is still to be told."""
    written = {"by": token, "alarms": [asdict(one) for one in alarms], "outbox": [asdict(one) for one in outbox]}
    client.set(keys.alerts, json.dumps(written), ex=KEPT)


def save_kinds(client: Redis, keys: Keys, met: dict[str, tuple[float, float]]) -> None:
    """Write down which kinds of failure were met."""
    client.set(keys.alert_kinds, json.dumps({"kinds": met}), ex=_KINDS_KEPT)


def _document(client: Redis, key: str) -> dict[str, Any]:
    import redis.exceptions as redis_errors

    try:
        stored: Any = client.get(key)
    except redis_errors.ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise
        client.delete(key)
        return {}
    return document(stored)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _message(value: Any) -> Message | None:
    try:
        if not str(value["id"]).isidentifier() or not isinstance(value["body"], str):
            return None
        json.loads(value["body"])
        return Message(value["id"], float(value["at"]), value["body"], int(value["tries"]))
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError):
        return None
