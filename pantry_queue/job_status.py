"""The state of one job as services ask for it: plain values that can be sent as JSON, read without running anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields as decode
from pantry_queue.monitor import wire

if TYPE_CHECKING:
    from redis import Redis

_FIELDS = ("status", "origin", "created_at", "enqueued_at", "started_at", "ended_at", "exc_info")
_SUCCESSFUL = b"1"


def job_status(connection: Redis, keys: Keys, job_id: str) -> dict[str, Any]:
    """What `QueueClient.get_job_status` returns, which describes it.

    One round trip, and a second one for the position of a job that is queued.
    """
    size, reply, history = wire.ask(
        connection,
        [
            ("HSTRLEN", keys.job(job_id), "data"),
            ("HMGET", keys.job(job_id), *_FIELDS),
            ("XREVRANGE", keys.results(job_id), "+", "-", "COUNT", 1),
        ],
    )
    if not wire.number(size):  # RQ too takes a hash without `data` for no job
        return {"job_id": job_id, "status": "not_found"}
    job = wire.fields(reply, _FIELDS)
    state = str(decode.line(job.get("status"))) or "created"
    last = next((entry for _, entry in wire.entries(history)), {})
    return {
        "job_id": job_id,
        "status": state,
        "result": _result(last) if state == "finished" else None,
        "created_at": _iso(decode.when(job.get("created_at"))),
        "enqueued_at": _iso(decode.when(job.get("enqueued_at"))),
        "started_at": _iso(decode.when(job.get("started_at"))),
        "ended_at": _iso(decode.when(job.get("ended_at"))),
        "error": _error(last, job.get("exc_info")) if state in ("failed", "stopped") else None,
        "position": _position(connection, keys, job_id, job.get("origin")) if state == "queued" else None,
    }


def _result(entry: dict[bytes, bytes]) -> Any:
    from pantry_queue.monitor.payload import NotPlain, plain, readable

    stored = decode.unpacked(entry.get(b"return_value")) if entry.get(b"type") == _SUCCESSFUL else None
    if stored is None:
        return None
    try:
        return _json_safe(plain(stored))
    except NotPlain:
        return str(readable(stored))


def _json_safe(value: Any) -> Any:
    """Plain data in the types JSON has: collections are lists, names are text, bytes are read as UTF-8."""
    if isinstance(value, Mapping):
        return {_name(name): _json_safe(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json_safe(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _name(name: Any) -> str:
    safe = _json_safe(name)
    return safe if isinstance(safe, str) else str(safe)


def _error(entry: dict[bytes, bytes], exc_info: bytes | None) -> str | None:
    traceback = decode.traceback_text(entry.get(b"exc_string"))
    if traceback is None and exc_info:
        traceback, _ = decode.inflate(exc_info)
    last = decode.last_line(traceback)
    return None if last is None else str(last)


def _position(connection: Redis, keys: Keys, job_id: str, origin: bytes | None) -> int | None:
    (position,) = wire.ask(connection, [("LPOS", keys.queue(wire.name_of(origin or b"")), job_id)])
    return position if isinstance(position, int) else None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
