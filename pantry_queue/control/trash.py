"""The trash: what was deleted can be brought back for a day.

Under `pantry:trash` a sorted set names the operations, each with the time it expires at. Of an operation there are

    pantry:trash:<operation>            hash: action, queue, prefix, at, and counts
    pantry:trash:<operation>:jobs       list: one line a job, written and read by scripts (`clear.lua`, `restore.lua`)
    pantry:trash:<operation>:<kind>:<id>  the job's own keys, renamed: job, results, dependents, dependencies

all with the same expiry, so nothing has to be cleaned up.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pantry_queue.control import audit
from pantry_queue.control.lua import Scripts, word_list
from pantry_queue.control.submission import stamp_now
from pantry_queue.errors import NotFound, Refused
from pantry_queue.monitor import wire
from pantry_queue.text import safe

KEEP_SECONDS = 24 * 3600
#: Entries of one call: 10 to 20 ms of server time.
CHUNK = 500

#: States whose jobs a registry other than `failed` names, or a queue.
_NOT_FAILED = (
    "queued",
    "started",
    "finished",
    "deferred",
    "scheduled",
    "canceled",
    "ready_to_enqueue",
    "rate_limited",
    "created",
)


@dataclass(frozen=True, slots=True)
class Cleared:
    """What clearing did.

    Attributes:
        operation: names it in the trash and in the audit; None when there was nothing to clear.
        deleted: jobs that went to the trash.
        empty: entries that had no failed job any more and were taken out.
        left: entries left alone: the job failed after the start, a worker still runs it, or a key of another kind
            has its name.
    """

    operation: str | None
    deleted: int
    empty: int
    left: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What bringing back did.

    Attributes:
        restored: jobs back in their place.
        exists: jobs whose id is in use again; the deleted ones stay in the trash.
        expired: jobs whose time in the trash had ended.
    """

    restored: int
    exists: int
    expired: int


def clear_failed(
    scripts: Scripts, queues: Sequence[str], actor: audit.Actor, *, keep_seconds: int = KEEP_SECONDS, reason: str = ""
) -> Cleared:
    """Delete all failed and stopped jobs of some queues, into the trash.

    What fails after the start is left alone. It works in chunks; broken off, it can simply be started again.

    Args:
        scripts: where.
        queues: names.
        actor: for the audit.
        keep_seconds: how long it can be brought back.
        reason: for the audit.
    """
    totals = _sizes(scripts, queues)
    if not sum(totals.values()):
        return Cleared(None, 0, 0, 0)
    operation = secrets.token_hex(6)
    facts: dict[str, str | int] = {"queues": " ".join(queues), "entries": sum(totals.values()), "reason": reason}
    _open(scripts, operation, "clear failed", actor, facts, keep_seconds)
    left = sum(_clear_queue(scripts, operation, queue, total, keep_seconds) for queue, total in totals.items())
    done = _counts(scripts, operation)
    cleared = Cleared(operation, done.get("deleted", 0), done.get("empty", 0), left)
    outcome: dict[str, str | int] = {"deleted": cleared.deleted, "empty": cleared.empty, "left": cleared.left}
    audit.record(scripts.connection, scripts.keys, operation, "outcome", "clear failed", actor, outcome)
    return cleared


def restore(scripts: Scripts, operation: str, actor: audit.Actor, *, reason: str = "") -> Restored:
    """Bring back what an operation deleted, each job to the registry it was in.

    Raises:
        NotFound: no such operation, or its time is over.
        Refused: it was done under another key prefix.
    """
    prefix = wire.blob(scripts.connection.hget(scripts.keys.operation(operation), "prefix"))
    if prefix is None:
        raise NotFound(f"The trash holds no operation {safe(operation)}: it may have expired.")
    if prefix != scripts.keys.prefix.encode():
        raise Refused(f"Operation {safe(operation)} was done under RQ_KEY_PREFIX={safe(prefix)}: restore it with that.")
    facts: dict[str, str | int] = {"of": operation, "reason": reason}
    undo = secrets.token_hex(6)
    audit.record(scripts.connection, scripts.keys, undo, "intent", "restore", actor, facts)
    before = _counts(scripts, operation)
    waiting = scripts.connection.llen(f"{scripts.keys.operation(operation)}:jobs")
    while waiting > 0:
        scripts.run("restore", scripts.keys.operation(operation), min(CHUNK, waiting))
        waiting -= CHUNK
    after = _counts(scripts, operation)
    done = {name: after.get(name, 0) - before.get(name, 0) for name in ("restored", "exists", "expired")}
    audit.record(scripts.connection, scripts.keys, undo, "outcome", "restore", actor, {"of": operation, **done})
    return Restored(**done)


def _sizes(scripts: Scripts, queues: Sequence[str]) -> dict[str, int]:
    with scripts.connection.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.zcard(scripts.keys.registry("failed", queue))
        return dict(zip(queues, pipe.execute(), strict=True))


def _open(
    scripts: Scripts,
    operation: str,
    action: str,
    actor: audit.Actor,
    facts: dict[str, str | int],
    keep_seconds: int,
) -> None:
    """Audit and trash are one transaction: what cannot be recorded does not start."""
    key = scripts.keys.operation(operation)
    about: dict[Any, Any] = {"action": action, "prefix": scripts.keys.prefix, "at": stamp_now(), **facts}
    now = time.time()
    with scripts.connection.pipeline() as pipe:
        audit.record(pipe, scripts.keys, operation, "intent", action, actor, facts)
        pipe.hset(key, mapping=about)
        pipe.expire(key, keep_seconds)
        pipe.zremrangebyscore(scripts.keys.trash, 0, now)
        pipe.zadd(scripts.keys.trash, {operation: now + keep_seconds})
        pipe.execute()


def _clear_queue(scripts: Scripts, operation: str, queue: str, total: int, keep_seconds: int) -> int:
    """Look at as many entries as there were; those that stay are passed over. Returns how many stayed."""
    looked = left = 0
    start = stamp_now()
    while looked < total:
        count = min(CHUNK, total - looked)
        seen, stayed = scripts.run(
            "clear",
            scripts.keys.operation(operation),
            keep_seconds * 1000,
            "failed",
            queue,
            left,
            count,
            start,
            *word_list(_NOT_FAILED),
        )
        looked += count
        left += stayed
        if not seen:
            break
    return left


def _counts(scripts: Scripts, operation: str) -> dict[str, int]:
    names = ("deleted", "empty", "restored", "exists", "expired")
    values = scripts.connection.hmget(scripts.keys.operation(operation), names)
    return {name: int(value) for name, value in zip(names, values, strict=True) if value}
