"""Rules about what is kept, and how long. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts, Sample
from pantry_queue.monitor.diagnosis.model import Finding, Place
from pantry_queue.monitor.diagnosis.words import counted, finding, lasting
from pantry_queue.monitor.growth import Grown
from pantry_queue.monitor.wire import name_of, raw_of
from pantry_queue.text import safe

#: Canceled jobs of a queue that are too many, and as many as have to be there before their growth says anything.
_MANY_CANCELED, _SOME_CANCELED = 10_000, 100
_DAY, _MONTH = 86_400.0, 30 * 86_400.0
_LARGE = 1 << 20
#: Milliseconds of life left that are too few for a job that waits.
_SHORT_LIFE = 60_000


def canceled(facts: DeploymentFacts) -> Finding | None:
    """RQ never cleans up what was canceled: it should not become more and more.

    Where samples of an hour or more are kept, they decide; elsewhere many are taken for the sign of it.
    """
    found = [(queue, facts.canceled.get(name_of(queue.raw_name))) for queue in facts.snapshot.queues]
    found = [(queue, grown) for queue, grown in found if _piles_up(queue.counts.canceled, grown)]
    if not found:
        return None
    found.sort(key=lambda one: -one[0].counts.canceled)
    largest = found[0][0]
    name = shlex.quote(name_of(largest.raw_name))
    return finding(
        "warning",
        "canceled-grows",
        largest.name,
        f"{counted(sum(queue.counts.canceled for queue, _ in found), 'canceled job')} are kept for ever.",
        *(_grew(str(queue.name), queue.counts.canceled, grown) for queue, grown in found[:5]),
        remedy="Delete them; they lie in the trash for a day.",
        command=f"pantry-console jobs delete --state canceled --queue {name}",
        place=Place("queue", name_of(largest.raw_name), "canceled"),
    )


def _piles_up(now: int, grown: Grown | None) -> bool:
    if grown is None or not grown.known:
        return now >= _MANY_CANCELED
    return grown.steady and now >= _SOME_CANCELED and now + grown.pace(_MONTH) >= _MANY_CANCELED


def _grew(name: str, now: int, grown: Grown | None) -> str:
    if grown is None or not grown.known:
        return f"{name}: {now:,}. Whether they grow is not known: no samples of an hour are kept."
    return (
        f"{name}: {now:,}; in {lasting(grown.seconds)} {grown.last - grown.first:,} came and none went "
        f"({grown.samples} samples), {grown.pace(_DAY):,.0f} a day."
    )


def endless(facts: DeploymentFacts) -> Finding | None:
    """What has ended goes after a while."""
    ended = [sample for sample in facts.samples if sample.state in ("finished", "failed") and sample.pttl != -2]
    kept = [sample for sample in ended if sample.pttl == -1 or sample.results_pttl == -1]
    if not kept:
        return None
    whole = [sample for sample in kept if sample.pttl == -1]
    return finding(
        "info",
        "kept-for-ever",
        _queue(kept),
        "Results of jobs that ended are kept for ever.",
        f"Of {len(ended)} looked at, {len(whole)} jobs and {len(kept) - len(whole)} more results have no end.",
        "RQ keeps the results of a failed job for ever where it has no failure_ttl of its own.",
        remedy="Enqueue with result_ttl and failure_ttl.",
        place=Place("queue", kept[0].queue, kept[0].state),
    )


def expiring(facts: DeploymentFacts) -> Finding | None:
    """Jobs live until they have run."""
    now = facts.snapshot.taken_at.timestamp()
    waiting = [sample for sample in facts.samples if sample.state in ("queued", "scheduled")]
    gone = [sample for sample in waiting if sample.pttl == -2]
    short = [sample for sample in waiting if sample.state == "queued" and 0 <= sample.pttl < _SHORT_LIFE]
    early = [sample for sample in waiting if sample.state == "scheduled" and _ends_before(sample, now)]
    if not (gone or short or early):
        return None
    return finding(
        "warning",
        "expire-before-run",
        _queue(gone or short or early),
        "Jobs expire before they run, and are lost silently.",
        f"Of {len(waiting)} looked at {len(gone)} are gone, {len(short)} wait with less than a minute to live, "
        f"{len(early)} end before they are due.",
        *(f"{safe(sample.raw_id)} in {_queue([sample])}." for sample in (gone + short + early)[:3]),
        remedy="Enqueue without ttl, or with a longer one.",
        place=Place("queue", (gone or short or early)[0].queue, (gone or short or early)[0].state),
    )


def _ends_before(sample: Sample, now: float) -> bool:
    return sample.pttl >= 0 and sample.score is not None and sample.pttl / 1000 < sample.score - now


def large(facts: DeploymentFacts) -> Finding | None:
    """Calls are small."""
    found = [sample for sample in facts.samples if sample.size >= _LARGE]
    if not found:
        return None
    most = max(found, key=lambda sample: sample.size)
    return finding(
        "warning",
        "large-payloads",
        _queue([most]),
        f"{counted(len(found))} of {len(facts.samples)} looked at hold more than 1 MiB each.",
        f"The largest: {safe(most.raw_id)}, {most.size / 2**20:,.1f} MiB.",
        remedy="Store what is large elsewhere, and give the job its address.",
        place=Place("job", name_of(most.raw_id)),
    )


def _queue(samples: list[Sample]) -> str:
    return safe(raw_of(samples[0].queue))
