"""What `scripts/restore.lua` writes for one record, as commands of one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pantry_queue.control.pipelined_facts import REGISTRY_OF, WAITS
from pantry_queue.control.pipelined_limits import Slots, Watch
from pantry_queue.keys import Keys
from pantry_queue.monitor import wire
from pantry_queue.monitor.wire import Command, ask, blob, blobs, name_of, number

if TYPE_CHECKING:
    from redis import Redis

#: Why it is not undone (None: it is), the commands that undo it, and the queues that may not change meanwhile.
Undoing = tuple[str | None, list[Command], list[str]]
_FIELDS = (
    "status origin enqueued_at rate_limit_key rate_limit_concurrency enqueue_at_front group_id "
    "allow_dependency_failures"
).split()


def undo_writes(client: Redis, keys: Keys, watch: Watch, options: Mapping[str, Any], record: Sequence[Any]) -> Undoing:
    """Look at one job and decide.

    Args:
        watch: called before anything is read of a rate limit.
        options: as `scripts/restore.lua` takes them.
        record: a line of the operation.
    """
    job_id = str(record[0])
    name = f"{options['of']}:job:{job_id}" if options["kind"] == "delete" else keys.job(job_id)
    reply, now, size = ask(client, [("HMGET", name, *_FIELDS), ("TIME",), ("HSTRLEN", name, "data")])
    job = {field: name_of(value) for field, value in wire.fields(reply, _FIELDS).items()}
    if options["kind"] != "delete" and not number(size):
        return "missing", [], []
    slots = Slots(client, keys, watch, int(now[0]), options["iso"])
    look = _Look(client, keys, slots, options, record, job, int(now[0]))
    return _KINDS[options["kind"]](look)


class _Look:
    """One record, the job as it is now, and the server's time."""

    def __init__(
        self,
        client: Redis,
        keys: Keys,
        slots: Slots,
        options: Mapping[str, Any],
        record: Sequence[Any],
        job: Mapping[str, str],
        now: int,
    ) -> None:
        self.client, self.keys, self.slots, self.options, self.record = client, keys, slots, options, record
        self.job, self.now = job, now
        self.id, self.was, self.queue, self.place, self.life, self.at, self.iso = record[:7]

    @property
    def state(self) -> str:
        return self.job.get("status", "created")

    def running(self) -> bool:
        """Whether a worker runs it, whatever its state says."""
        (runs,) = ask(self.client, [("ZRANGE", self.keys.executions(self.id), 0, -1)])
        asked = [("EXISTS", self.keys.execution(self.id, name_of(run))) for run in blobs(runs)]
        return any(map(number, ask(self.client, list(asked))))

    def met(self, dependencies: str, allow_failures: bool) -> bool:
        """Whether all it waited for has finished meanwhile."""
        (parents,) = ask(self.client, [("SMEMBERS", dependencies)])
        states = ask(self.client, [("HGET", self.keys.job(name_of(parent)), "status") for parent in blobs(parents)])
        fine = {b"finished", b"failed"} if allow_failures else {b"finished"}
        return bool(states) and all(blob(state) in fine for state in states)

    def into_line(self, previous: Any) -> list[Command]:
        """Behind the job that was before it; when that has left, all that was before it has."""
        key = self.keys.queue(self.queue)
        known: Command = ("SADD", self.keys.queues, key)
        if previous is False:
            return [known, ("RPUSH", key, self.id)]
        if previous:
            (position,) = ask(self.client, [("LPOS", key, previous)])
            if isinstance(position, int):
                return [known, ("LINSERT", key, "AFTER", previous, self.id)]
        return [known, ("LPUSH", key, self.id)]

    def score_now(self) -> str:
        score = float(self.place)
        if self.was not in ("failed", "stopped", "finished") or score < 0 or score == float("inf"):
            return str(self.place)
        return f"{score + self.now - self.at:.0f}"

    def into_place(self, dependencies: str) -> list[Command]:
        """Where it was, as far as that still makes sense."""
        job = self.keys.job(self.id)
        limit, concurrency = self.job.get("rate_limit_key"), self.job.get("rate_limit_concurrency")
        if self.was in ("queued", "rate_limited") and limit and concurrency:
            front = self.job.get("enqueue_at_front") == "1"
            return self.slots.enter(limit, concurrency, self.id, self.job.get("origin", self.queue), front=front)
        if self.was == "deferred" and self.met(dependencies, self.job.get("allow_dependency_failures") == "1"):
            queued: Command = ("HSET", job, "status", "queued", "enqueued_at", self.options["iso"])
            return [queued, *self.into_line(False)]
        if self.was == "queued":
            return [("HSET", job, "status", "queued"), *self.into_line(self.place)]
        commands: list[Command] = [("HSET", job, "status", self.was)]
        if self.was in REGISTRY_OF and self.place is not False:
            place = self.keys.registry(REGISTRY_OF[self.was], self.queue)
            commands.append(("ZADD", place, self.score_now(), self.id))
            commands.append(("SADD", self.keys.queues, self.keys.queue(self.queue)))
        return commands

    def taken_back(self) -> tuple[str | None, list[Command], str]:
        """Why it cannot be taken out of where it was put, what takes it out, and the queue it was put on."""
        queue, limit = self.keys.queue(self.job.get("origin", "")), self.job.get("rate_limit_key")
        if self.state == "rate_limited" and limit and self.slots.waits(limit, self.id):
            return None, [], queue  # `left_limit` does it
        if self.state != "queued":
            return self.state, [], queue
        (position,) = ask(self.client, [("LPOS", queue, self.id)])
        return (None if isinstance(position, int) else "starting"), [("LREM", queue, 1, self.id)], queue

    def left_limit(self) -> list[Command]:
        """Its slot, or its place among those that wait for one, is free again."""
        limit = self.job.get("rate_limit_key")
        return self.slots.unless_running(limit, self.id) if limit else []


