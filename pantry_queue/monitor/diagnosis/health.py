"""Rules about the server and its workers beyond what `alerts` tells. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Act, Finding, Place
from pantry_queue.monitor.diagnosis.task import harmful
from pantry_queue.monitor.diagnosis.words import counted, finding, lasting
from pantry_queue.monitor.wire import name_of

#: Seconds clocks may differ: beyond, stock workers put running jobs back (`rq.registry.StartedJobRegistry.cleanup`).
_CLOCK = 5.0
#: Milliseconds a question may take.
_SLOW_TRIP, _VERY_SLOW_TRIP = 50.0, 250.0
#: Microseconds of a slow command, and seconds it is remembered for.
_SLOW_COMMAND, _RECENT = 1_000_000, 900
#: Seconds a replica may be behind.
_LAG = 10


def persistence(facts: DeploymentFacts) -> Finding | None:
    """Something of it is on disk."""
    if facts.info.get("aof_enabled") != "0" or facts.save is None or facts.save.strip():
        return None
    return finding(
        "warning",
        "no-persistence",
        "Redis",
        "Redis keeps nothing on disk: when it ends, all jobs are gone.",
        "Neither appendonly nor save is set.",
        remedy="Switch the append-only file on.",
        command="redis-cli config set appendonly yes",
    )


def saves(facts: DeploymentFacts) -> Finding | None:
    """Its last writes to disk went well."""
    names = ("rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_last_write_status")
    bad = [name for name in names if facts.info.get(name, "ok") != "ok"]
    if not bad:
        return None
    return finding(
        "critical",
        "save-failed",
        "Redis",
        "The last write of Redis to its disk failed; it may refuse changes until one succeeds.",
        *(f"{name} is {facts.info[name]}." for name in bad),
        remedy="Look at the disk and at the log of Redis.",
    )


def replication(facts: DeploymentFacts) -> Finding | None:
    """Its replicas follow, and it follows its primary."""
    down = facts.info.get("master_link_status") == "down"
    behind = [
        value
        for name, value in facts.info.items()
        if name.startswith("slave") and name[5:].isdigit() and _behind(dict(_pairs(value)))
    ]
    if not (down or behind):
        return None
    return finding(
        "critical" if down else "warning",
        "replication",
        "Redis",
        "This replica has lost its primary: what it shows is old." if down else "Replicas do not follow.",
        *(f"{value}." for value in behind[:5]),
        remedy="Look at the link between them.",
    )


def _pairs(value: str) -> list[tuple[str, str]]:
    return [(name, text) for name, equals, text in (part.partition("=") for part in value.split(",")) if equals]


def _behind(replica: dict[str, str]) -> bool:
    lag = replica.get("lag", "0")
    return replica.get("state") == "online" and lag.isdigit() and int(lag) > _LAG


def clock_here(facts: DeploymentFacts) -> Finding | None:
    """This machine's clock is the server's."""
    if abs(facts.offset) <= _CLOCK:
        return None
    return finding(
        "warning",
        "clock-here",
        "this machine",
        f"This machine's clock is {facts.offset:+.0f} s off that of Redis.",
        "Times shown here are those of Redis.",
        remedy="Set both by the same time server.",
    )


def clock_of_workers(facts: DeploymentFacts) -> Finding | None:
    """The workers' clocks are the server's."""
    off = [(name, skew) for name, skew in facts.skews if abs(skew) > _CLOCK]
    now = facts.snapshot.taken_at
    for worker in facts.snapshot.workers:
        beat = worker.last_heartbeat_at
        if beat is not None and (beat - now).total_seconds() > _CLOCK and worker.name not in dict(off):
            off.append((worker.name, (beat - now).total_seconds()))
    if not off:
        return None
    return finding(
        "warning",
        "clock-of-workers",
        off[0][0],
        f"The clock of {counted(len(off), 'worker')} is not that of Redis: running jobs may be taken for lost.",
        *(f"{name}: {skew:+.0f} s." for name, skew in off[:5]),
        remedy="Set all machines by the same time server.",
        place=Place("worker", off[0][0]),
    )


def latency(facts: DeploymentFacts) -> Finding | None:
    """It answers fast."""
    if facts.trip_ms < _SLOW_TRIP:
        return None
    return finding(
        "warning" if facts.trip_ms >= _VERY_SLOW_TRIP else "info",
        "latency",
        "Redis",
        f"Redis answers slowly: a question takes {facts.trip_ms:.0f} ms.",
        "That is the middle one of five, from this machine.",
        remedy="Look at the network, and at the load of the server.",
    )


def slow_log(facts: DeploymentFacts) -> Finding | None:
    """No command kept all others waiting of late."""
    now = facts.snapshot.taken_at.timestamp()
    recent = [entry for entry in facts.slow or () if entry[0] >= _SLOW_COMMAND and now - entry[1] < _RECENT]
    if not recent:
        return None
    worst = max(recent)
    return finding(
        "warning",
        "slow-commands",
        "Redis",
        f"{counted(len(recent), 'command')} kept everybody waiting for more than a second within 15 min.",
        f"The worst: {worst[2]}, {worst[0] / 1e6:.1f} s, {lasting(now - worst[1])} ago.",
        remedy="Find who sends them: redis-cli slowlog get.",
        command="redis-cli slowlog get 20",
    )


def ghosts(facts: DeploymentFacts) -> Finding | None:
    """RQ's set of workers holds only workers."""
    found = [worker for worker in facts.snapshot.workers if worker.verdict == "ghost"]
    if not found:
        return None
    return finding(
        "info",
        "ghosts",
        "workers",
        f"{counted(len(found), 'worker')} in RQ's lists left no record: they were killed.",
        *(f"{worker.name}." for worker in found[:5]),
        remedy="Forget them.",
        command="pantry-console workers forget --ghosts",
        act=Act("workers.forget", ids=tuple(name_of(worker.raw_name) for worker in found)),
        place=Place("workers"),
    )


def versions(facts: DeploymentFacts) -> Finding | None:
    """Workers of one RQ, or at least of versions that bear each other."""
    found = sorted({worker.rq_version for worker in facts.snapshot.workers if worker.rq_version})
    danger = harmful(found)
    if len({one.split(".")[0] for one in found}) < 2 and not danger:
        return None
    deferred = facts.snapshot.totals.deferred
    return finding(
        "critical" if danger and deferred else "warning",
        "versions",
        "workers",
        f"Workers of different versions of RQ work here: {', '.join(found)}.",
        *(
            [f"Those before 2.8 fail all deferred jobs of the others at their maintenance; {deferred:,} are deferred."]
            if danger
            else []
        ),
        remedy="Let all workers run the same version.",
        place=Place("workers"),
    )


def lost(facts: DeploymentFacts) -> Finding | None:
    """Every job stands where its state says."""
    jobs = facts.lost.jobs if facts.lost is not None else ()
    if not jobs:
        return None
    named = ", ".join(f"{shlex.quote(job_id)} ({state})" for job_id, state in jobs[:5])
    return finding(
        "critical",
        "lost-jobs",
        "jobs",
        f"No list holds {counted(len(jobs))}: nobody will run or show them.",
        f"{named}.",
        remedy="Run a PantryWorker of any queue: it puts them back.",
        command="pantry-console workers launch --no-burst",
        place=Place("job", jobs[0][0]),
    )
