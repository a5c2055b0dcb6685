"""A few jobs first: what becomes of them says whether the rest should follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from pantry_queue.control.id_list import IdList
from pantry_queue.control.plan import Group, Plan, narrowed
from pantry_queue.control.states import states_in
from pantry_queue.keys import Keys
from pantry_queue.monitor.wire import ask, blob, name_of
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from redis import Redis

_ENDED = ("finished", "failed", "stopped", "canceled", "missing")
_POLL_SECONDS = 0.2


def first(client: Redis, keys: Keys, plan: Plan, count: int) -> Plan:
    """The same plan for its first jobs, by id. The whole plan can follow: what was done has left the lists."""
    groups: list[Group] = []
    left = count
    for group in plan.groups:
        if left > 0:
            groups.append(Group(group.state, group.ids[:left]))
            left -= len(groups[-1].ids)
    for source in plan.sources:
        if left <= 0:
            break
        key = keys.queue(source.queue) if source.place == "queue" else f"{keys.prefix}:{source.place}:{source.queue}"
        (found,) = ask(client, [("LRANGE" if source.place == "queue" else "ZRANGE", key, 0, left - 1)])
        ids = [name_of(name) for name in found]
        wanted = states_in(plan.action, source.place)
        for job_id, state in zip(ids, states(client, keys, ids), strict=True):
            if state in wanted:
                groups.append(Group(state, (job_id,)))
                left -= 1
    return narrowed(plan, _merged(groups))


def rest(plan: Plan, done: Sequence[str]) -> Plan:
    """What is left of a plan after some of its jobs were done."""
    gone = set(done)
    groups = [Group(group.state, IdList(i for i in group.ids if i not in gone)) for group in plan.groups]
    if plan.sources:  # those that were done have left their lists
        kept = tuple(group for group in groups if group.ids)
        named = sum(len(group.ids) for group in plan.groups) - sum(len(group.ids) for group in kept)
        left = replace(plan, groups=kept, left_out=(), before=len(gone) - named, breakdown=(), functions=())
        return replace(left, scope=SafeText(f"{left.total:,} of {plan.scope}"))
    return replace(narrowed(plan, [group for group in groups if group.ids]), breakdown=(), functions=())


def states(client: Redis, keys: Keys, ids: Sequence[str]) -> list[str]:
    """The state of each job now, by RQ's name, or `missing`."""
    replies = ask(client, [("HGET", keys.job(job_id), "status") for job_id in ids])
    return [name_of(blob(reply) or b"missing") for reply in replies]


def watch(
    client: Redis,
    keys: Keys,
    ids: Sequence[str],
    seconds: float,
    *,
    stop: Event | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, str]:
    """Wait for jobs to end.

    Args:
        ids: of the jobs.
        seconds: to wait at most.
        stop: ends the waiting.
        progress: called with the number of those that have ended, whenever it grows.

    Returns:
        The state each was last seen in.
    """
    stop = stop or Event()
    end = time.monotonic() + seconds
    ended = -1
    while True:
        now = dict(zip(ids, states(client, keys, ids), strict=True))
        count = sum(state in _ENDED for state in now.values())
        if count > ended and progress is not None:
            progress(count)
        ended = count
        if count == len(ids) or time.monotonic() >= end or stop.wait(_POLL_SECONDS):
            return now


def _merged(groups: Sequence[Group]) -> list[Group]:
    found: dict[str, list[str]] = {}
    for group in groups:
        found.setdefault(group.state, []).extend(group.ids)
    return [Group(state, tuple(ids)) for state, ids in found.items()]