def _expiry(key: str, life: int) -> Command:
    return ("PEXPIRE", key, life) if life > 0 else ("PERSIST", key)


def _delete(look: _Look) -> Undoing:
    keys, job_id, trash = look.keys, look.id, look.options["of"]
    names = {
        "job": (keys.job(job_id), look.life),
        "results": (keys.results(job_id), look.record[7]),
        "dependents": (keys.dependents(job_id), look.record[8]),
        "dependencies": (keys.dependencies(job_id), look.record[9]),
    }
    there = ask(look.client, [("EXISTS", f"{trash}:{kind}:{job_id}") for kind in names])
    (taken,) = ask(look.client, [("EXISTS", keys.job(job_id))])
    if not number(there[0]):
        return "expired", [], []
    if number(taken):
        return "exists", [], []
    commands: list[Command] = []
    for (kind, (key, life)), exists in zip(names.items(), there, strict=True):
        if number(exists):
            commands += [("RENAME", f"{trash}:{kind}:{job_id}", key), _expiry(key, life)]
    commands += _no_second_time(look, trash)
    commands += look.into_place(f"{trash}:dependencies:{job_id}")
    if group := look.job.get("group_id"):
        commands += [("SADD", keys.group(group), job_id), ("SADD", f"{keys.prefix}:groups", group)]
    return None, commands, [keys.queue(look.queue)]


def _no_second_time(look: _Look, trash: str) -> list[Command]:
    """A job that was let go while what it waited for, or it itself, was in the trash is not let go again."""
    keys = look.keys
    members, parents = ask(
        look.client, [("SMEMBERS", f"{trash}:dependents:{look.id}"), ("SMEMBERS", f"{trash}:dependencies:{look.id}")]
    )
    names = [name_of(member) for member in blobs(members)]
    states = ask(look.client, [("HGET", keys.job(name), "status") for name in names])
    gone = [
        name for name, state in zip(names, states, strict=True) if blob(state) is not None and blob(state) not in WAITS
    ]
    found: list[Command] = [("SREM", keys.dependents(look.id), name) for name in gone]
    if look.was.encode() not in WAITS:
        found += [("SREM", keys.dependents(name_of(parent)), look.id) for parent in blobs(parents)]
    return found


