"""The bulk scripts without scripts, for Redis users that may not run any: WATCH, reads, one MULTI, again if disturbed.

The outcome is that of the scripts. What depends on the job before it (slots of rate limits, dependents that are let go)
is done job by job.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pantry_queue.control.lua import Scripts, Turn, joined
from pantry_queue.control.pipelined_dependents import Freeing
from pantry_queue.control.pipelined_facts import gather
from pantry_queue.control.pipelined_undo import undo_writes
from pantry_queue.control.pipelined_writes import WRITES, Write, check_kinds, enter
from pantry_queue.control.records import packed, unpacked
from pantry_queue.monitor.wire import Command, ask, blob, name_of, raw_of

if TYPE_CHECKING:
    from redis.client import Pipeline

#: After so many disturbances a chunk is halved; a job that is never left in peace is reported as `changing`.
_ATTEMPTS = 4
_MOST = 250


class Pipelined:
    """Does what `Scripts.bulk` does.

    Args:
        scripts: whose connection and keys are used.
    """

    def __init__(self, scripts: Scripts) -> None:
        self._client = scripts.connection
        self._keys = scripts.keys

    def bulk(self, name: str, options: Mapping[str, Any], ids: Sequence[str] = ()) -> Turn:
        """One turn; `scripts/bulk.lua` tells the options.

        Raises:
            redis.exceptions.RedisError: Redis does not answer, or refuses; what was done until then is done.
        """
        self._announce(options)
        if name == "restore":
            return self._restore(options)
        names, scores, looked = self._pick(options, ids)
        copies = dict(zip(names, options.get("copies", ()), strict=False))
        whole = {**options, "copies": copies, "named": frozenset(names)}
        turns = [self._chunk(name, whole, part, scores) for part in self._parts(name, options, names)]
        return replace(joined(turns), looked=looked)

    def _announce(self, options: Mapping[str, Any]) -> None:
        """As in the scripts: first the audit, and nothing if that fails."""
        operation = options.get("operation") or {}
        if "audit" not in operation:
            return
        stream = operation["audit"]
        self._client.xadd(stream["key"], _pairs(stream["fields"]), maxlen=stream["most"], approximate=True)
        seconds, _ = self._client.time()
        with self._client.pipeline() as pipe:
            pipe.hset(operation["key"], mapping=_pairs(options["about"]))
            pipe.expire(operation["key"], operation["keep"])
            if "trash" in operation:
                pipe.zremrangebyscore(operation["trash"], 0, int(seconds))
                pipe.zadd(operation["trash"], {operation["name"]: int(seconds) + operation["keep"]})
            pipe.execute()

    def _pick(self, options: Mapping[str, Any], ids: Sequence[str]) -> tuple[list[str], dict[str, str], int]:
        source = options.get("source")
        if source is None:
            return list(dict.fromkeys(ids)), {}, len(ids)
        last = source["skip"] + source["count"] - 1
        if source["place"] == "queue":
            entries: Any = self._client.lrange(self._keys.queue(source["queue"]), source["skip"], last)
            return list(dict.fromkeys(map(name_of, entries))), {}, len(entries)
        key = f"{self._keys.prefix}:{source['place']}:{source['queue']}"
        (found,) = ask(self._client, [("ZRANGE", key, source["skip"], last, "WITHSCORES")])
        if isinstance(found, Exception):
            raise found
        flat = [part for pair in found for part in pair] if found and isinstance(found[0], list | tuple) else found
        pairs = [(name_of(flat[i]), _score(flat[i + 1])) for i in range(0, len(flat), 2)]
        return [name for name, _ in pairs], dict(pairs), len(pairs)

    def _parts(self, name: str, options: Mapping[str, Any], names: list[str]) -> Iterator[list[str]]:
        """In their order: jobs that must come alone, and the others in chunks."""
        if name == "cancel" and options.get("dependents"):
            yield from ([job_id] for job_id in names)
            return
        for at in range(0, len(names), _MOST):
            chunk = names[at : at + _MOST]
            limits = ask(self._client, [("HGET", self._keys.job(job_id), "rate_limit_key") for job_id in chunk])
            limited = {job_id for job_id, limit in zip(chunk, limits, strict=True) if blob(limit)}
            for alone, part in groupby(chunk, limited.__contains__):
                members = list(part)
                yield from ([job_id] for job_id in members) if alone else [members]

    def _chunk(self, name: str, options: Mapping[str, Any], ids: Sequence[str], scores: Mapping[str, str]) -> Turn:
        token = secrets.token_hex(4)
        for _ in range(_ATTEMPTS):
            turn = self._try(name, {**options, "token": token}, ids, scores)
            if turn is not None:
                return turn
        if len(ids) == 1:
            return Turn(1, 0, 0, ((ids[0], "changing"),))
        half = len(ids) // 2
        return joined([self._chunk(name, options, part, scores) for part in (ids[:half], ids[half:])])

    def _try(self, name: str, options: Mapping[str, Any], ids: Sequence[str], scores: Mapping[str, str]) -> Turn | None:
        """None when somebody else changed one of these jobs meanwhile."""
        with self._client.pipeline() as pipe:
            watch = partial(_watch, pipe)
            watch([self._keys.job(job_id) for job_id in ids])
            facts = gather(self._client, self._keys, watch, options, ids, scores)
            watch(sorted({self._keys.queue(fact.origin) for fact in facts if fact.state == "queued"}))
            facts = facts.placed(self._client) if name != "requeue" else facts
            if name == "cancel" and options.get("dependents"):
                named = options["named"]
                facts.freeing = Freeing(self._client, self._keys, watch, facts.slots, options["iso"], named)
            writes = WRITES[name](self._keys, options, facts)
            return self._send(pipe, options, writes.commands, writes, len(ids))

    def _send(
        self, pipe: Pipeline, options: Mapping[str, Any], commands: Sequence[Command], writes: Write, looked: int
    ) -> Turn | None:
        from redis.exceptions import WatchError

        operation = options.get("operation") or {}
        check_kinds(self._client, commands)
        pipe.multi()
        for command in commands:
            enter(pipe, command)
        if operation and writes.records:
            pipe.rpush(f"{operation['key']}:jobs", packed(writes.records))
            pipe.expire(f"{operation['key']}:jobs", operation["keep"])
            pipe.hincrby(operation["key"], "left", len(writes.records))
        if operation:
            pipe.hincrby(operation["key"], "done", writes.done)
            pipe.hset(operation["key"], mapping={"turn": operation["turn"], "token": options["token"]})
        turn = Turn(looked, writes.done, writes.emptied, tuple(writes.skipped))
        try:
            pipe.execute()
        except WatchError:
            # redis-py says so too when the reply was lost.
            done = operation and self._client.hget(operation["key"], "token") == options["token"].encode()
            return turn if done else None
        return turn

    def _restore(self, options: Mapping[str, Any]) -> Turn:
        """Record by record, each in a line of its own: what undo finds differs from job to job."""
        lines_key = f"{options['of']}:jobs"
        from_end = options["kind"] in ("delete", "cancel", "move")
        options = {**options, "known": self._client.exists(options["of"])}
        looked, done, skipped = 0, 0, []
        while looked < options["count"]:
            line = self._single(lines_key, from_end=from_end)
            if line is None:
                break
            (record,) = unpacked(line)
            why = self._undo(options, record, line, lines_key)
            looked += 1
            if why is None:
                done += 1
            else:
                skipped.append((str(record[0]), why))
        return Turn(looked, done, 0, tuple(skipped))

    def _single(self, lines_key: str, *, from_end: bool) -> bytes | None:
        """The next line, of one record; None when there is none."""
        from redis.exceptions import WatchError

        end = -1 if from_end else 0
        while True:
            with self._client.pipeline() as pipe:
                _watch(pipe, [lines_key])
                line: Any = pipe.lindex(lines_key, end)
                if line is None:
                    return None
                records = list(unpacked(line))
                if len(records) == 1:
                    return bytes(line)
                singles = [packed([record]) for record in records]
                pipe.multi()
                # First the new ones: a list that were empty in between would live for ever.
                if from_end:
                    pipe.rpush(lines_key, *singles)
                else:
                    pipe.lpush(lines_key, *reversed(singles))
                pipe.lrem(lines_key, 1, line)
                try:
                    pipe.execute()
                except WatchError:
                    continue

    def _undo(self, options: Mapping[str, Any], record: list[Any], line: bytes, lines_key: str) -> str | None:
        """The reason why it cannot be undone, or None when it was."""
        from redis.exceptions import WatchError

        for _ in range(_ATTEMPTS):
            with self._client.pipeline() as pipe:
                _watch(pipe, [self._keys.job(record[0]), lines_key])
                watch = partial(_watch, pipe)
                why, commands, queues = undo_writes(self._client, self._keys, watch, options, record)
                if why is None and queues:
                    watch(queues)
                    why, commands, _ = undo_writes(self._client, self._keys, watch, options, record)
                check_kinds(self._client, commands)
                pipe.multi()
                for command in commands:
                    enter(pipe, command)
                if why == "exists":  # to the other end, so that it is not taken again now
                    pipe.lpush(lines_key, line)
                elif options["known"]:
                    pipe.hincrby(options["of"], "left", -1)
                pipe.lrem(lines_key, -1 if why == "exists" else 1, line)  # type: ignore[arg-type]  # knows text only
                try:
                    pipe.execute()
                except WatchError:
                    continue
                return why
        return "changing"


def _watch(pipe: Pipeline, keys: Sequence[str]) -> None:
    if keys:
        pipe.watch(*map(raw_of, keys))  # type: ignore[no-untyped-call]  # redis-py leaves it untyped


def _pairs(flat: Sequence[Any]) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _score(raw: Any) -> str:
    found = blob(raw)
    return found.decode("ascii") if found is not None else repr(raw)
