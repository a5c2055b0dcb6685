"""Whether a deployment is healthy: what needs an operator, with evidence and remedy, and what that rests on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor.alert_rules import DEFAULT, Rules
from pantry_queue.monitor.alerts import alerts
from pantry_queue.monitor.diagnosis import awaiting, deployment, failing, health, keeping, lost, scheduling, serving
from pantry_queue.monitor.diagnosis.checked import checks
from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.lost import Lost
from pantry_queue.monitor.diagnosis.model import SEVERITIES, Covered, Examination, Finding
from pantry_queue.monitor.diagnosis.remedies import from_alert
from pantry_queue.monitor.growth import Grown
from pantry_queue.monitor.rates import RateHistory

if TYPE_CHECKING:
    from redis import Redis

#: What `alerts` does not tell.
RULES: tuple[Callable[[DeploymentFacts], Finding | None], ...] = (
    health.persistence,
    health.saves,
    health.replication,
    health.clock_here,
    health.clock_of_workers,
    health.latency,
    health.slow_log,
    health.ghosts,
    health.versions,
    health.lost,
    keeping.canceled,
    keeping.endless,
    keeping.expiring,
    keeping.large,
    serving.disobeying,
    serving.not_allowed,
    serving.unregistered,
    serving.stuck,
    awaiting.in_vain,
    scheduling.unattended,
    scheduling.overdue,
    scheduling.cron,
    failing.not_importable,
    failing.serializer,
    failing.unreadable,
)
#: What is only on its way has arrived after so many seconds.
_SECOND_LOOK = 1.0
#: Keys that are looked at for lost jobs unless told otherwise.
SCANNED = 10_000


@dataclass(frozen=True, slots=True)
class Step:
    """What is known so far, and the seconds to wait before more is asked."""

    facts: DeploymentFacts
    rest: float = 0.0


def examine(
    client: Redis,
    keys: Keys,
    *,
    scan: int | None = None,
    ask_server: bool | None = None,
    history: RateHistory | None = None,
    canceled: Mapping[str, Grown] | None = None,
    rules: Rules = DEFAULT,
) -> Examination:
    """Look over a deployment.

    Args:
        client: a connection that returns bytes; the right to look is enough for most of it.
        keys: names under RQ's prefix.
        scan: keys to look at for jobs that nothing holds, 0 for none; needs the right to SCAN. `SCANNED` when left
            out, where the Redis user has no name and so, as a rule, all rights.
        ask_server: ask for settings and slow log (CONFIG GET, SLOWLOG GET); likewise.
        history: what earlier snapshots told, which is what stalls and growth are seen by.
        canceled: how canceled jobs have grown (`recalling.canceled`).
        rules: what is much, long or often.

    Raises:
        redis.exceptions.RedisError: the server is away, or RQ's own sets may not be read.
    """
    began = time.perf_counter()
    facts: DeploymentFacts | None = None
    for step in examining(client, keys, scan=scan, ask_server=ask_server, history=history, canceled=canceled):
        facts = step.facts
        time.sleep(step.rest)
    assert facts is not None  # there is always a first step
    return judge(facts, (time.perf_counter() - began) * 1000, rules)


def examining(
    client: Redis,
    keys: Keys,
    *,
    scan: int | None = None,
    ask_server: bool | None = None,
    history: RateHistory | None = None,
    canceled: Mapping[str, Grown] | None = None,
) -> Iterator[Step]:
    """The same in steps of some ten milliseconds, for who has other things to do between them: each tells what is
    known so far, the first all but what the scan tells. It may be left at any step.

    Args, Raises: see `examine`.
    """
    trusted = _unnamed(client)
    asks = trusted if ask_server is None else ask_server
    most = (SCANNED if trusted else 0) if scan is None else scan
    facts = deployment.collect(client, keys, ask_server=asks, history=history, canceled=canceled)
    facts = replace(facts, lost=Lost() if most > 0 else None)
    yield Step(facts)
    for found in lost.look(client, keys, most) if most > 0 else ():
        facts = replace(facts, lost=found)
        yield Step(facts, found.rest)
    facts = deployment.look_closer(client, keys, facts)
    yield Step(facts, _SECOND_LOOK if facts.taken else 0.0)
    if facts.taken:
        yield Step(deployment.look_again(client, keys, facts))


def judge(facts: DeploymentFacts, took_ms: float = 0.0, rules: Rules = DEFAULT) -> Examination:
    """The rules over the facts. Pure.

    Args:
        took_ms: milliseconds the reading took.
        rules: what is much, long or often.
    """
    told = alerts(facts.snapshot, facts.history, rules, followed=facts.followed)
    found = [from_alert(alert, facts) for alert in told]
    found += [one for rule in RULES if (one := rule(facts)) is not None]
    found.sort(key=lambda one: SEVERITIES.index(one.severity))
    return Examination(
        tuple(found), tuple(_covered(facts)), facts.snapshot.taken_at, took_ms, tuple(checks(facts, found, rules.muted))
    )


def _covered(facts: DeploymentFacts) -> Iterator[Covered]:
    yield Covered("queues", len(facts.snapshot.queues), len(facts.snapshot.queues))
    yield Covered("workers", len(facts.snapshot.workers), len(facts.snapshot.workers))
    totals = facts.snapshot.totals
    yield Covered(
        "jobs sampled", len(facts.samples), totals.queued + totals.scheduled + totals.finished + totals.failed
    )
    if facts.lost is None:
        yield Covered("keys of jobs scanned", 0, None, "no scan for lost jobs was made")
    elif facts.lost.looked is None:
        yield Covered("keys of jobs scanned", 0, None, "the Redis user may not SCAN")
    else:
        yield Covered("keys of jobs scanned", facts.lost.looked, None, "" if facts.lost.whole else "there are more")
    if facts.slow is None:
        yield Covered("server settings", 0, None, "neither settings nor slow log were asked for, or they are refused")


def _unnamed(client: Any) -> bool:
    """Whether the connection is made without a user's name: the default user may do all, as a rule.

    To ask for what a user may not do would leave a violation in ACL LOG.
    """
    pool = client.connection_pool
    options = getattr(pool, "connection_kwargs", None)
    name = options.get("username") if isinstance(options, dict) else pool.username
    return name in (None, "", "default")
