"""What has to be known of jobs before they are changed without scripts: read in a few round trips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pantry_queue.control.pipelined_dependents import Freeing
from pantry_queue.control.pipelined_limits import Slots, Watch
from pantry_queue.keys import Keys
from pantry_queue.monitor import wire
from pantry_queue.monitor.wire import Command, ask, blob, blobs, name_of, number

if TYPE_CHECKING:
    from redis import Redis

_FIELDS = (
    "status origin rate_limit_key created_at enqueued_at started_at ended_at ttl timeout retry_intervals retries_left "
    "number_of_retries group_id exc_info success_callback_name failure_callback_name stopped_callback_name "
    "last_heartbeat worker_name allow_dependency_failures rate_limit_concurrency failure_ttl"
).split()
_TIMES = ("created_at", "enqueued_at", "started_at", "ended_at")

#: RQ's name of a state -> the list of `keys.REGISTRIES` that names the job.
REGISTRY_OF = {
    "finished": "finished",
    "failed": "failed",
    "stopped": "failed",
    "deferred": "deferred",
    "scheduled": "scheduled",
    "canceled": "canceled",
    "ready_to_enqueue": "ready",
}


@dataclass(slots=True)
class Fact:
    """One job.

    Attributes:
        why: why it is left alone, or None.
        life: milliseconds its hash lives, -1 for ever.
        score: of its place in a registry.
        before: in a queue, the job before it that stays; empty at the head; None where it is in no list.
        parents: jobs it waits for that know of it, and how long the set lives that says so.
        left: jobs in its set of dependents that wait no longer.
        starting: a worker has just taken it.
        runs: of one that is registered as started, its entries there.
        lives: of results, dependents and dependencies in milliseconds, -2 where there are none.
    """

    id: str
    job: dict[str, bytes]
    why: str | None
    life: int
    score: str | None
    lives: tuple[int, int, int]
    parents: tuple[tuple[str, int], ...]
    left: tuple[str, ...] = ()
    before: str | None = None
    starting: bool = False
    runs: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        return self.text("status") or "created"

    @property
    def origin(self) -> str:
        return self.text("origin") or ""

    def text(self, name: str) -> str | None:
        """A field, None where it is absent."""
        value = self.job.get(name)
        return None if value is None else name_of(value)


@dataclass(slots=True)
class Facts:
    """All jobs of a chunk, and the server's time in seconds.

    Attributes:
        slots: for jobs with a rate limit; they come alone.
        freeing: lets those go that wait for a job that is canceled.
    """

    keys: Keys
    now: int
    slots: Slots
    each: list[Fact] = field(default_factory=list)
    freeing: Freeing | None = None

    def __iter__(self) -> Iterator[Fact]:
        return (fact for fact in self.each if fact.why is None)

    def placed(self, client: Redis) -> Facts:
        """The same with the places of those that wait in a queue."""
        queues: dict[str, list[Fact]] = {}
        for fact in self:
            if fact.state == "queued":
                queues.setdefault(fact.origin, []).append(fact)
        for queue, facts in queues.items():
            _find(client, self.keys, queue, {fact.id: fact for fact in facts})
        return self


def gather(
    client: Redis,
    keys: Keys,
    watch: Watch,
    options: Mapping[str, Any],
    ids: Sequence[str],
    scores: Mapping[str, str],
) -> Facts:
    """Read them.

    Args:
        watch: called before anything is read of a key that is not a job's own.
        options: as `scripts/bulk.lua` takes them.
        scores: those that are known already.
    """
    asked: list[Command] = [("TIME",)]
    for job_id in ids:
        asked += _questions(keys, job_id)
    replies = ask(client, asked)
    now = int(replies[0][0])
    facts = Facts(keys, now, Slots(client, keys, watch, now, options["iso"]))
    size = len(_questions(keys, ""))
    for index, job_id in enumerate(ids):
        part = replies[1 + index * size : 1 + (index + 1) * size]
        facts.each.append(_fact(options, job_id, part, scores.get(job_id)))
        if len(ids) > 1 and facts.each[-1].why is None and facts.each[-1].text("rate_limit_key"):
            facts.each[-1].why = "changed"  # when the chunk was made it had no limit
    _mark_running(client, keys, facts, options)
    _look_at_runs(client, keys, facts)
    _look_at_parents(client, keys, facts)
    _look_at_dependents(client, keys, facts)
    unknown = [fact for fact in facts if fact.score is None and fact.state in REGISTRY_OF]
    found = ask(client, [("ZSCORE", keys.registry(REGISTRY_OF[f.state], f.origin), f.id) for f in unknown])
    for fact, score in zip(unknown, found, strict=True):
        fact.score = repr(score) if isinstance(score, float) else name_of(score) if isinstance(score, bytes) else None
    return facts


def _questions(keys: Keys, job_id: str) -> list[Command]:
    job = keys.job(job_id)
    return [
        ("HMGET", job, *_FIELDS),
        ("HSTRLEN", job, "data"),
        ("PTTL", job),
        ("SMEMBERS", keys.dependencies(job_id)),
        ("PTTL", keys.results(job_id)),
        ("PTTL", keys.dependents(job_id)),
        ("PTTL", keys.dependencies(job_id)),
    ]


def _fact(options: Mapping[str, Any], job_id: str, part: Sequence[Any], score: str | None) -> Fact:
    fields, size, life, parents, *lives = part
    job = wire.fields(fields, _FIELDS)
    if "status" not in job and options.get("source"):
        job["status"] = options["states"][0].encode()
    lived = tuple(value if isinstance(value, int) else -2 for value in lives)
    waited_for = tuple((name_of(name), -1) for name in sorted(blobs(parents)))
    fact = Fact(job_id, job, None, number(life), score, (lived[0], lived[1], lived[2]), waited_for)
    fact.why = "broken" if isinstance(fields, Exception) else _obstacle(options, fact, number(size))
    return fact


def _obstacle(options: Mapping[str, Any], fact: Fact, size: int) -> str | None:
    if not size:
        return "missing"
    if fact.state not in options["states"]:
        return fact.state
    before = options.get("before")
    if before and any((fact.text(name) or "") > before for name in _TIMES):
        return "changed"
    if before and fact.state == "canceled" and fact.score and float(fact.score) > options["before_seconds"]:
        return "changed"
    return None


def _look_at_parents(client: Redis, keys: Keys, facts: Facts) -> None:
    """Of the parents that know of it, how long the set has to live that says so."""
    pairs = [(fact, parent) for fact in facts for parent, _ in fact.parents]
    asked: list[Command] = []
    for fact, parent in pairs:
        asked += [("SISMEMBER", keys.dependents(parent), fact.id), ("PTTL", keys.dependents(parent))]
    replies = ask(client, asked)
    known: dict[str, list[tuple[str, int]]] = {}
    for index, (fact, parent) in enumerate(pairs):
        if number(replies[2 * index]):
            known.setdefault(fact.id, []).append((parent, number(replies[2 * index + 1])))
    for fact in facts:
        fact.parents = tuple(known.get(fact.id, ()))


#: States of jobs that may still be let go by what they wait for.
WAITS = (b"deferred", b"canceled")


def _look_at_dependents(client: Redis, keys: Keys, facts: Facts) -> None:
    parents = [fact for fact in facts if fact.lives[1] != -2]
    members = ask(client, [("SMEMBERS", keys.dependents(fact.id)) for fact in parents])
    for fact, reply in zip(parents, members, strict=True):
        names = [name_of(name) for name in blobs(reply)]
        states = [blob(state) for state in ask(client, [("HGET", keys.job(name), "status") for name in names])]
        fact.left = tuple(n for n, state in zip(names, states, strict=True) if state is not None and state not in WAITS)


def _mark_running(client: Redis, keys: Keys, facts: Facts, options: Mapping[str, Any]) -> None:
    """Whether a worker runs them, whatever their state says."""
    if options.get("copies"):
        return
    candidates = list(facts)
    runs = ask(client, [("ZRANGE", keys.executions(fact.id), 0, -1) for fact in candidates])
    pairs = [(f, name_of(run)) for f, reply in zip(candidates, runs, strict=True) for run in blobs(reply)]
    alive = ask(client, [("EXISTS", keys.execution(fact.id, run)) for fact, run in pairs])
    for (fact, _), lives in zip(pairs, alive, strict=True):
        if number(lives):
            fact.why = "running"


def _look_at_runs(client: Redis, keys: Keys, facts: Facts) -> None:
    """The entries of those that are registered as started: the id, and of RQ 2.0 and later a run behind it."""
    started = {fact.id: fact for fact in facts if fact.state == "started"}
    for queue in {fact.origin for fact in started.values()}:
        (members,) = ask(client, [("ZRANGE", keys.registry("started", queue), 0, -1)])
        for member in map(name_of, blobs(members)):
            fact = started.get(member) or started.get(member.rpartition(":")[0])
            if fact is not None and fact.origin == queue:
                fact.runs += (member,)


_PAGE, _READABLE, _FEW = 1000, 200_000, 16


def _find(client: Redis, keys: Keys, queue: str, wanted: dict[str, Fact]) -> None:
    key = keys.queue(queue)
    (length,) = ask(client, [("LLEN", key)])
    if number(length) > _READABLE or (len(wanted) < _FEW and number(length) > _PAGE):
        _search(client, key, wanted)
    else:
        last, left, read = "", len(wanted), 0
        while left and read < number(length):
            page: Any = client.lrange(key, read, read + _PAGE - 1)
            for name in map(name_of, page):
                fact = wanted.get(name)
                if fact is not None and fact.before is None:
                    fact.before = last
                    left -= 1
                else:
                    last = name
            read += _PAGE
    absent = [fact for fact in wanted.values() if fact.before is None]
    taken = ask(client, [("LPOS", keys.intermediate(queue), fact.id) for fact in absent])
    for fact, position in zip(absent, taken, strict=True):
        fact.starting = isinstance(position, int)
        fact.why = "starting" if fact.starting else None


def _search(client: Redis, key: str, wanted: dict[str, Fact]) -> None:
    positions = ask(client, [("LPOS", key, job_id) for job_id in wanted])
    placed = [(fact, at) for fact, at in zip(wanted.values(), positions, strict=True) if isinstance(at, int)]
    previous = ask(client, [("LINDEX", key, at - 1) if at else ("ECHO", "") for _, at in placed])
    for (fact, _), name in zip(placed, previous, strict=True):
        fact.before = name_of(blob(name) or b"")
    for fact, _ in placed:
        while fact.before and fact.before in wanted and wanted[fact.before].before is not None:
            fact.before = wanted[fact.before].before


def place_of(keys: Keys, fact: Fact) -> str | None:
    """The registry that names it, or None for a queue."""
    return keys.registry(REGISTRY_OF[fact.state], fact.origin) if fact.state in REGISTRY_OF else None
