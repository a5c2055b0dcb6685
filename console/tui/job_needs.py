"""What the screen of one job asks for besides the job."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from console.tui.source import Need, Reading
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from pantry_queue.monitor.joblog import Progress
    from pantry_queue.monitor.model import JobNode, JobRow
    from pantry_queue.monitor.raw import RawJob

#: Lines of a log that are held; a PantryWorker keeps about 2,000.
_MOST_LINES = 5000


class JobLog(NamedTuple):
    """What a job has written so far, and how far it says it is."""

    lines: tuple[SafeText, ...]
    progress: Progress | None


@dataclass(slots=True)
class _Followed:
    need: JobLogNeed
    last: str
    lines: deque[SafeText] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))


@dataclass(frozen=True, slots=True)
class JobLogNeed(Need[JobLog]):
    """All that a job wrote, by its id in Redis; each reading asks for what is new alone."""

    job_id: str

    def read(self, reading: Reading) -> JobLog:
        """See `Need.read`."""
        from pantry_queue.monitor import joblog

        kept: _Followed | None = reading.kept.get(JobLogNeed)
        if kept is None or kept.need != self:
            kept = reading.kept[JobLogNeed] = _Followed(self, joblog.BEGINNING)
        for _ in range(_MOST_LINES // 500):
            part = joblog.read(reading.client, reading.keys, self.job_id, after=kept.last)
            kept.lines += part.lines
            if part.last == kept.last:
                break
            kept.last = part.last
        return JobLog(tuple(kept.lines), joblog.progress(reading.client, reading.keys, self.job_id))


class Trees(NamedTuple):
    """What a job waits for, and what waits for it."""

    above: JobNode
    below: JobNode


@dataclass(frozen=True, slots=True)
class TreeNeed(Need[Trees]):
    """The jobs around one, by its id in Redis."""

    job_id: str

    def read(self, reading: Reading) -> Trees:
        """See `Need.read`."""
        from pantry_queue.monitor import tree

        above = tree.read(reading.client, reading.keys, self.job_id, direction="dependencies")
        return Trees(above, tree.read(reading.client, reading.keys, self.job_id, direction="dependents"))


@dataclass(frozen=True, slots=True)
class RawNeed(Need["RawJob | None"]):
    """A job as it lies in Redis; None when it is not there."""

    job_id: str

    def read(self, reading: Reading) -> RawJob | None:
        """See `Need.read`."""
        from pantry_queue.monitor import raw

        return raw.read(reading.client, reading.keys, self.job_id)


@dataclass(frozen=True, slots=True)
class RunningNeed(Need[dict[str, "JobRow"]]):
    """What is known of some running jobs, by their ids; those that are gone are left out."""

    ids: tuple[str, ...] = ()

    def read(self, reading: Reading) -> dict[str, JobRow]:
        """See `Need.read`."""
        from pantry_queue.monitor import jobs
        from pantry_queue.monitor.rows import Place
        from pantry_queue.monitor.wire import raw_of

        places = [Place("", raw_of(job_id)) for job_id in self.ids]
        found = jobs.read(reading.client, reading.keys, "started", places) if places else ()
        return {job_id: row for job_id, row in zip(self.ids, found, strict=True) if not row.expired}
