"""A job as it lies in Redis: what each field holds, how large it is, and what else belongs to it.

What may hold secrets (call, meta, result) is told by kind and size alone: `payload` reads it, and masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, rows, wire
from pantry_queue.monitor.wire import Command, ask, name_of, number, permitted
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: Every field RQ 1.12 to 3.0 writes into a job's hash (`rq.job.Job.to_dict`), in the order shown.
FIELDS = tuple(
    dict.fromkeys(
        (
            *rows.FIELDS,
            *"data meta result exc_info timeout ttl result_ttl failure_ttl last_heartbeat group_id".split(),
            *"dependency_id dependency_ids allow_dependency_failures enqueue_at_front".split(),
            *"enqueue_at_front_on_retry retries_left retry_intervals".split(),
            *"number_of_retries repeats_left repeat_intervals webhooks rate_limit_key rate_limit_concurrency".split(),
            *"success_callback_name success_callback_timeout failure_callback_name failure_callback_timeout".split(),
            *"stopped_callback_name stopped_callback_timeout".split(),
        )
    )
)
_OPAQUE = frozenset(("data", "meta", "result", "exc_info", "webhooks"))
#: Bytes of a field that are loaded, and bytes that tell what kind of data an opaque one is.
_SHOWN, _HEAD = 4096, 64


@dataclass(frozen=True, slots=True, eq=False)
class RawField:
    """One field: its name, its bytes in Redis, and what it holds, or what kind of data that is."""

    name: SafeText
    size: int
    value: SafeText


@dataclass(frozen=True, slots=True, eq=False)
class RawJob:
    """What Redis holds of a job.

    Attributes:
        key: of its hash.
        fields: those that are there.
        unknown: fields of the hash that RQ does not write.
        memory: bytes the hash takes, 0 when that may not be asked.
        expires_in: seconds until the hash goes, None when it does not.
        beside: keys that belong to it, with how much each holds.
    """

    key: SafeText
    fields: tuple[RawField, ...]
    unknown: int
    memory: int
    expires_in: float | None
    beside: tuple[tuple[SafeText, int, str], ...]


def read(client: Redis, keys: Keys, job_id: str | bytes) -> RawJob | None:
    """A job as it lies there, in two round trips; None when it is not there.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        job_id: its id.

    Raises:
        redis.exceptions.RedisError: the server is away, or the job may not be read.
    """
    name = name_of(job_id)
    key, others = keys.job(name), _beside(keys, name)
    commands: list[Command] = [("HSTRLEN", key, field) for field in FIELDS]
    commands += [("HLEN", key), ("PTTL", key), ("MEMORY", "USAGE", key), *((verb, of) for verb, of, _ in others)]
    replies = ask(client, commands)
    permitted(replies[0])
    sizes = {field: number(reply) for field, reply in zip(FIELDS, replies, strict=False)}
    length, pttl, memory, *counts = replies[len(FIELDS) :]
    if number(pttl) == -2:
        return None
    wanted = [field for field, size in sizes.items() if size <= _SHOWN or (field in _OPAQUE and size <= 1 << 20)]
    values = wire.fields(ask(client, [("HMGET", key, *wanted)])[0], wanted) if wanted else {}
    there = {field: size for field, size in sizes.items() if size or field in values}  # an empty field has no length
    return RawJob(
        key=safe(wire.raw_of(key)),
        fields=tuple(RawField(safe(field), size, _value(field, values.get(field))) for field, size in there.items()),
        unknown=max(0, number(length) - len(there)),
        memory=number(memory),
        expires_in=number(pttl) / 1000 if number(pttl) >= 0 else None,
        beside=tuple(
            (safe(wire.raw_of(of)), number(count), what)
            for (_, of, what), count in zip(others, counts, strict=True)
            if number(count)
        ),
    )


def _beside(keys: Keys, name: str) -> tuple[tuple[str, str, str], ...]:
    """The keys that may belong to a job: how each is counted, its name, and what it holds."""
    return (
        ("XLEN", keys.results(name), "results"),
        ("ZCARD", keys.executions(name), "executions"),
        ("SCARD", keys.dependents(name), "jobs that wait for it"),
        ("SCARD", keys.dependencies(name), "jobs it waits for"),
        ("XLEN", keys.log(name), "lines of its log"),
        ("HLEN", keys.progress(name), "fields of its progress"),
    )


def _value(field: str, value: bytes | None) -> SafeText:
    if value is None:
        return SafeText("too large to be loaded")
    if not value:
        return SafeText("(empty)")
    if field not in _OPAQUE:
        return fields.line(value)
    content, _ = fields.inflate(value, _HEAD)
    packed = "zlib, " if content[:_HEAD] != value[:_HEAD] else ""
    return SafeText(packed + _kind(content))


def _kind(content: bytes) -> str:
    if content[:1] == b"\x80" and len(content) > 1:
        return f"pickle, protocol {content[1]}"
    if content[:1] in (b"(", b"c", b"]", b"}") and b"\n" in content:
        return "pickle, protocol 0 or 1"
    if content.lstrip()[:1] in (b"[", b"{", b'"'):
        return "JSON"
    return "text" if content.isascii() else "bytes"
