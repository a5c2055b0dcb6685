"""Jobs that no list holds: their hash says where they stand, and they do not. A bounded scan, a step at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.wire import Command, ask, name_of, number, raw_of, scanned

if TYPE_CHECKING:
    from redis import Redis

_SCAN_STEP = 1000
#: States whose place can be asked for by name, at one command each.
_REGISTERED = ("scheduled", "deferred", "failed", "canceled")
_QUEUED = ("queued", "started")
#: Questions about one job's whereabouts, and the length up to which a queue is looked through.
_PLACES, _READABLE = 6, 10_000
#: A second look at what seemed lost: what is only on its way has arrived by then (seconds).
_SECOND_LOOK = 1.0
_MOST_LOST = 200


@dataclass(frozen=True, slots=True)
class Lost:
    """How far a scan has come.

    Attributes:
        looked: keys of jobs it has looked at; None when it may not look.
        whole: there are no more.
        jobs: ids and states of what nothing holds; empty until it has been looked at twice.
        rest: seconds to wait before the next step.
    """

    looked: int | None = 0
    whole: bool = False
    jobs: tuple[tuple[str, str], ...] = ()
    rest: float = 0.0


def look(client: Redis, keys: Keys, most: int) -> Iterator[Lost]:
    """Look at so many keys, about a thousand a step; the last step tells what was found.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    cursor: Any = 0
    looked = 0
    suspects: list[bytes] = []
    prefix = len(raw_of(keys.job("")))
    for _ in range(-(-most // _SCAN_STEP)):
        (reply,) = ask(client, [("SCAN", cursor, "MATCH", _escaped(keys.job("")) + "*", "COUNT", _SCAN_STEP)])
        if not isinstance(reply, (list, tuple)):
            yield Lost(None)
            return
        names = scanned(reply)
        looked += len(names)
        ids = [name[prefix:] for name in names]
        ids = [one for one in ids if not one.endswith((b":dependents", b":dependencies"))]
        suspects += [job_id for job_id, _ in _nowhere(client, keys, ids)]
        cursor = reply[0]
        if int(cursor) == 0:
            break
        yield Lost(looked)
    if suspects:
        yield Lost(looked, int(cursor) == 0, rest=_SECOND_LOOK)
    found = _nowhere(client, keys, suspects[:_MOST_LOST])
    yield Lost(looked, int(cursor) == 0, tuple((name_of(raw), state) for raw, state in found))


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "*?[]\\^" else char for char in text)


def _nowhere(client: Redis, keys: Keys, ids: Sequence[bytes]) -> list[tuple[bytes, str]]:
    """Those of these jobs that their state's place does not hold; three round trips."""
    about = [("HMGET", keys.job(NAME), "status", "origin", "rate_limit_key"), ("HSTRLEN", keys.job(NAME), "data")]
    jobs: list[tuple[bytes, str, str]] = []
    for job_id, (reply, size) in zip(ids, ask_each(client, about, ids), strict=True):
        status, origin, limit = reply if isinstance(reply, list) else (None, None, None)
        state = (status or b"").decode("utf-8", "replace")
        if origin and number(size) and (state in _REGISTERED or (state in _QUEUED and not limit)):
            jobs.append((job_id, state, origin.decode("utf-8", "surrogateescape")))
    asked = [command for job in jobs for command in _whereabouts(keys, *job)]
    replies = iter(ask(client, asked))
    held = [[next(replies) for _ in range(_PLACES)] for _ in jobs]
    return [(job[0], job[1]) for job, found in zip(jobs, held, strict=True) if not _held(found)]


def _whereabouts(keys: Keys, job_id: bytes, state: str, queue: str) -> list[Command]:
    """`_PLACES` questions: two lists (a longer one is believed), its runs, two registries."""
    registry = state if state in _REGISTERED else "started"
    return [
        ("LLEN", keys.queue(queue)),
        ("LPOS", keys.queue(queue), job_id, "MAXLEN", _READABLE),
        ("LPOS", keys.intermediate(queue), job_id),
        ("ZCARD", keys.executions(job_id.decode("utf-8", "surrogateescape"))),
        ("ZSCORE", keys.registry(registry, queue), job_id),
        ("ZSCORE", keys.registry("ready", queue), job_id),
    ]


def _held(replies: Sequence[Any]) -> bool:
    length, listed, taken, runs, registered, ready = replies
    return (
        number(length) > _READABLE
        or isinstance(listed, int)
        or isinstance(taken, int)
        or number(runs) > 0
        or registered is not None
        or ready is not None
    )
