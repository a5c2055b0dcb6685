"""What each bulk script writes, as commands of one transaction (see `scripts/*.lua` for why)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pantry_queue.control.pipelined_facts import Fact, Facts, place_of
from pantry_queue.keys import Keys
from pantry_queue.monitor.wire import Command, ask, raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

EMPTY_TRACEBACK = b"\x78\x9c\x03\x00\x00\x00\x00\x01"
_TEXT = (
    "success_callback_name",
    "failure_callback_name",
    "stopped_callback_name",
    "last_heartbeat",
    "worker_name",
    "group_id",
)


@dataclass(slots=True)
class Write:
    """Commands, what undo needs, and what was left alone."""

    commands: list[Command] = field(default_factory=list)
    records: list[list[Any]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    done: int = 0
    emptied: int = 0


def enter(pipe: Pipeline, command: Command) -> None:
    """Queue a command whose names may hold any bytes."""
    pipe.execute_command(command[0], *(raw_of(part) if isinstance(part, str) else part for part in command[1:]))  # type: ignore[no-untyped-call]


#: What kind of key a command takes.
_KINDS = dict.fromkeys(("RPUSH", "LPUSH", "LREM", "LINSERT"), b"list")
_KINDS |= dict.fromkeys(("ZADD", "ZREM"), b"zset") | dict.fromkeys(("SADD", "SREM"), b"set")


def check_kinds(client: Redis, commands: Sequence[Command]) -> None:
    """Look before a transaction whether its commands fit their keys: it is not rolled back.

    Raises:
        redis.exceptions.ResponseError: one does not.
    """
    from redis.exceptions import ResponseError

    wanted = {str(command[1]): _KINDS[str(command[0])] for command in commands if command[0] in _KINDS}
    found = ask(client, [("TYPE", key) for key in wanted])
    for (key, kind), reply in zip(wanted.items(), found, strict=True):
        if reply not in (kind, b"none"):
            raise ResponseError(f"WRONGTYPE {safe(raw_of(key))} is no {kind.decode()}")


def _left(facts: Facts) -> Write:
    return Write(skipped=[(fact.id, fact.why) for fact in facts.each if fact.why is not None])


def _leave(keys: Keys, options: Mapping[str, Any], fact: Fact) -> list[Command]:
    """Out of the queue or registry it stands in."""
    found: list[Command] = []
    if fact.state == "started":
        found += [("ZREM", keys.registry("started", fact.origin), run) for run in fact.runs]
        found.append(("UNLINK", keys.executions(fact.id)))
    place = place_of(keys, fact)
    if place is not None:
        found.append(("ZREM", place, fact.id))
    elif fact.before is not None:
        found.append(("LREM", keys.queue(fact.origin), 1, fact.id))
    source = options.get("source")
    if source and source["place"] != "queue":
        found.append(("ZREM", f"{keys.prefix}:{source['place']}:{source['queue']}", fact.id))
    return found


def _record(facts: Facts, options: Mapping[str, Any], fact: Fact, life: int, *more: Any) -> list[Any]:
    place = fact.before if fact.before is not None else fact.score
    return [
        fact.id,
        fact.state,
        fact.origin,
        place if place is not None else False,
        life,
        facts.now,
        options["iso"],
        *more,
    ]


def requeue(keys: Keys, options: Mapping[str, Any], facts: Facts) -> Write:
    write = _left(facts)
    copies = options.get("copies") or {}
    for fact in facts:
        queue = options.get("to") or fact.origin
        if not queue:
            write.skipped.append((fact.id, "broken"))
        elif options.get("retrying") and not fact.text("started_at") and fact.text("number_of_retries") is None:
            write.skipped.append((fact.id, "not_retrying"))
        else:
            write.done += 1
            _requeue(keys, options, facts, fact, queue, copies.get(fact.id), write)
    return write


def _requeue(
    keys: Keys, options: Mapping[str, Any], facts: Facts, fact: Fact, queue: str, copy: str | None, write: Write
) -> None:
    job_id = copy or fact.id
    job = keys.job(job_id)
    limit, concurrency = fact.text("rate_limit_key"), fact.text("rate_limit_concurrency")
    commands = write.commands
    if copy:
        commands += _copy(keys, options, fact, copy)
        write.records.append([copy, "none", "", False, -1, facts.now, options["iso"]])
    else:
        commands += [("ZREM", keys.registry(name, fact.origin), fact.id) for name in ("finished", "failed", "canceled")]
        commands += _leave(keys, options, fact)
        parents: list[tuple[str, int]] | bool = False
        if fact.state in ("deferred", "canceled"):  # which may have been deferred
            commands += [("SREM", keys.dependents(parent), fact.id) for parent, _ in fact.parents]
            parents = list(fact.parents) or False
        old = [fact.text(name) for name in ("started_at", "ended_at", "exc_info", "retries_left", "number_of_retries")]
        was = [False if value is None else value for value in [*old, fact.text("enqueued_at")]]
        write.records.append(_record(facts, options, fact, fact.life, *was, parents))
    commands.append(("HSET", job, *_renewed(options, fact, queue, limited=bool(limit and concurrency))))
    if fact.text("retry_intervals") is not None:
        commands.append(("HDEL", job, "number_of_retries"))
    if not copy:
        commands += [("SREM", keys.dependents(job_id), name) for name in fact.left]
    ttl = int(fact.text("ttl") or 0)
    for key in (job, keys.dependents(job_id), *((keys.dependencies(job_id),) if ttl > 0 else ())):
        commands.append(("EXPIRE", key, ttl) if ttl > 0 else ("PERSIST", key))
    commands.append(("SADD", keys.queues, keys.queue(queue)))
    if limit and concurrency:
        commands += facts.slots.enter(limit, concurrency, job_id, queue, front=bool(options.get("front")))
    else:
        commands.append(("LPUSH" if options.get("front") else "RPUSH", keys.queue(queue), job_id))


def _copy(keys: Keys, options: Mapping[str, Any], fact: Fact, copy: str) -> list[Command]:
    job = keys.job(copy)
    edit = options.get("edit") or ()
    return [
        ("COPY", keys.job(fact.id), job, "REPLACE"),
        ("PERSIST", job),
        ("HDEL", job, "dependency_id", "dependency_ids", "number_of_retries"),
        ("HSET", job, "created_at", options["iso"], "group_id", "", *edit),
    ]


def _renewed(options: Mapping[str, Any], fact: Fact, queue: str, *, limited: bool) -> list[str | bytes | int]:
    found: list[str | bytes | int] = ["started_at", "", "ended_at", "", "exc_info", EMPTY_TRACEBACK]
    for name in _TEXT:
        found += [name, ""] if fact.text(name) is None else []
    found += [] if fact.text("created_at") else ["created_at", options["iso"]]
    found += [] if fact.text("timeout") else ["timeout", 180]
    found += ["origin", queue]
    found += [] if limited else ["status", "queued", "enqueued_at", options["iso"]]
    intervals = fact.text("retry_intervals")
    if intervals is not None:
        try:
            count = len(json.loads(intervals))
        except (ValueError, TypeError):
            count = 1
        if count > int(fact.text("retries_left") or 0):
            found += ["retries_left", count]
    return found


def cancel(keys: Keys, options: Mapping[str, Any], facts: Facts) -> Write:
    write = _left(facts)
    for fact in facts:
        write.done += 1
        write.commands += _leave(keys, options, fact)
        write.commands.append(("HSET", keys.job(fact.id), "status", "canceled"))
        write.commands.append(("ZADD", keys.registry("canceled", fact.origin), facts.now, fact.id))
        parents: list[tuple[str, int]] | bool = False
        if options.get("parents"):
            write.commands += [("SREM", keys.dependents(parent), fact.id) for parent, _ in fact.parents]
            parents = list(fact.parents) or False
        if limit := fact.text("rate_limit_key"):
            write.commands += facts.slots.unless_running(limit, fact.id)
        if facts.freeing is not None:
            write.commands += facts.freeing.of(fact.id)
        write.records.append(_record(facts, options, fact, -1, parents))
    return write


def delete(keys: Keys, options: Mapping[str, Any], facts: Facts) -> Write:
    write = _left(facts)
    trash, keep = options["operation"]["key"], options["operation"]["keep"]
    source = options.get("source")
    if source and options.get("entries"):
        write.skipped = []
        for fact in facts.each:
            if fact.why in ("broken", "changed", "running", "starting"):
                write.skipped.append((fact.id, fact.why))
            elif fact.why is not None:
                write.emptied += 1
                write.commands.append(_unlisted(keys, source, fact.id))
    for fact in facts:
        write.done += 1
        write.commands += _leave(keys, options, fact)
        names = [("job", keys.job(fact.id), fact.life), ("results", keys.results(fact.id), fact.lives[0])]
        names += [("dependents", keys.dependents(fact.id), fact.lives[1])]
        names += [("dependencies", keys.dependencies(fact.id), fact.lives[2])]
        for kind, key, life in names:
            if life != -2:
                aside = f"{trash}:{kind}:{fact.id}"
                write.commands += [("RENAME", key, aside), ("EXPIRE", aside, keep)]
        write.commands.append(("UNLINK", keys.executions(fact.id)))
        if group := fact.text("group_id"):
            write.commands.append(("SREM", keys.group(group), fact.id))
        if limit := fact.text("rate_limit_key"):
            write.commands += facts.slots.leave(limit, fact.id)
        record = _record(facts, options, fact, fact.life, *fact.lives)
        if source and source["place"] != "queue":
            record[2] = source["queue"]
        write.records.append(record)
    return write


def _unlisted(keys: Keys, source: Mapping[str, Any], job_id: str) -> Command:
    if source["place"] == "queue":
        return ("LREM", keys.queue(source["queue"]), 1, job_id)
    return ("ZREM", f"{keys.prefix}:{source['place']}:{source['queue']}", job_id)


def move(keys: Keys, options: Mapping[str, Any], facts: Facts) -> Write:
    write = _left(facts)
    pushes: dict[str, list[str]] = {}
    for fact in facts:
        to = options.get("to") or fact.origin
        write.done += 1
        write.commands += _leave(keys, options, fact)
        write.commands.append(("HSET", keys.job(fact.id), "origin", to))
        write.commands.append(("SADD", keys.queues, keys.queue(to)))
        if fact.state == "queued":
            pushes.setdefault(to, []).append(fact.id)
        elif fact.score is not None and place_of(keys, fact):
            moved = Fact(fact.id, {**fact.job, "origin": raw_of(to)}, None, -1, fact.score, fact.lives, ())
            write.commands.append(("ZADD", place_of(keys, moved) or "", fact.score, fact.id))
        write.records.append(_record(facts, options, fact, -1, to))
    for queue, ids in pushes.items():
        front = options.get("front")
        write.commands.append(("LPUSH" if front else "RPUSH", keys.queue(queue), *(reversed(ids) if front else ids)))
    return write


def reschedule(keys: Keys, options: Mapping[str, Any], facts: Facts) -> Write:
    write = _left(facts)
    for fact in facts:
        write.done += 1
        write.commands.append(("ZADD", keys.registry("scheduled", fact.origin), options["due"], fact.id))
        write.records.append(_record(facts, options, fact, -1, options["due"]))
    return write


#: RQ's own (`rq.defaults.DEFAULT_FAILURE_TTL`).
_FAILURE_TTL = 31_536_000


def fail(keys: Keys, options: Mapping[str, Any], facts: Facts) -> Write:
    write = _left(facts)
    for fact in facts:
        write.done += 1
        job, results = keys.job(fact.id), keys.results(fact.id)
        ttl = int(fact.text("failure_ttl") or _FAILURE_TTL)
        write.commands += _leave(keys, options, fact)
        write.commands += [
            ("HSET", job, "status", "failed"),
            ("ZADD", keys.registry("failed", fact.origin), ttl if ttl < 0 else facts.now + ttl, fact.id),
            ("XADD", results, "MAXLEN", "~", 10, "*", "type", 2, "worker_name", "", "exc_string", options["error"]),
        ]
        for key in (job, keys.dependents(fact.id), keys.dependencies(fact.id), results):
            write.commands.append(("PERSIST", key) if ttl < 0 else ("EXPIRE", key, ttl))
        if limit := fact.text("rate_limit_key"):
            write.commands += facts.slots.leave(limit, fact.id)
    return write


WRITES: dict[str, Callable[[Keys, Mapping[str, Any], Facts], Write]] = {
    "requeue": requeue,
    "cancel": cancel,
    "delete": delete,
    "move": move,
    "reschedule": reschedule,
    "fail": fail,
}
