"""From what was asked for to a plan: reads only, and never more than a bounded part of a list.

Whole lists are not read at all where the script can choose in them itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING

from pantry_queue.control import describing, named
from pantry_queue.control.actions import Action
from pantry_queue.control.id_list import IdList
from pantry_queue.control.plan import (
    Group,
    Options,
    Plan,
    Selection,
    Source,
    check_options,
    command_line,
)
from pantry_queue.errors import ConfigError, NotFound
from pantry_queue.keys import REGISTRIES, Keys
from pantry_queue.monitor import jobs
from pantry_queue.monitor.alert_rules import CODES
from pantry_queue.monitor.merge import queue_names
from pantry_queue.monitor.model import SearchChunk
from pantry_queue.monitor.wire import ask, blob, name_of, number, raw_of
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: Where an action cannot choose inside its script, ids are read; of a longer selection so many.
MOST_IDS = 1_000_000
_CHUNK = 1000


def server_time(client: Redis) -> datetime:
    """Now, by the server's clock."""
    seconds, micros = client.time()
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(micros))


def plan(
    client: Redis,
    keys: Keys,
    action: Action,
    selection: Selection,
    options: Options | None = None,
    *,
    draft: bool = False,
    progress: Callable[[SearchChunk], None] | None = None,
) -> Plan:
    """Decide what an action will be done to.

    Args:
        client: a connection that returns bytes; the right to read is enough.
        action: of the table.
        selection: what was asked for.
        options: how it is done.
        draft: options that it needs may be missing; `plan.completed` has to add them before it is run.
        progress: told how far the search for the jobs of a filter, or of groups of failures, has come.

    Raises:
        ConfigError: nothing was selected, or what does not go with this action; the sentence says what does.
        NotFound: a queue, or every job that was named, does not exist.
        redis.exceptions.RedisError: the server is away.
    """
    options = options or Options()
    _check(action, selection)
    if not draft:
        check_options(action, selection, options)
    seen_at = server_time(client)
    known = queue_names(client, keys)
    _known_queues(known, selection.queues)
    empty = Plan(action, options, selection, seen_at, safe(""), command=command_line(action, selection, options))
    if not action.states:
        return named.plan(client, keys, empty)
    if selection.ids:
        return _of_ids(client, keys, empty)
    if selection.signatures or selection.where:
        found = matching(client, keys, empty, selection.queues or tuple(known), progress)
        return _found(client, keys, empty, found)
    return _of_lists(client, keys, empty, selection.queues or tuple(known))


def _found(client: Redis, keys: Keys, empty: Plan, pairs: Iterable[tuple[str, str]]) -> Plan:
    """A plan for jobs that were looked for, which says so where it may not hold all that was chosen."""
    numbers = count()
    some = (pair for pair, _ in zip(islice(pairs, MOST_IDS), numbers, strict=False))
    plan = describing.by_id(client, keys, _grouped(empty, some))
    if next(numbers) < MOST_IDS:
        return plan
    # Where the jobs stay in their list, the same command would find the same ones.
    others = "run it again for those that are left" if plan.action.drains else "choose the others by id or by a filter"
    return replace(plan, scope=SafeText(f"{plan.scope} (at most {MOST_IDS:,} at a time: {others})"))


def _check(action: Action, selection: Selection) -> None:
    if action.noun == "jobs" and selection.empty:
        raise ConfigError(f"{action.verb} needs jobs: give ids, a selection such as --state failed, or --all.")
    if action.noun == "queues" and not selection.queues:
        raise ConfigError(f"{action.verb} needs the name of a queue.")
    if action.noun == "alerts":
        wrong = [key for key in selection.ids if key.partition(":")[0] not in CODES or len(key) > 300]
        if wrong or not selection.ids:
            raise ConfigError(
                f"{action.verb} needs alerts as pantry-console alerts list names them"
                + (f"; {safe(raw_of(wrong[0]), 100)!r} is none." if wrong else ".")
            )
    wrong = [state for state in selection.states if state not in action.places]
    if wrong:
        raise ConfigError(
            f"{action.verb} cannot be done to {wrong[0]} jobs; it applies to those that are {', '.join(action.places)}."
        )


