"""What screens ask for besides the snapshot, each with how it is read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from console.tui.source import Need, Reading
from pantry_queue.errors import NotFound
from pantry_queue.monitor.kept_alerts import KeptAlerts
from pantry_queue.monitor.model import JobDetail, JobWindow, Schedule
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from pantry_queue.control.audit import Entry
    from pantry_queue.control.trash import Kept
    from pantry_queue.workers.fleet import LocalWorker

#: The trash costs several round trips an operation: it is not read more often than this, in seconds.
_TRASH_LASTS = 5.0
#: Acknowledgements are a second round trip: they are read again after so many seconds.
_ALERTS_LAST = 2.0


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


@dataclass(frozen=True, slots=True)
class LocalNeed(Need["tuple[LocalWorker, ...]"]):
    """The workers launched on this machine, newest first."""

    def read(self, reading: Reading) -> tuple[LocalWorker, ...]:
        """See `Need.read`; what is read are files of this user."""
        from pantry_queue.workers import fleet

        return fleet.known()


@dataclass(frozen=True, slots=True)
class WorkerLogEnd:
    """The last lines a worker of this machine wrote; `worker` is None when nothing is known of it any more."""

    worker: LocalWorker | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogNeed(Need[WorkerLogEnd]):
    """The end of the log of a worker launched on this machine, at most `lines` of it."""

    name: str
    lines: int = 500

    def read(self, reading: Reading) -> WorkerLogEnd:
        """See `Need.read`. A worker that is not known, or has no log, is no fault of Redis: it is told in the lines."""
        from pantry_queue.workers import fleet

        try:
            worker = fleet.find(self.name)
            return WorkerLogEnd(worker, tuple(fleet.follow(worker, self.lines, on=False)))
        except NotFound as error:
            return WorkerLogEnd(None, (SafeText(str(error)),))
        except OSError as error:
            return WorkerLogEnd(None, (SafeText(f"The log cannot be read: {error.strerror}."),))


@dataclass(frozen=True, slots=True)
class ChangesNeed(Need["tuple[Entry, ...]"]):
    """The last entries of the audit, oldest first."""

    count: int = 400

    def read(self, reading: Reading) -> tuple[Entry, ...]:
        """See `Need.read`."""
        from pantry_queue.control import audit

        return tuple(audit.newest(reading.client, reading.keys, self.count))


@dataclass(frozen=True, slots=True)
class TrashNeed(Need["tuple[Kept, ...]"]):
    """What can be undone, newest first.

    Attributes:
        turn: another number asks for it anew, however lately it was read.
    """

    turn: int = 0

    def read(self, reading: Reading) -> tuple[Kept, ...]:
        """See `Need.read`."""
        from pantry_queue.control import trash
        from pantry_queue.control.lua import Scripts

        now = time.monotonic()
        turn, at, found = reading.kept.get(TrashNeed, (-1, 0.0, ()))
        if turn != self.turn or now - at >= _TRASH_LASTS:
            found = tuple(trash.operations(Scripts(reading.client, reading.keys, reading.settings)))
            reading.kept[TrashNeed] = (self.turn, now, found)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class AlertsNeed(Need[KeptAlerts]):
    """Who answers for which alert, and what `watch` follows.

    Attributes:
        turn: another number asks for it anew, however lately it was read.
    """

    turn: int = 0

    def read(self, reading: Reading) -> KeptAlerts:
        """See `Need.read`."""
        from pantry_queue.monitor import kept_alerts

        now = time.monotonic()
        turn, at, found = reading.kept.get(AlertsNeed, (-1, 0.0, KeptAlerts()))
        if turn != self.turn or now - at >= _ALERTS_LAST:
            found = kept_alerts.read(reading.client, reading.keys)
            reading.kept[AlertsNeed] = (self.turn, now, found)
        return cast("KeptAlerts", found)


@dataclass(frozen=True, slots=True)
class PastNeed(Need[RateHistory]):
    """What was sampled in the last quarter of an hour before the console's start."""

    def read(self, reading: Reading) -> RateHistory:
        """See `Need.read`."""
        from pantry_queue.connection import describe
        from pantry_queue.recalling import recall

        return recall(reading.client, reading.keys, describe(reading.settings), 900)


@dataclass(frozen=True, slots=True)
class ScheduleNeed(Need[Schedule]):
    """The jobs that are due next, at most `count`, what repeats, and who sees to it."""

    count: int = 300

    def read(self, reading: Reading) -> Schedule:
        """See `Need.read`."""
        from pantry_queue.monitor import schedule

        return schedule.read(reading.client, reading.keys, count=self.count)