def _join(look: _Look, parents: Any) -> list[Command]:
    pairs = [(str(parent), int(life)) for parent, life in parents or ()]
    sizes = ask(look.client, [("HSTRLEN", look.keys.job(parent), "data") for parent, _ in pairs])
    there = ask(look.client, [("EXISTS", look.keys.dependents(parent)) for parent, _ in pairs])
    found: list[Command] = []
    for (parent, life), size, exists in zip(pairs, sizes, there, strict=True):
        if number(size):
            found.append(("SADD", look.keys.dependents(parent), look.id))
            found += [] if number(exists) else [_expiry(look.keys.dependents(parent), life)]
    return found


def _cancel(look: _Look) -> Undoing:
    if look.state != "canceled":
        return look.state, [], []
    if look.running():
        return "running", [], []
    out: Command = ("ZREM", look.keys.registry("canceled", look.queue), look.id)
    back = look.into_place(look.keys.dependencies(look.id))
    return None, [out, *_join(look, look.record[7]), *back], [look.keys.queue(look.queue)]


def _requeue(look: _Look) -> Undoing:
    keys, job = look.keys, look.keys.job(look.id)
    if look.state == "queued" and not look.job.get("rate_limit_key") and look.job.get("enqueued_at") != look.iso:
        return "changed", [], []
    parents = look.record[13]
    if parents and look.was == "deferred" and look.met(keys.dependencies(look.id), False):
        return "parents_finished", [], []
    why, out, queue = look.taken_back()
    if why:
        return why, [], []
    commands = [*out]
    names = ("started_at", "ended_at", "exc_info", "retries_left", "number_of_retries", "enqueued_at")
    for name, value in zip(names, look.record[7:13], strict=True):
        commands.append(("HDEL", job, name) if value is False else ("HSET", job, name, value))
    commands.append(("HSET", job, "origin", look.queue, "status", look.was))
    commands += look.left_limit()
    if look.was in REGISTRY_OF and look.place is not False:
        commands.append(("ZADD", keys.registry(REGISTRY_OF[look.was], look.queue), look.score_now(), look.id))
    commands += _join(look, parents)
    life = int((float(look.place) - look.at) * 1000) if look.life is True else look.life  # true: as long as its entry
    commands += [_expiry(key, life) for key in (job, keys.dependents(look.id), keys.dependencies(look.id))]
    return None, commands, [queue]


def _move(look: _Look) -> Undoing:
    to = str(look.record[7])
    if look.state != look.was:
        return look.state, [], []
    if look.job.get("origin") != to:
        return "changed", [], []
    back: Command = ("HSET", look.keys.job(look.id), "origin", look.queue)
    if look.state == "queued":
        why, out, queue = look.taken_back()
        if why:
            return why, [], []
        return None, [*out, *look.into_line(look.place), back], [queue, look.keys.queue(look.queue)]
    registry = REGISTRY_OF[look.state]
    return (
        None,
        [
            ("ZREM", look.keys.registry(registry, to), look.id),
            ("ZADD", look.keys.registry(registry, look.queue), look.place, look.id),
            back,
        ],
        [],
    )


def _reschedule(look: _Look) -> Undoing:
    key = look.keys.registry("scheduled", look.queue)
    (score,) = ask(look.client, [("ZSCORE", key, look.id)])
    if look.state != "scheduled" or score is None or float(score) != look.record[7]:
        return "changed", [], []
    return None, [("ZADD", key, look.place, look.id)], []


def _copied(look: _Look) -> Undoing:
    why, out, queue = look.taken_back()
    if why:
        return why, [], []
    return None, [*out, ("UNLINK", look.keys.job(look.id)), *look.left_limit()], [queue]


_KINDS: dict[str, Callable[[_Look], Undoing]] = {
    "delete": _delete,
    "cancel": _cancel,
    "requeue": _requeue,
    "move": _move,
    "reschedule": _reschedule,
    "copy": _copied,
}
