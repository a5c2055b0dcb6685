"""What an examination has judged, what is well too: each finding belongs to one of these. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Check, Finding, Mark
from pantry_queue.monitor.diagnosis.words import check, counted, lasting

#: Seconds of history without which standing still and growing cannot be seen.
_LONG_ENOUGH = 15.0


class Judged(NamedTuple):
    """One thing that is judged.

    Attributes:
        fine: what is so when nothing was found.
        codes: of the findings that speak against it.
        unknown: why it is not known here; empty where it is.
    """

    code: str
    fine: str | Callable[[DeploymentFacts], str]
    codes: tuple[str, ...]
    unknown: Callable[[DeploymentFacts], str] = lambda facts: ""


def _memory(facts: DeploymentFacts) -> str:
    redis = facts.snapshot.redis
    if redis.max_memory and redis.used_memory is not None:
        return f"memory is {redis.used_memory / redis.max_memory:.0%} of its limit"
    return "Redis has no limit of memory to run into"


def _unread(facts: DeploymentFacts) -> str:
    return "" if facts.info else "the Redis user may not ask INFO"


def _settings(facts: DeploymentFacts) -> str:
    return "" if facts.save is not None or facts.info.get("aof_enabled") == "1" else "settings were not asked for"


def _slow_log(facts: DeploymentFacts) -> str:
    return "" if facts.slow is not None else "the slow log was not asked for"


def _scan(facts: DeploymentFacts) -> str:
    if facts.lost is None or facts.lost.looked is None:
        return "no scan for lost jobs was made"
    return "" if facts.lost.looked or facts.lost.whole else "the scan for lost jobs has not begun"


def _scanned(facts: DeploymentFacts) -> str:
    looked = facts.lost.looked if facts.lost is not None else 0
    return f"no job is lost, of {looked:,} looked at" if looked else "no job is lost"


def _history(facts: DeploymentFacts) -> str:
    known = facts.history.span() >= _LONG_ENOUGH
    return "" if known else "nothing was sampled of the last minutes; pantry-console record does it"


def _versions(facts: DeploymentFacts) -> str:
    found = sorted({str(worker.rq_version) for worker in facts.snapshot.workers if worker.rq_version})
    return f"all workers run RQ {', '.join(found)}" if found else "no worker, so no mix of versions"


def _called(facts: DeploymentFacts) -> str:
    return f"workers may run what waits, of {counted(len(facts.calls))} looked at"


def _closer(facts: DeploymentFacts) -> str:
    return "" if facts.schedule is not None else "jobs were not looked at closer so far"


def _canceled(facts: DeploymentFacts) -> str:
    known = [grown for grown in facts.canceled.values() if grown.known]
    return f"canceled jobs do not pile up{f', over {lasting(max(one.seconds for one in known))}' if known else ''}"


def _deferred(facts: DeploymentFacts) -> str:
    looked = facts.deferred.looked if facts.deferred is not None else 0
    return f"deferred jobs can still be let go{f', of {looked} looked at' if looked else ''}"


def _sampled(facts: DeploymentFacts) -> str:
    return f"calls are small, of {counted(len(facts.samples))} looked at"


JUDGED: tuple[Judged, ...] = (
    Judged("answers", lambda facts: f"Redis answers in {facts.trip_ms:.1f} ms", ("latency",)),
    Judged("memory", _memory, ("memory",), _unread),
    Judged("evicts", "Redis drops no keys when memory is full", ("evicts",), _unread),
    Judged("disk", "Redis keeps its data on disk", ("no-persistence",), _settings),
    Judged("saves", "its last writes to disk went well", ("save-failed",), _unread),
    Judged("replication", "primary and replicas follow each other", ("replication", "replica"), _unread),
    Judged("slow-log", "no command kept all others waiting", ("slow-commands",), _slow_log),
    Judged("clock-here", "the clock here is that of Redis", ("clock-here",)),
    Judged("clocks", "the workers' clocks are that of Redis", ("clock-of-workers",)),
    Judged("versions", _versions, ("versions",)),
    Judged("suspended", "workers are not suspended", ("suspended",)),
    Judged("paused", "no queue with jobs is paused", ("paused",)),
    Judged("served", "every queue with jobs has a worker", ("no-worker",)),
    Judged("obeyed", "no stock worker takes from a paused queue", ("pause-not-obeyed",)),
    Judged("allowed", _called, ("not-allowed",), _closer),
    Judged("registered", "RQ's set of queues holds every queue", ("unregistered",)),
    Judged("alive", "every worker gives signs of life", ("worker-gone", "worker-deaf", "worker-late")),
    Judged("agent", "the OCR agent is asked", ("breaker",)),
    Judged("ghosts", "no killed worker is still listed", ("ghosts",)),
    Judged("orphans", "no running job has lost its worker", ("orphans",)),
    Judged("due", "scheduled jobs come in time", ("overdue-no-scheduler", "overdue", "no-scheduler")),
    Judged("cron", "entries that repeat do", ("cron-late",), _closer),
    Judged("waits", "no job waits for too long, no queue is too deep", ("age", "depth")),
    Judged("moves", "no queue stands still or grows", ("stalled", "grows"), _history),
    Judged("failures", "nothing failed in the last 5 min", ("failures", "failure-rate", "new-failure"), _history),
    Judged("imported", "workers import what they are to run", ("not-importable",), _closer),
    Judged("read", "workers read what they are to run", ("serializer", "unreadable"), _closer),
    Judged("quarantine", "no job is set aside as unreadable", ("quarantine",)),
    Judged("started", "what a worker takes it starts", ("stuck-jobs",), _closer),
    Judged("let-go", _deferred, ("waits-in-vain",), _closer),
    Judged("placed", _scanned, ("lost-jobs",), _scan),
    Judged("canceled", _canceled, ("canceled-grows",)),
    Judged("kept", "what has ended goes after a while", ("kept-for-ever",)),
    Judged("lives", "waiting jobs live until they have run", ("expire-before-run",)),
    Judged("small", _sampled, ("large-payloads",)),
)


def checks(
    facts: DeploymentFacts, findings: Sequence[Finding], muted: Collection[str] = frozenset()
) -> Iterator[Check]:
    """All that was judged, in the order of `JUDGED`.

    Args:
        findings: what was found, the worst first.
        muted: codes that are not to be told.
    """
    for judged in JUDGED:
        found = [one for one in findings if one.code in judged.codes]
        if found:
            more = f", and {counted(len(found) - 1, 'finding')} more like it" if len(found) > 1 else ""
            mark: Mark = "cause" if found[0].severity == "critical" else "warning"
            yield check(judged.code, mark, found[0].says.rstrip(".") + more, found[0])
            continue
        fine = judged.fine if isinstance(judged.fine, str) else judged.fine(facts)
        why = "that is muted here" if set(judged.codes) & set(muted) else judged.unknown(facts)
        yield (
            check(judged.code, "unknown", f"not known whether {fine}: {why}")
            if why
            else check(judged.code, "fine", fine)
        )
