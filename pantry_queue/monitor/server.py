"""What the Redis or Valkey server says of itself."""

from __future__ import annotations

from typing import Any

from pantry_queue.monitor import fields
from pantry_queue.monitor.model_deployment import RedisFacts
from pantry_queue.text import safe


def facts(reply: Any) -> RedisFacts:
    """The reply to INFO; all unknown where it was refused."""
    info = parsed(reply)
    if not info:
        return RedisFacts()
    is_valkey = info.get("server_name") == "valkey" or "valkey_version" in info
    saved = _int(info.get("rdb_last_save_time"))
    aof = _int(info.get("aof_enabled"))
    return RedisFacts(
        server=safe("Valkey" if is_valkey else "Redis"),
        version=safe(info.get("valkey_version") or info.get("redis_version"), 40),
        role=safe(info.get("role"), 40),
        uptime_seconds=_int(info.get("uptime_in_seconds")),
        used_memory=_int(info.get("used_memory")),
        max_memory=_int(info.get("maxmemory")),
        eviction_policy=safe(info.get("maxmemory_policy"), 40),
        aof_enabled=None if aof is None else aof != 0,
        last_save_at=fields.moment(saved) if saved else None,
        connected_clients=_int(info.get("connected_clients")),
        ops_per_second=_int(info.get("instantaneous_ops_per_sec")),
    )


def parsed(reply: Any) -> dict[str, str]:
    """Names and values out of the lines of INFO, whichever type the protocol's version gives them."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    if not isinstance(text, str):
        return {}
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in pairs if colon}


def _int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
