"""Who waits for whom: the jobs a job waits for, or those that wait for it, as a tree of bounded depth and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, jobs
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.model import JobNode, JobRow
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import Command, blob, number, raw_of, scanned

if TYPE_CHECKING:
    from redis import Redis

Direction = Literal["dependencies", "dependents"]

#: Relations of one job that are read.
_MOST_OF_ONE = 100


@dataclass(slots=True)
class _Related:
    """What is known of the jobs met: their relations, and how many more they have."""

    of: dict[bytes, list[bytes]] = field(default_factory=dict)
    more: dict[bytes, int] = field(default_factory=dict)


def read(
    client: Redis,
    keys: Keys,
    job_id: str | bytes,
    *,
    direction: Direction = "dependents",
    depth: int = 5,
    most: int = 200,
) -> JobNode:
    """The tree under one job. One round trip a level, and one or two for the rows.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        job_id: its root.
        direction: `dependencies` is what it waits for, `dependents` what waits for it.
        depth: levels under the root.
        most: jobs in the tree, at most; one that is reached by two ways stands in it twice.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    root = raw_of(job_id)
    related = _Related()
    level = [root]
    for _ in range(depth):
        level = _ask(client, keys, direction, level, related, most - len(related.of))
        if not level:
            break
    ids = list(dict.fromkeys([root, *(child for children in related.of.values() for child in children)]))[: most + 1]
    found = jobs.read(client, keys, "", [Place("", one) for one in ids])
    rows = dict(zip(ids, found, strict=True))
    room = [most]
    return _node(root, rows, related, (), depth, room)


def _ask(
    client: Redis, keys: Keys, direction: Direction, level: Sequence[bytes], related: _Related, room: int
) -> list[bytes]:
    """Read the relations of these jobs; returns jobs not met before."""
    level = level[: max(0, room)]
    replies = ask_each(client, _questions(keys, direction), level)
    for job_id, reply in zip(level, replies, strict=True):
        found, count = _relations(direction, reply)
        related.of[job_id] = found[:_MOST_OF_ONE]
        related.more[job_id] = max(0, max(count, len(found)) - len(related.of[job_id]))
    children = (child for job_id in level for child in related.of[job_id])
    return [child for child in dict.fromkeys(children) if child not in related.of]


def _questions(keys: Keys, direction: Direction) -> list[Command]:
    if direction == "dependents":
        key = keys.dependents(NAME)
        return [("SSCAN", key, 0, "COUNT", _MOST_OF_ONE), ("SCARD", key)]
    key = keys.dependencies(NAME)
    listed = ("HMGET", keys.job(NAME), "dependency_ids", "dependency_id")
    return [("SSCAN", key, 0, "COUNT", _MOST_OF_ONE), ("SCARD", key), listed]


def _relations(direction: Direction, reply: Sequence[Any]) -> tuple[list[bytes], int]:
    members = sorted(scanned(reply[0]))
    if direction == "dependents":
        return members, number(reply[1])
    listed, first = (blob(value) for value in reply[2]) if isinstance(reply[2], list) else (None, None)
    named = [raw_of(one) for one in fields.strings(listed)] or ([first] if first else [])
    return list(dict.fromkeys([*named, *members])), number(reply[1])


def _node(
    job_id: bytes, rows: dict[bytes, JobRow], related: _Related, above: tuple[bytes, ...], depth: int, room: list[int]
) -> JobNode:
    children = related.of.get(job_id, [])
    if job_id in above:
        return JobNode(rows[job_id], loop=True)
    if depth == 0:
        return JobNode(rows[job_id], more=len(children) + related.more.get(job_id, 0))
    nodes = []
    left_out = 0
    for child in children:
        if room[0] <= 0 or child not in rows:
            left_out += 1
            continue
        room[0] -= 1
        nodes.append(_node(child, rows, related, (*above, job_id), depth - 1, room))
    return JobNode(rows[job_id], tuple(nodes), more=related.more.get(job_id, 0) + left_out)
