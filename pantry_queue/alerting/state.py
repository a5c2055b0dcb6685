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
from pantry_queue.monitor.alerts import ORDER, Alert
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis

#: Seconds what was told is remembered when nobody watches.
KEPT = 7 * 86_400
_KINDS_KEPT = 30 * 86_400
_LARGEST = 4_000_000


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
    written, kinds = _document(client, keys.alerts), _document(client, keys.alert_kinds)
    return State(
        str(written.get("by", "")),
        [alarm for alarm in map(_alarm, _list(written.get("alarms"))) if alarm],
        [message for message in map(_message, _list(written.get("outbox"))) if message],
        _kinds(kinds["kinds"]) if isinstance(kinds.get("kinds"), dict) else None,
    )


def save(client: Redis, keys: Keys, token: str, alarms: Iterable[Alarm], outbox: Iterable[Message]) -> None:
    """Write down what is followed and what is still to be told."""
    document = {"by": token, "alarms": [asdict(one) for one in alarms], "outbox": [asdict(one) for one in outbox]}
    client.set(keys.alerts, json.dumps(document), ex=KEPT)


def save_kinds(client: Redis, keys: Keys, kinds: dict[str, tuple[float, float]]) -> None:
    """Write down which kinds of failure were met."""
    client.set(keys.alert_kinds, json.dumps({"kinds": kinds}), ex=_KINDS_KEPT)


def _document(client: Redis, key: str) -> dict[str, Any]:
    import redis.exceptions as redis_errors

    try:
        stored: Any = client.get(key)
    except redis_errors.ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise
        client.delete(key)
        return {}
    try:
        found = json.loads(stored) if stored and len(stored) <= _LARGEST else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _alarm(value: Any) -> Alarm | None:
    try:
        said = value["alert"]
        alert = Alert(**{name: safe(str(said[name]), 600) for name in Alert.__dataclass_fields__})  # type: ignore[arg-type]
        told = value["told"]
        if alert.level not in ORDER or told not in (None, *ORDER):
            return None
        return Alarm(alert, float(value["since"]), float(value["over_since"]), float(value["worse_since"]), told)
    except (KeyError, TypeError, ValueError):
        return None


def _message(value: Any) -> Message | None:
    try:
        if not str(value["id"]).isidentifier() or not isinstance(value["body"], str):
            return None
        json.loads(value["body"])
        return Message(value["id"], float(value["at"]), value["body"], int(value["tries"]))
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError):
        return None


def _kinds(value: dict[str, Any]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for name, times in value.items():
        if isinstance(times, list) and len(times) == 2 and all(isinstance(at, (int, float)) for at in times):
            found[name] = (float(times[0]), float(times[1]))
    return found
