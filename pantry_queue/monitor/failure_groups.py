"""Failures counted by cause, with what is needed to take each out again. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pantry_queue.monitor import fields
from pantry_queue.monitor.model import FailureGroup
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.signature import Cause, shown
from pantry_queue.text import SafeText, safe

#: Causes that are told apart; messages an attacker makes up all different must not fill the memory.
MOST_GROUPS = 5000
_OTHERS = Cause(SafeText(""), SafeText(""), SafeText("other failures, of more kinds than are told apart"), SafeText(""))
_SAMPLES = 5
_HOUR, _DAY, _WEEK = 60, 24 * 60, 7 * 24 * 60


class Failure(NamedTuple):
    """One failed job.

    Attributes:
        at: when it failed, unix seconds.
        retried: it had failed or been retried before.
        line: the deciding line of its traceback, not yet safe to show.
    """

    cause: Cause
    line: bytes
    at: float | None
    retried: bool


#: What is remembered of a failure to take it out again, as one number: group (0 for none, whose job is gone), queue,
#: whether it had been retried, and its minute.
_MINUTES, _RETRIED, _MOST_QUEUES = 1 << 32, 2, 1 << 20


def _packed(group: int, queue: int, retried: bool, minute: int) -> int:
    return (((group * _MOST_QUEUES) + queue) * _RETRIED + retried) * _MINUTES + minute


def _unpacked(entry: int) -> tuple[int, int, bool, int]:
    rest, minute = divmod(entry, _MINUTES)
    rest, retried = divmod(rest, _RETRIED)
    group, queue = divmod(rest, _MOST_QUEUES)
    return group, queue, bool(retried), minute


class _Sample(NamedTuple):
    """A failure by name. Several are kept, since the newest may be the first to go."""

    at: float
    key: int
    job_id: bytes
    line: bytes


@dataclass(slots=True)
class _Group:
    cause: Cause
    count: int = 0
    queues: Counter[int] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    retried: int = 0
    first_at: float | None = None
    last_at: float | None = None
    samples: list[_Sample] = field(default_factory=list)
    line: bytes = b""

    def offer(self, at: float, key: int, job_id: bytes, line: bytes) -> None:
        """Keep this failure by name if it is among the newest."""
        if len(self.samples) == _SAMPLES and at <= self.samples[-1].at:
            return
        self.samples.append(_Sample(at, key, job_id, line))
        self.samples.sort(key=lambda known: -known.at)
        del self.samples[_SAMPLES:]

    @property
    def newest(self) -> _Sample:
        return self.samples[0] if self.samples else _Sample(0, 0, b"", self.line)


class Groups:
    """All causes met, and which failures count for them.

    Attributes:
        expired: failed entries whose job is gone.
    """

    def __init__(self) -> None:
        self.expired = 0
        self._groups: list[_Group] = []
        self._free: list[int] = []
        self._index: dict[Cause, int] = {}
        self._queues: list[str] = []
        self._queue_index: dict[str, int] = {}
        self._entries: dict[int, int] = {}

    @property
    def sampled(self) -> bool:
        """Whether every group can name a failure of its own."""
        return all(group.samples for group in self._groups if group.count)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """One look. What it does not meet again is taken out, unless it is broken off."""
        turn = Turn(self, self._entries)
        self._entries = turn.kept
        try:
            yield turn
        finally:
            if not turn.complete:
                for key, entry in turn.before.items():
                    turn.kept.setdefault(key, entry)

    def count(self, key: int, place: Place, failure: Failure | None) -> int:
        """Count one failure; returns what is needed to take it out again."""
        queue = self._queue_index.get(place.queue)
        if queue is None:
            queue = self._queue_index[place.queue] = len(self._queues)
            self._queues.append(place.queue)
        if failure is None:
            self.expired += 1
            return _packed(0, queue, False, 0)
        cause, line, at, retried = failure
        group, index = self._group(cause)
        minute = int(at // 60) if at else 0
        group.count += 1
        group.queues[queue] += 1
        group.retried += retried
        if at:
            group.minutes[minute] += 1
            if group.first_at is None or at < group.first_at:
                group.first_at = at
            if group.last_at is None or at > group.last_at:
                group.last_at = at
        group.line = group.line or line
        group.offer(at or 0.0, key, place.job_id, line)
        return _packed(index + 1, queue, retried, minute)

    def recount(self, key: int, place: Place, entry: int) -> None:
        """Meet a failure again; a group whose samples have all gone can be shown by it."""
        index, _, _, minute = _unpacked(entry)
        if index and not self._groups[index - 1].samples:
            group = self._groups[index - 1]
            group.offer(minute * 60.0, key, place.job_id, group.line)

    def uncount(self, key: int, entry: int) -> None:
        """Take one failure out."""
        index, queue, retried, minute = _unpacked(entry)
        if not index:
            self.expired -= 1
            return
        group = self._groups[index - 1]
        group.count -= 1
        group.queues[queue] -= 1
        group.retried -= retried
        group.samples = [sample for sample in group.samples if sample.key != key]
        if not group.count:
            del self._index[group.cause]
            self._free.append(index - 1)
        if minute:
            group.minutes[minute] -= 1
            if not group.minutes[minute]:
                del group.minutes[minute]

    def largest_first(self, at: datetime) -> tuple[FailureGroup, ...]:
        """The groups that still hold a failure.

        Args:
            at: the moment hour, day and week are counted back from.
        """
        now = int(at.timestamp() // 60)
        found = [self._told(group, now) for group in self._groups if group.count > 0]
        return tuple(sorted(found, key=lambda group: (-group.count, group.signature)))

    def _group(self, cause: Cause) -> tuple[_Group, int]:
        index = self._index.get(cause)
        if index is None:
            if len(self._index) >= MOST_GROUPS and cause != _OTHERS:
                return self._group(_OTHERS)
            if not self._free:
                self._free.append(len(self._groups))
                self._groups.append(_Group(cause))
            index = self._index[cause] = self._free.pop()
            self._groups[index] = _Group(cause)
        return self._groups[index], index

    def _told(self, group: _Group, now: int) -> FailureGroup:
        minutes, newest_sample = group.minutes, group.newest
        per_queue = [(self._queues[queue], count) for queue, count in group.queues.most_common() if count > 0]
        oldest, newest = (min(minutes), max(minutes)) if minutes else (0, 0)
        return FailureGroup(
            signature="others" if group.cause is _OTHERS else group.cause.signature,
            func=group.cause.func,
            exception=group.cause.exception,
            message=group.cause.message,
            where=group.cause.where,
            count=group.count,
            queues=tuple((safe(queue.encode("utf-8", "surrogateescape")), count) for queue, count in per_queue),
            last_hour=_since(minutes, now - _HOUR),
            last_day=_since(minutes, now - _DAY),
            last_week=_since(minutes, now - _WEEK),
            first_at=fields.moment(_within(group.first_at, oldest)) if minutes else None,
            last_at=fields.moment(_within(group.last_at, newest)) if minutes else None,
            retried=group.retried,
            sample=safe(newest_sample.job_id),
            raw_sample=newest_sample.job_id,
            error=shown(newest_sample.line),
            hours=_hours(minutes, now),
        )


def _since(minutes: Counter[int], start: int) -> int:
    return sum(count for minute, count in minutes.items() if minute > start)


def _hours(minutes: Counter[int], now: int) -> tuple[int, ...]:
    """Failures in each hour of the last day, oldest first."""
    found = [0] * (_DAY // _HOUR)
    for minute, count in minutes.items():
        ago = max(0, now - minute) // _HOUR
        if ago < len(found):
            found[-1 - ago] += count
    return tuple(found)


def _within(exact: float | None, minute: int) -> float:
    """The exact time, unless the failure it was of has been taken out: then the minute of the one that is left."""
    return exact if exact is not None and int(exact // 60) == minute else minute * 60.0


@dataclass(slots=True)
class Turn:
    """One look over the failures there are.

    Attributes:
        groups: where they are counted.
        before: what the last look knew and this one has not met yet.
        kept: what this one has met.
        complete: it has met all there are.
    """

    groups: Groups
    before: dict[int, int]
    kept: dict[int, int] = field(default_factory=dict)
    complete: bool = False

    def unknown(self, places: Sequence[Place]) -> list[tuple[int, Place]]:
        """Those of the failures that no look has met before, each with its key; the others are kept."""
        found = []
        for place in places:
            # A job that fails again stands there with another score.
            key = hash((place.queue, place.job_id, place.score))
            entry = self.before.pop(key, None)
            if entry is not None:
                self.kept[key] = entry
                self.groups.recount(key, place, entry)
            elif key not in self.kept:
                found.append((key, place))
        return found

    def add(self, new: Sequence[tuple[int, Place]], failures: Sequence[Failure | None]) -> None:
        """Count failures that were not known."""
        for (key, place), failure in zip(new, failures, strict=True):
            self.kept[key] = self.groups.count(key, place, failure)

    def finished(self) -> None:
        """All there are have been met: what has not is gone."""
        for key, entry in self.before.items():
            self.groups.uncount(key, entry)
        self.before.clear()
        self.complete = True
