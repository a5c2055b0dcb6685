"""One job with everything known about it, in three round trips: sizes, values, and where it stands.

Sizes come first because a field may hold any amount: what is over 1 MiB is said and not loaded. `HGETALL` is never
sent for the same reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, joblog, payload, results, rows, wire
from pantry_queue.monitor.model import Argument, JobDetail, JobExecution
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import Command, ask, blobs, name_of, number, permitted, raw_of, scanned
from pantry_queue.text import MASK, SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: Every field of a job's hash in RQ 1.12 to 3.0 (`rq.job.Job.to_dict`) that is shown.
FIELDS = (
    *rows.FIELDS,
    *"data meta result exc_info timeout ttl result_ttl failure_ttl last_heartbeat group_id dependency_id".split(),
    *"dependency_ids retry_intervals number_of_retries repeats_left webhooks rate_limit_key".split(),
    *"rate_limit_concurrency success_callback_name failure_callback_name stopped_callback_name".split(),
)
_CALLBACKS = ("success", "failure", "stopped")
_MOST_RESULTS = 50
_MOST_LOG = 200
_MOST_RELATED = 200
_MOST_EXECUTIONS = 20
#: Bytes of a result stream that are loaded, and how far into a queue from either end a job is looked for.
_RESULTS_LIMIT = 8 << 20
_MOST_POSITIONS = 100_000


@dataclass(slots=True)
class _Sizes:
    """What the first round trip tells."""

    pttl: int
    not_a_hash: bool
    small: list[str]
    dependents: list[bytes]
    dependencies: list[bytes]
    executions: list[bytes]
    results_fit: bool
    log_fits: bool
    notes: list[str] = field(default_factory=list)


def read(client: Redis, keys: Keys, job_id: str | bytes, *, reveal: bool = False) -> JobDetail | None:
    """Everything about one job.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        job_id: its id; `JobRow.raw_id` for one that is no text.
        reveal: show the values of secret-looking names, and passwords in URLs.

    Returns:
        None when there is no such job, or it has expired.

    Raises:
        redis.exceptions.RedisError: the server is away, or the job may not be read.
    """
    name = name_of(job_id)
    sizes = _sizes(client, keys, name)
    if sizes is None:
        return None
    values, log, found_results, *runs = ask(
        client,
        [
            ("HMGET", keys.job(name), *(sizes.small or ["status"])),
            ("XREVRANGE", keys.log(name), "+", "-", "COUNT", _MOST_LOG if sizes.log_fits else 0),
            ("XREVRANGE", keys.results(name), "+", "-", "COUNT", _MOST_RESULTS if sizes.results_fit else 0),
            *(("HMGET", keys.execution(name, name_of(run)), *results.EXECUTION_FIELDS) for run in sizes.executions),
        ],
    )
    found = wire.fields(values, sizes.small)
    executions = tuple(results.execution(run, reply) for run, reply in zip(sizes.executions, runs, strict=True))
    detail = replace(_detail(raw_of(name), sizes, found, found_results, executions, reveal), log=joblog.newest(log))
    return _placed(client, keys, name, found, detail)


def _sizes(client: Redis, keys: Keys, name: str) -> _Sizes | None:
    commands: list[Command] = [("HSTRLEN", keys.job(name), field_name) for field_name in FIELDS]
    *lengths, pttl, usage, log_usage, dependents, dependencies, executions = ask(
        client,
        [
            *commands,
            ("PTTL", keys.job(name)),
            ("MEMORY", "USAGE", keys.results(name)),
            ("MEMORY", "USAGE", keys.log(name)),
            ("SSCAN", keys.dependents(name), 0, "COUNT", _MOST_RELATED),
            ("SSCAN", keys.dependencies(name), 0, "COUNT", _MOST_RELATED),
            ("ZRANGE", keys.executions(name), -_MOST_EXECUTIONS, -1),
        ],
    )
    permitted(lengths[0])
    if pttl == -2:
        return None
    known = dict(zip(FIELDS, map(number, lengths), strict=True))
    sizes = _Sizes(
        pttl=number(pttl),
        not_a_hash=isinstance(lengths[0], Exception),
        small=[name for name, size in known.items() if 0 < size <= payload.STORED_LIMIT],
        dependents=scanned(dependents)[:_MOST_RELATED],
        dependencies=scanned(dependencies)[:_MOST_RELATED],
        executions=blobs(executions),
        results_fit=number(usage) <= _RESULTS_LIMIT,
        log_fits=number(log_usage) <= _RESULTS_LIMIT,
    )
    sizes.notes += [
        f"{name}: {size:,} bytes, not loaded" for name, size in known.items() if size > payload.STORED_LIMIT
    ]
    if not sizes.results_fit:
        sizes.notes.append(f"results: {number(usage):,} bytes, not loaded")
    if not sizes.log_fits:
        sizes.notes.append(f"log: {number(log_usage):,} bytes, not loaded")
    if sizes.not_a_hash:
        sizes.notes.append("the key of this job is not a hash: something else has written over it")
    return sizes


def _detail(
    job_id: bytes,
    sizes: _Sizes,
    found: dict[str, bytes],
    stream: Any,
    executions: tuple[JobExecution, ...],
    reveal: bool,
) -> JobDetail:
    row = rows.row(
        Place("", job_id),
        "",
        [[found.get(name) for name in rows.FIELDS], 0, stream, 0],
        {name: found[name] for name in ("data", "exc_info") if name in found},
        rows.error_of(stream),
    )
    ended = results.results(stream, reveal=reveal)
    last = ended[0] if ended else None
    return JobDetail(
        row=replace(row, expired=False),
        payload=payload.payload(found.get("data"), reveal=reveal),
        timeout=fields.whole(found.get("timeout")),
        ttl=fields.whole(found.get("ttl")),
        result_ttl=fields.whole(found.get("result_ttl")),
        failure_ttl=fields.whole(found.get("failure_ttl")),
        expires_in=sizes.pttl / 1000 if sizes.pttl >= 0 else None,
        retries_left=row.retries_left,
        retry_intervals=fields.wholes(found.get("retry_intervals")),
        repeats_left=fields.whole(found.get("repeats_left")),
        meta=payload.meta(found.get("meta"), reveal=reveal),
        result=_result(found, last.value if last else None, reveal=reveal, any_results=bool(ended)),
        traceback=last.traceback if last else fields.lines(fields.inflate(found.get("exc_info", b""))[0]),
        depends_on=_depends_on(found, sizes.dependencies),
        dependents=tuple(safe(other) for other in sorted(sizes.dependents)),
        executions=executions,
        results=ended,
        group=fields.line(found.get("group_id"), 200) or None,
        number_of_retries=fields.whole(found.get("number_of_retries")),
        last_heartbeat_at=fields.when(found.get("last_heartbeat")),
        callbacks=_callbacks(found),
        webhooks=_webhooks(found.get("webhooks")),
        rate_limit=_rate_limit(found),
        notes=tuple(safe(note) for note in sizes.notes),
    )


def _result(found: dict[str, bytes], newest: SafeText | None, *, reveal: bool, any_results: bool) -> SafeText | None:
    """The newest return value; before RQ 1.12 it stood in the hash itself."""
    if any_results or "result" not in found:
        return newest
    return payload.readable(found["result"], reveal=reveal)


def _depends_on(found: dict[str, bytes], members: list[bytes]) -> tuple[SafeText, ...]:
    listed = [raw_of(other) for other in fields.strings(found.get("dependency_ids"))]
    first = [found["dependency_id"]] if "dependency_id" in found else []
    return tuple(safe(other) for other in dict.fromkeys([*listed, *first, *sorted(members)]))


def _callbacks(found: dict[str, bytes]) -> tuple[Argument, ...]:
    names = ((moment, found.get(f"{moment}_callback_name")) for moment in _CALLBACKS)
    return tuple(Argument(safe(moment), fields.line(name, 200)) for moment, name in names if name)


def _webhooks(stored: bytes | None) -> tuple[SafeText, ...]:
    """`rq.webhook`: a JSON list of url, job_status, method, headers, timeout. Headers often hold secrets."""
    try:
        hooks = json.loads(stored or b"[]")
    except (ValueError, RecursionError):
        return (SafeText("(unreadable)"),)
    return (
        tuple(_webhook(hook) for hook in hooks[:_MOST_EXECUTIONS] if isinstance(hook, dict))
        if isinstance(hooks, list)
        else ()
    )


def _webhook(hook: dict[str, Any]) -> SafeText:
    headers = hook.get("headers")
    names = ", ".join(f"{name}: {MASK}" for name in list(headers)[:10]) if isinstance(headers, dict) else ""
    target = f"{hook.get('method') or 'GET'} {hook.get('url')} on {hook.get('job_status')}"
    return fields.shown(target + (f" ({names})" if names else ""))


def _rate_limit(found: dict[str, bytes]) -> SafeText | None:
    key = fields.line(found.get("rate_limit_key"), 200)
    if not key:
        return None
    most = fields.whole(found.get("rate_limit_concurrency"))
    return SafeText(f"{key}: {most} at a time" if most is not None else key)


def _placed(client: Redis, keys: Keys, name: str, found: dict[str, bytes], detail: JobDetail) -> JobDetail:
    """With its position in its queue, or when it is due; where that may not be asked it stays unknown."""
    queue = name_of(found.get("origin", b""))
    status = found.get("status")
    if status == b"queued":
        near_head, near_tail = ask(
            client,
            [
                ("LPOS", keys.queue(queue), name, "MAXLEN", _MOST_POSITIONS),
                ("LPOS", keys.queue(queue), name, "RANK", -1, "MAXLEN", _MOST_POSITIONS),
            ],
        )
        position = next((reply for reply in (near_head, near_tail) if isinstance(reply, int)), None)
        return replace(detail, position=position)
    if status == b"scheduled":
        (score,) = ask(client, [("ZSCORE", keys.registry("scheduled", queue), name)])
        value = fields.real(score) if isinstance(score, bytes) else score
        return replace(detail, due_at=fields.moment(value) if isinstance(value, (int, float)) else None)
    return detail
