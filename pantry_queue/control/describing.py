"""What was chosen, told in numbers: where the jobs stand, what they call, how old they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pantry_queue.control.id_list import IdList
from pantry_queue.control.plan import Group, Plan, scope_sentence
from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, jobs
from pantry_queue.monitor.model import JobRow
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import ask, blob, blobs, name_of, raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis

_CHUNK = 1000
#: Lists whose ends are looked at, and rows at each end, to tell what they hold.
_SAMPLED_LISTS, _SAMPLED_ROWS = 10, 20


def by_id(client: Redis, keys: Keys, plan: Plan) -> Plan:
    """A plan for jobs by id, with the jobs that wait for them if those go too, and with what they are."""
    if plan.options.dependents and plan.action.verb == "delete":
        plan = _with_dependents(client, keys, plan)
    places: Counter[tuple[str, str]] = Counter()
    functions: Counter[str] = Counter()
    times: list[datetime] = []
    sampled = 0
    for group in plan.groups:
        for start in range(0, len(group.ids), _CHUNK):
            chunk = group.ids[start : start + _CHUNK]
            replies = ask(client, [("HMGET", keys.job(i), "origin", "enqueued_at", "created_at") for i in chunk])
            for reply in replies:
                origin, *at = reply if isinstance(reply, list) else (b"", None)
                places[group.state, name_of(origin or b"")] += 1
                times += [moment for moment in map(fields.when, at) if moment][:1]
            times = [min(times), max(times)] if times else []
        rows = _rows_of(client, keys, group)
        sampled += len(rows)
        functions.update(str(row.func or row.description) for row in rows)
    return _told(plan, places, functions, times, sampled)


def lists(client: Redis, keys: Keys, plan: Plan, totals: dict[tuple[str, str], int]) -> Plan:
    """A plan for whole lists, with what the ends of the longest ones hold.

    Args:
        totals: jobs by state and queue.
    """
    functions: Counter[str] = Counter()
    times: list[datetime] = []
    sampled = 0
    for state, queue in sorted(totals, key=lambda place: -totals[place])[:_SAMPLED_LISTS]:
        for newest in (False, True) if totals[state, queue] > _SAMPLED_ROWS else (False,):
            window = jobs.window(client, keys, state, queue=queue, count=_SAMPLED_ROWS, newest_first=newest)
            sampled += len(window.rows)
            functions.update(str(row.func or row.description or "?") for row in window.rows)
            times += [at for row in window.rows if (at := row.enqueued_at or row.created_at)]
    return _told(plan, totals, functions, times, sampled)


def _rows_of(client: Redis, keys: Keys, group: Group) -> Sequence[JobRow]:
    ids = (*group.ids[:_SAMPLED_ROWS], *group.ids[max(_SAMPLED_ROWS, len(group.ids) - _SAMPLED_ROWS) :])
    return jobs.read(client, keys, "queued", [Place("", raw_of(job_id)) for job_id in ids])


def _with_dependents(client: Redis, keys: Keys, plan: Plan) -> Plan:
    kept = dict.fromkeys(job_id for group in plan.groups if group.state == "deferred" for job_id in group.ids)
    for group in plan.groups:
        for start in range(0, len(group.ids), _CHUNK):
            replies = ask(client, [("SMEMBERS", keys.dependents(i)) for i in group.ids[start : start + _CHUNK]])
            more = [name_of(member) for reply in replies for member in sorted(blobs(reply))]
            states = ask(client, [("HGET", keys.job(job_id), "status") for job_id in more])
            kept |= dict.fromkeys(i for i, state in zip(more, states, strict=True) if blob(state) == b"deferred")
    groups = [group for group in plan.groups if group.state != "deferred"]
    return replace(plan, groups=(*groups, *((Group("deferred", IdList(kept)),) if kept else ())))


def _told(
    plan: Plan,
    totals: dict[tuple[str, str], int] | Counter[tuple[str, str]],
    functions: Counter[str],
    times: Sequence[datetime],
    sampled: int,
) -> Plan:
    return replace(
        plan,
        scope=scope_sentence(plan.selection, totals),
        breakdown=tuple(
            (safe(raw_of(f"{state} in {queue}")), count) for (state, queue), count in sorted(totals.items())
        ),
        functions=tuple((safe(name), count) for name, count in functions.most_common(10)),
        sampled=sampled,
        oldest=min(times, default=None),
        newest=max(times, default=None),
    )
