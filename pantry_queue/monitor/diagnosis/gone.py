"""A job whose hash is gone, while a list still names it: it expired or was deleted, and will not run."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from pantry_queue.keys import REGISTRIES, Keys
from pantry_queue.monitor import snapshot
from pantry_queue.monitor.diagnosis.model import Explanation
from pantry_queue.monitor.diagnosis.words import check, finding
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

_MOST_QUEUES = 500
_READABLE = 10_000


def explain(client: Redis, keys: Keys, job_id: str) -> Explanation | None:
    """Where a job without a hash still stands; None when no list of the first queues names it.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    began = time.perf_counter()
    taken = snapshot.take(client, keys, target="")
    names = [queue.raw_name for queue in taken.queues[:_MOST_QUEUES]]
    questions = [
        ("LPOS", keys.queue(NAME), job_id, "MAXLEN", _READABLE),
        *(("ZSCORE", keys.registry(state, NAME), job_id) for state in REGISTRIES),
    ]
    states = ("queued", *REGISTRIES)
    for queue, replies in zip(names, ask_each(client, questions, names), strict=True):
        for state, reply in zip(states, replies, strict=True):
            if reply is None or isinstance(reply, Exception):
                continue
            return _told(job_id, safe(queue), state, taken.taken_at, (time.perf_counter() - began) * 1000)
    return None


def _told(job_id: str, queue: SafeText, state: str, at: datetime, took: float) -> Explanation:
    found = finding(
        "critical" if state in ("queued", "scheduled", "deferred", "ready") else "info",
        "expired",
        safe(raw_of(job_id)),
        "The data of the job is gone: it expired or was deleted, and it will not run.",
        f"Queue {queue} still names it among its {state} jobs.",
        remedy="Enqueue it again; workers pass over what is left of it.",
        command="pantry-console trash list",
    )
    checks = (check("exists", "cause", "its data is gone", found),)
    return Explanation(found.subject, SafeText(state), queue, SafeText(""), None, None, found, checks, at, took)
