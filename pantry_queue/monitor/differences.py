"""Starts and ends of jobs as they show in the lists of jobs, for workers that tell nothing (RQ's own).

What is seen: a job that comes to those that run or to those that ended, and what became of one that ran. What is not:
a job that comes and goes between two looks and leaves no result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import jobs
from pantry_queue.monitor.events import Event
from pantry_queue.monitor.model import JobRow
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import ask, server_time
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from redis import Redis

#: Entries looked at: jobs that run, and those at the head of each list of jobs that ended.
_RUNNING, _ENDED = 200, 50
#: Ends that are remembered, so that none is told twice.
_REMEMBERED = 4000
#: Clocks of workers may be behind that of Redis by so many seconds.
_SKEW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a list of jobs that ended; `whole` when there are no more."""

    rows: tuple[JobRow, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What the lists hold at one moment.

    Attributes:
        at: the server's time.
        running: jobs that run.
        ended: the heads of the lists of those that ended.
        left: jobs that ran when it was looked before and run no more, as they are now.
    """

    at: datetime
    running: tuple[JobRow, ...] = ()
    ended: tuple[Head, ...] = ()
    left: tuple[JobRow, ...] = ()


def look(client: Redis, keys: Keys, before: Iterable[JobRow] = ()) -> Seen:
    """Look at the lists: about six round trips, whatever their length.

    Args:
        client: a connection that returns bytes.
        before: jobs that ran when it was looked before.

    Raises:
        redis.exceptions.RedisError: the server is away, or the lists may not be read.
    """
    # First those that run: a job that leaves them is among those that ended in the same step of its worker.
    running = jobs.window(client, keys, "started", count=_RUNNING)
    ended = [jobs.window(client, keys, state, count=_ENDED) for state in ("finished", "failed")]
    here = {row.raw_id for row in running.rows}
    gone = [row for row in before if row.raw_id not in here] if running.total <= _RUNNING else []
    left = jobs.read(client, keys, "failed", [Place(row.queue, row.raw_id) for row in gone])
    (now,) = ask(client, [("TIME",)])
    heads = (Head(tuple(row for row in one.rows if not row.expired), one.total <= _ENDED) for one in ended)
    return Seen(server_time(now), running.rows, tuple(heads), left)


class Differences:
    """What happened between looks. Pure."""

    def __init__(self) -> None:
        self._before: Seen | None = None
        self._told: deque[tuple[bytes, str, datetime | None]] = deque(maxlen=_REMEMBERED)
        self._known: set[tuple[bytes, str, datetime | None]] = set()
        self._number = 0
        #: More may have happened than was seen: at the last look all that a longer list showed was new.
        self.missed = False

    @property
    def running(self) -> tuple[JobRow, ...]:
        """The jobs that ran at the last look."""
        return self._before.running if self._before is not None else ()

    def between(self, now: Seen) -> list[Event]:
        """What has happened since the last look, oldest first; of the first look, what the lists still tell."""
        before, self._before = self._before, now
        since = before.at - _SKEW if before is not None else None
        held = {row.raw_id: row for row in before.running} if before is not None else {}
        found = [self._event(row, "started", row.started_at, now.at) for row in now.running]
        self.missed = False
        for head in now.ended:
            fresh = [row for row in head.rows if since is None or (row.ended_at is not None and row.ended_at > since)]
            ends = [event for row in fresh if (event := self._event(row, row.state, row.ended_at, now.at)) is not None]
            overrun = bool(head.rows) and len(ends) == len(head.rows) and not head.whole
            self.missed = self.missed or (overrun and before is not None)
            found += ends
        found += [self._left(row, held[row.raw_id], now.at) for row in now.left if row.raw_id in held]
        return sorted((event for event in found if event is not None), key=lambda event: event.at)

    def _left(self, row: JobRow, ran: JobRow, now: datetime) -> Event | None:
        """What became of a job that ran: its end, another try, or nothing that can be told."""
        if row.expired:
            return self._event(ran, "ended", ran.started_at, now, at=now)
        if row.state in ("finished", "failed", "stopped"):
            return self._event(row, row.state, row.ended_at, now)
        kind = "retried" if row.state in ("scheduled", "queued") else "ended"
        return self._event(row, kind, ran.started_at, now, at=now, worker=ran.worker)

    def _event(
        self,
        row: JobRow,
        kind: str,
        mark: datetime | None,
        now: datetime,
        *,
        at: datetime | None = None,
        worker: SafeText | None = None,
    ) -> Event | None:
        """An event, if it was not told before; `mark` tells one run of a job from another."""
        token = (row.raw_id, str(kind), mark)
        if token in self._known:
            return None
        if len(self._told) == _REMEMBERED:
            self._known.discard(self._told[0])
        self._told.append(token)
        self._known.add(token)
        self._number += 1
        lasted = row.ended_at - row.started_at if kind != "started" and row.ended_at and row.started_at else None
        return Event(
            entry=f"seen-{self._number}",
            at=at or mark or now,
            kind=SafeText(kind),
            job_id=row.id,
            queue=row.queue,
            func=row.func,
            worker=worker or row.worker or SafeText(""),
            seconds=max(0.0, lasted.total_seconds()) if lasted is not None else None,
            error=(row.error or SafeText("")) if kind in ("failed", "stopped", "retried") else SafeText(""),
            raw_id=row.raw_id,
        )


def untold(found: Sequence[Event], tellers: set[str]) -> list[Event]:
    """Those whose worker tells nothing itself."""
    return [event for event in found if str(event.worker) not in tellers]