def matching(
    client: Redis,
    keys: Keys,
    empty: Plan,
    queues: Sequence[str],
    progress: Callable[[SearchChunk], None] | None = None,
) -> Iterator[tuple[str, str]]:
    """The jobs of a filter, or of groups of failures, as (id, state), the oldest of each list first.

    Raises:
        QueryError: the filter cannot be understood.
        NotFound: no job belongs to any of the groups.
    """
    from pantry_queue.monitor.query import EVERYTHING, parse

    selection, action = empty.selection, empty.action
    query = parse(selection.where) if selection.where else EVERYTHING
    if selection.signatures:
        from pantry_queue.monitor.failures import members

        errors = "error" in query.reads
        chunks = members(client, keys, selection.signatures, queues=queues, newest_first=False, errors=errors)
    else:
        from pantry_queue.monitor.search import search

        states = selection.states or action.places
        chunks = search(
            client, keys, query, states=states, queues=queues, newest_first=False, limit=MOST_IDS, errors=False
        )
    found = False
    for chunk in chunks:
        if progress:
            progress(chunk)
        rows = [row for row in chunk.rows if not row.expired]
        if selection.signatures and selection.where:
            rows = [row for row in rows if query.matches(row, empty.seen_at)]
        found = found or bool(rows)
        yield from ((name_of(row.raw_id), str(row.state)) for row in rows)
    if selection.signatures and not found:
        raise NotFound("No failed job belongs to these groups: pantry-console failures list shows those there are.")


def _known_queues(known: Sequence[str], named: Iterable[str]) -> None:
    for queue in named:
        if queue not in known:
            raise NotFound(
                f"There is no queue {safe(raw_of(queue))}: pantry-console queues list shows those that are there."
            )


def _of_ids(client: Redis, keys: Keys, empty: Plan) -> Plan:
    """Named jobs, each with the state it is in."""
    wanted = list(dict.fromkeys(empty.selection.ids))
    states: dict[str, str] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        questions = [q for i in chunk for q in (("HSTRLEN", keys.job(i), "data"), ("HGET", keys.job(i), "status"))]
        replies = ask(client, questions)
        for index, job_id in enumerate(chunk):
            if number(replies[2 * index]):
                states[job_id] = name_of(blob(replies[2 * index + 1]) or b"created")
    if not states:
        names = ", ".join(safe(raw_of(job_id)) for job_id in wanted[:3])
        raise NotFound(f"There is no job {names}: it may have expired; pantry-console jobs list shows what is there.")
    pairs = [(job_id, states[job_id]) for job_id in wanted if job_id in states]
    left = [
        (job_id, states.get(job_id, "missing")) for job_id in wanted if states.get(job_id) not in empty.action.states
    ]
    return describing.by_id(client, keys, replace(_grouped(empty, pairs), left_out=tuple(left)))


def _grouped(empty: Plan, pairs: Iterable[tuple[str, str]]) -> Plan:
    """A plan for jobs given as (id, state); those it does not apply to are left out."""
    groups: dict[str, IdList] = {}
    for job_id, state in pairs:
        if state in empty.action.states:
            groups.setdefault(state, IdList()).append(job_id)
    # A job that leaves its slot lets the next one in, which would then not be where it was seen.
    ordered = sorted(groups, key=lambda state: state != "rate_limited")
    return replace(empty, groups=tuple(Group(state, groups[state]) for state in ordered))


def _of_lists(client: Redis, keys: Keys, empty: Plan, queues: Sequence[str]) -> Plan:
    """Whole lists, chosen inside the script where that is possible."""
    states = empty.selection.states or empty.action.places
    found = [(state, queue) for state in states for queue in queues]
    lengths = ask(
        client,
        [("LLEN", keys.queue(q)) if s == "queued" else ("ZCARD", keys.registry(s, q)) for s, q in found],
    )
    totals = {place: number(length) for place, length in zip(found, lengths, strict=True) if number(length)}
    if not empty.action.drains or (empty.options.dependents and empty.action.verb == "delete"):
        return _found(client, keys, empty, _ids(client, keys, totals))
    sources = [
        Source("queue" if state == "queued" else REGISTRIES[state], queue, total)
        for (state, queue), total in totals.items()
    ]
    return describing.lists(client, keys, replace(empty, sources=tuple(sources)), totals)


def _ids(client: Redis, keys: Keys, totals: dict[tuple[str, str], int]) -> Iterator[tuple[str, str]]:
    """Ids of whole lists with the state of each, at most `MOST_IDS`."""
    left = MOST_IDS
    for state, queue in totals:
        start = 0
        while left > 0:
            window = jobs.window(
                client, keys, state, queue=queue, start=start, count=min(_CHUNK, left), newest_first=False
            )
            ids = [name_of(row.raw_id) for row in window.rows if not row.expired]
            found = ask(client, [("HGET", keys.job(job_id), "status") for job_id in ids])
            yield from ((i, name_of(blob(reply) or b"created")) for i, reply in zip(ids, found, strict=True))
            start += len(window.rows)
            left -= len(window.rows)
            if len(window.rows) < _CHUNK:
                break
