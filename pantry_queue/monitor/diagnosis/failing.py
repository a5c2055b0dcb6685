"""Rules about jobs that no worker can read or import. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Act, Finding
from pantry_queue.monitor.diagnosis.placing import READABLE_ID
from pantry_queue.monitor.diagnosis.task import IMPORT_ERRORS, READ_ERRORS
from pantry_queue.monitor.diagnosis.words import counted, finding
from pantry_queue.monitor.model import JobRow
from pantry_queue.monitor.wire import name_of, raw_of

#: Seconds: what failed before is of yesterday's deployment.
_LATELY = 3600.0


def not_importable(facts: DeploymentFacts) -> Finding | None:
    """Workers have what they are to run."""
    found = _failed_of(facts, IMPORT_ERRORS)
    if not found:
        return None
    funcs = sorted({str(row.func or row.description) for row in found})
    return finding(
        "warning",
        "not-importable",
        found[0].queue,
        f"Workers could not import what they were to run: {counted(len(found))} of those that failed within an hour.",
        *(f"{func}." for func in funcs[:5]),
        *_told(found),
        remedy="Install the module where the workers run, start them again, then requeue these jobs.",
        command=_again(found),
        act=Act("jobs.requeue", ids=tuple(name_of(row.raw_id) for row in found)),
    )


def serializer(facts: DeploymentFacts) -> Finding | None:
    """Who enqueues and who works write and read the same way."""
    found = _failed_of(facts, READ_ERRORS)
    strange = [call for call in facts.calls if not call.readable]
    if not (found or strange):
        return None
    waiting = [f"{counted(len(strange))} that wait hold neither pickle nor JSON."] if strange else []
    return finding(
        "critical" if strange else "warning",
        "serializer",
        found[0].queue if found else raw_of(strange[0].queue).decode("utf-8", "backslashreplace"),
        "Workers could not read the call of some jobs: another serializer wrote it.",
        *_told(found),
        *waiting,
        remedy="Enqueue and work with the same serializer, then requeue these jobs.",
        command=_again(found),
        act=Act("jobs.requeue", ids=tuple(name_of(row.raw_id) for row in found)) if found else None,
    )


def unreadable(facts: DeploymentFacts) -> Finding | None:
    """RQ 3 can read the ids of what waits; a stock worker ends of one that it cannot."""
    found = [
        sample
        for sample in facts.samples
        if sample.state in ("queued", "scheduled") and not READABLE_ID.fullmatch(name_of(sample.raw_id))
    ]
    if not found:
        return None
    return finding(
        "critical",
        "unreadable",
        raw_of(found[0].queue).decode("utf-8", "backslashreplace"),
        f"{counted(len(found))} of {len(facts.samples)} looked at {'has an id' if len(found) == 1 else 'have ids'} "
        "that RQ 3 cannot read: a stock worker ends when it meets one.",
        *(f"{shlex.quote(name_of(sample.raw_id))}." for sample in found[:5]),
        "It may hold only letters, digits, _ and -.",
        remedy="Enqueue them again under other ids; a PantryWorker sets such jobs aside and goes on.",
    )


def _failed_of(facts: DeploymentFacts, words: Sequence[str]) -> list[JobRow]:
    now = facts.snapshot.taken_at
    return [
        row
        for row in facts.failed
        if row.error
        and row.ended_at is not None
        and (now - row.ended_at).total_seconds() < _LATELY
        and any(word in row.error for word in words)
    ]


def _told(rows: Sequence[JobRow]) -> list[str]:
    return [f"{row.id} of queue {row.queue} ended so: {row.error}" for row in rows[:2]]


def _again(rows: Sequence[JobRow]) -> str:
    ids = " ".join(shlex.quote(name_of(row.raw_id)) for row in rows[:5])
    return f"pantry-console jobs requeue {ids}" if ids else ""
