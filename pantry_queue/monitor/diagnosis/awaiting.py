"""The rule about deferred jobs. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.deferred import End, Held
from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Act, Finding, Place
from pantry_queue.monitor.diagnosis.words import counted, finding

_WORDS: dict[End, str] = {
    "gone": "does not exist any more",
    "failed": "failed",
    "stopped": "was stopped",
    "canceled": "was canceled",
    "finished": "has finished, and did not let it go",
}
#: Jobs that are named.
_NAMED = 5


def in_vain(facts: DeploymentFacts) -> Finding | None:
    """What deferred jobs wait for can still let them go."""
    if facts.deferred is None or not facts.deferred.held:
        return None
    held = facts.deferred.held
    ids = " ".join(shlex.quote(one.raw_id) for one in held[:_NAMED])
    for_good = any(one.end in ("gone", "canceled") for one in held)
    return finding(
        "critical" if for_good else "warning",
        "waits-in-vain",
        held[0].queue,
        f"{counted(len(held), 'deferred job')} of {facts.deferred.looked} looked at "
        f"{'waits' if len(held) == 1 else 'wait'} for what will not let them go.",
        *map(_told, held[:_NAMED]),
        remedy="Requeue what failed, or put these jobs on their queues without it.",
        command=f"pantry-console jobs enqueue-now {ids}",
        act=Act("jobs.enqueue-now", ids=tuple(one.raw_id for one in held)),
        place=Place("job", held[0].raw_id),
    )


def _told(one: Held) -> str:
    return f"{one.raw_id} of queue {one.queue} waits for {one.parent}, which {_WORDS[one.end]}."
