"""What reading gives: frozen values with no Redis and no terminal in them. This module is the door to all of them.

All text that came from Redis is `SafeText`; all times are aware UTC datetimes of the server's clock; durations are
seconds. A value that is unknown is None.
"""

from __future__ import annotations

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
    "WorkerStat",
    "WorkerVerdict",
]

#: States a list of jobs can be asked for, in the order they are shown. `intermediate` holds ids a worker has taken
#: but not yet registered.
STATES = ("queued", "started", "finished", "failed", "deferred", "scheduled", "canceled", "ready", "intermediate")
