"""Rules about what is kept, and how long. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts, Sample
from pantry_queue.monitor.diagnosis.model import Finding, Place
from pantry_queue.monitor.diagnosis.words import counted, finding
from pantry_queue.monitor.wire import name_of, raw_of
from pantry_queue.text import safe

_MANY_CANCELED = 10_000
_LARGE = 1 << 20
#: Milliseconds of life left that are too few for a job that waits.
_SHORT_LIFE = 60_000


def canceled(facts: DeploymentFacts) -> Finding | None:
    """RQ never cleans up what was canceled."""
    queues = [queue for queue in facts.snapshot.queues if queue.counts.canceled >= _MANY_CANCELED]
    if not queues:
        return None
    largest = max(queues, key=lambda queue: queue.counts.canceled)
    name = shlex.quote(name_of(largest.raw_name))
    return finding(
        "warning",
        "canceled-grows",
        largest.name,
        f"{counted(sum(queue.counts.canceled for queue in queues), 'canceled job')} are kept for ever.",
        *(f"{queue.name}: {queue.counts.canceled:,}." for queue in queues[:5]),
        remedy="Delete them; they lie in the trash for a day.",
        command=f"pantry-console jobs delete --state canceled --queue {name}",
        place=Place("queue", name_of(largest.raw_name), "canceled"),
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
