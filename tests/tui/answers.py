"""Fixed answers to what the screens of diagnosis and activity ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.tui.examining import DoctorNeed, Examined
from console.tui.source import Need
from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts, Sample
from pantry_queue.monitor.diagnosis.lost import Lost
from pantry_queue.monitor.model import Counts
from tests.tui.support import FixedSource, snapshot


def ill() -> Examined:
    """A deployment in which much is wrong; keys of jobs were looked at, settings of the server not."""
    now = snapshot()
    sample = Sample("emails", "finished", b"ocr-1042", 300, -1, -1)
    facts = DeploymentFacts(
        now, info={"aof_enabled": "1"}, trip_ms=0.4, samples=(sample,), orphans={"exports": ("b54cda26",)}
    )
    return Examined(replace(facts, lost=Lost(4012, True)), 38.2)


def well() -> Examined:
    """A deployment in which nothing is wrong."""
    now = snapshot()
    queues = tuple(replace(queue, counts=Counts(finished=7), paused=False) for queue in now.queues)
    workers = tuple(replace(worker, verdict="alive", job_ids=()) for worker in now.workers)
    calm = replace(now, queues=queues, workers=workers, redis=replace(now.redis, used_memory=1_200_000_000))
    facts = DeploymentFacts(calm, info={"aof_enabled": "1"}, slow=(), trip_ms=0.4, lost=Lost(4012, True))
    return Examined(facts, 38.2)


ANSWERS: dict[type[Need[Any]], Any] = {DoctorNeed: ill()}


def source(others: dict[type[Need[Any]], Any] | None = None) -> FixedSource:
    """A source that answers these needs too."""
    made = FixedSource()
    made.others |= ANSWERS | (others or {})
    return made
