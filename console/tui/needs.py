"""What screens ask for besides the snapshot, each with how it is read."""

from __future__ import annotations

from dataclasses import dataclass

from console.tui.source import Need, Reading
from pantry_queue.monitor.model import JobDetail, JobWindow


@dataclass(frozen=True, slots=True)
class WindowNeed(Need[JobWindow]):
    """A stretch of one list of jobs.

    Attributes:
        queue: one queue by its name in Redis, all when None.
        start, count: the rows wanted.
    """

    state: str
    queue: str | None = None
    start: int = 0
    count: int = 50
    newest_first: bool = True

    def read(self, reading: Reading) -> JobWindow:
        """See `Need.read`."""
        from pantry_queue.monitor import jobs

        return jobs.window(
            reading.client,
            reading.keys,
            self.state,
            queue=self.queue,
            start=self.start,
            count=self.count,
            newest_first=self.newest_first,
        )


@dataclass(frozen=True, slots=True)
class JobNeed(Need[JobDetail | None]):
    """One job with everything about it, by its id in Redis; None when it is not there."""

    job_id: str

    def read(self, reading: Reading) -> JobDetail | None:
        """See `Need.read`."""
        from pantry_queue.monitor import job

        return job.read(reading.client, reading.keys, self.job_id)
