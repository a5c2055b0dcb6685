"""What reading gives: frozen values with no Redis and no terminal in them. This module is the door to all of them.

All text that came from Redis is `SafeText`; all times are aware UTC datetimes of the server's clock; durations are
seconds. A value that is unknown is None.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pantry_queue.monitor.model_deployment import (
        BreakerStat,
        Counts,
        QueueStat,
        RedisFacts,
        SchedulerStat,
        Snapshot,
        WorkerStat,
        WorkerVerdict,
    )
    from pantry_queue.monitor.model_findings import (
        CronEntry,
        Due,
        FailureGroup,
        FailureReport,
        JobNode,
        Schedule,
        SearchChunk,
        Trouble,
    )
    from pantry_queue.monitor.model_job import (
        Argument,
        JobDetail,
        JobExecution,
        JobResult,
        JobRow,
        JobWindow,
        Payload,
    )

__all__ = [
    "STATES",
    "Argument",
    "BreakerStat",
    "Counts",
    "CronEntry",
    "Due",
    "FailureGroup",
    "FailureReport",
    "JobDetail",
    "JobExecution",
    "JobNode",
    "JobResult",
    "JobRow",
    "JobWindow",
    "Payload",
    "QueueStat",
    "RedisFacts",
    "Schedule",
    "SchedulerStat",
    "SearchChunk",
    "Snapshot",
    "Trouble",
    "WorkerStat",
    "WorkerVerdict",
]

#: States a list of jobs can be asked for, in the order they are shown. `intermediate` holds ids a worker has taken
#: but not yet registered.
STATES = ("queued", "started", "finished", "failed", "deferred", "scheduled", "canceled", "ready", "intermediate")

#: In the order of their weight: making a dozen frozen classes takes as long as a snapshot.
_PARTS = ("model_deployment", "model_job", "model_findings")


def __getattr__(name: str) -> Any:
    """One of the values, from the part that holds it, which is loaded when the first of its values is asked for."""
    if name in __all__:
        for part in _PARTS:
            module = import_module(f"pantry_queue.monitor.{part}")
            if hasattr(module, name):
                globals()[name] = value = getattr(module, name)
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
