"""What was done and can be undone: listed and shown. `undoing.py` brings it back, `discard.py` deletes it for good.

What is stored is told in `operation.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.connection import held_as, translated
from pantry_queue.control import records
from pantry_queue.control.lua import Scripts
from pantry_queue.errors import NotFound, Refused
from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """An operation that can be undone.

    Attributes:
        name: for `undo`.
        action: name in the table.
        at: when it was done.
        done: jobs it was done to.
        jobs: of those, how many can still be undone.
        expires_in: seconds until that is over.
        size: bytes its deleted jobs take, estimated from some of them; None where that may not be asked.
    """

    name: str
    action: SafeText
    at: datetime | None
    selection: SafeText
    reason: SafeText
    user: SafeText
    done: int
    jobs: int
    expires_in: float | None
    size: int | None


@dataclass(frozen=True, slots=True, eq=False)
class KeptJob:
    """A job of an operation that can be undone, with the state and queue it was in."""

    id: SafeText
    state: SafeText
    queue: SafeText


def operations(scripts: Scripts) -> list[Kept]:
    """What can be undone, newest first."""
    with translated(scripts.settings):
        names = held_names(scripts.connection, scripts.keys)
        found = [kept for name in names if (kept := _kept(scripts, name)) is not None]
    return sorted(found, key=lambda kept: kept.at.timestamp() if kept.at else 0.0, reverse=True)


def jobs(scripts: Scripts, name: str, *, count: int = 100) -> list[KeptJob]:
    """The first jobs of an operation, as they were.

    Raises:
        NotFound: no such operation, or its time is over.
    """
    with translated(scripts.settings):
        about_of(scripts, name)
        found = _first(scripts, scripts.keys.operation(name), count)
    return [KeptJob(*(safe(wire.raw_of(str(part))) for part in record[:3])) for record in found]


def held_names(client: Redis, keys: Keys) -> list[str]:
    """Names of the operations in the trash, the one that expires next first."""
    with held_as(keys.trash, "sorted set"):
        found: Any = client.zrange(keys.trash, 0, -1)
    return [wire.name_of(name) for name in found]


def jobs_of(client: Redis, keys: Keys, names: Sequence[str]) -> int:
    """How many jobs operations hold.

    Raises:
        NotFound: a name that is not there.
    """
    held = [keys.operation(name) for name in names]
    replies = wire.ask(client, [question for key in held for question in (("EXISTS", key), ("HGET", key, "left"))])
    numbers = [reply if isinstance(reply, int) else int(wire.blob(reply) or b"0") for reply in replies]
    for name, there in zip(names, numbers[::2], strict=True):
        if not there:
            raise gone(name)
    return sum(numbers[1::2])


def about_of(scripts: Scripts, name: str) -> dict[str, bytes]:
    """What is written down of an operation.

    Raises:
        NotFound: it is not there.
        Refused: it was done under another key prefix.
    """
    names = ("action", "kind", "prefix", "at", "selection", "reason", "user", "done", "left")
    key = wire.raw_of(scripts.keys.operation(name))  # what was typed need not be UTF-8
    with held_as(safe(key), "hash"):
        about = wire.fields(scripts.connection.hmget(key, names), names)
    prefix = about.get("prefix")
    if prefix is None:
        raise gone(name)
    if prefix != scripts.keys.prefix.encode():
        raise Refused(f"Operation {safe(name)} was done under RQ_KEY_PREFIX={safe(prefix)}: use that to undo it.")
    return about


def gone(name: str) -> NotFound:
    """There is no such operation."""
    return NotFound(f"The trash holds no operation {safe(wire.raw_of(name))}: it may have expired.")


def _kept(scripts: Scripts, name: str) -> Kept | None:
    key = scripts.keys.operation(name)
    try:
        about = about_of(scripts, name)
    except (NotFound, Refused):
        return None
    waiting = int(about.get("left", b"0"))
    life = scripts.connection.pttl(key)
    return Kept(
        name=name,
        action=safe(about.get("action")),
        at=fields.when(about.get("at")),
        selection=safe(about.get("selection")),
        reason=safe(about.get("reason")),
        user=safe(about.get("user")),
        done=int(about.get("done", b"0")),
        jobs=waiting,
        expires_in=life / 1000 if life >= 0 else None,
        size=_size(scripts, key, waiting) if about.get("kind") == b"delete" else 0,
    )


_SAMPLE = 20


def _size(scripts: Scripts, key: str, count: int) -> int | None:
    """Bytes of all its deleted jobs, from those of some."""
    ids = [str(record[0]) for record in _first(scripts, key, _SAMPLE)]
    sizes = wire.ask(
        scripts.connection,
        [("MEMORY", "USAGE", f"{key}:{kind}:{job_id}") for job_id in ids for kind in ("job", "results")],
    )
    known = [size for size in sizes if isinstance(size, int)]
    if not ids or not known:
        return None if ids else 0
    return round(sum(known) / len(ids) * count)


def _first(scripts: Scripts, key: str, count: int) -> list[list[Any]]:
    """As many records as wanted, or all there are; lines are read one by one, since each holds many."""
    found: list[list[Any]] = []
    at = 0
    while len(found) < count and (line := scripts.connection.lindex(f"{key}:jobs", at)) is not None:
        found += records.unpacked(line)
        at += 1
    return found[:count]
