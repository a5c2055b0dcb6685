"""Pure: alerts of one look after the other -> what is worth telling people who do not look.

An alert is told once when it has lasted for a while, once more when it has become worse for a while, and once when
it has been over for a while. One that somebody has acknowledged starts and worsens in silence; an end is told
whenever the start was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pantry_queue.monitor.alerts import ORDER, Alert, Level, worst_first
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from pantry_queue.monitor.model import FailureGroup, FailureReport

What = Literal["started", "worsened", "ended"]

#: Alerts that are followed at the same time, the worst of them.
MOST = 1000
#: How long a kind of failure is remembered that does not occur, in seconds, and how exactly; and how many are.
_REMEMBERED, _EXACTLY, _MOST_KINDS = 14 * 86_400.0, 86_400.0, 5000


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen an alert and answers for it.

    Attributes:
        key: of the alert.
        by: who, as the audit names them.
        until: when it is told again.
        reason: why, as they said.
    """

    key: SafeText
    by: SafeText
    until: datetime
    reason: SafeText = SafeText("")


@dataclass(slots=True)
class Alarm:
    """An alert that is followed, times in unix seconds.

    Attributes:
        alert: as it was last seen.
        since: when it was first seen.
        over_since: when it was first missed; 0 while it is there.
        worse_since: when it became worse than what was told; 0 while it is not.
        told: the level that was told; None before it was.
    """

    alert: Alert
    since: float
    over_since: float = 0.0
    worse_since: float = 0.0
    told: Level | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be told."""

    what: What
    alert: Alert
    since: float
    at: float


class Alarms:
    """Follows alerts.

    Args:
        hold: seconds an alert must last before it is told, and be over before that is told.
        least: what is less is not followed.
        known: what was followed before.
    """

    def __init__(self, hold: float, least: Level = "warning", known: Iterable[Alarm] = ()) -> None:
        self._hold = hold
        self._least = ORDER[least]
        self._alarms = {alarm.alert.key: alarm for alarm in known}
        self._looked = 0.0

    @property
    def followed(self) -> tuple[Alarm, ...]:
        """All that is followed now."""
        return tuple(self._alarms.values())

    def observe(
        self, now: float, found: Iterable[Alert], quiet: Container[str] = (), room: int = MOST
    ) -> tuple[Change, ...]:
        """One look.

        Args:
            now: unix seconds; an earlier time than before counts as the same.
            found: what needs an operator now.
            quiet: keys of what was acknowledged.
            room: how much can be told now; what is beyond it is told at a later look.
        """
        now = max(now, self._looked)
        self._looked = now
        self._see(now, found)
        changes: list[Change] = []
        for key, alarm in list(self._alarms.items()):
            change = self._judge(alarm, now, quiet=key in quiet, room=len(changes) < room)
            if change is not None:
                changes.append(change)
            if alarm.over_since and (alarm.told is None or (change is not None and change.what == "ended")):
                del self._alarms[key]
        return tuple(changes)

    def _see(self, now: float, found: Iterable[Alert]) -> None:
        for alarm in self._alarms.values():
            alarm.over_since = alarm.over_since or now
        for alert in worst_first(found):
            if ORDER[alert.level] > self._least:
                continue
            known = self._alarms.get(alert.key)
            if known is not None:
                known.alert, known.over_since = alert, 0.0
            elif len(self._alarms) < MOST:
                self._alarms[alert.key] = Alarm(alert, now)

    def _judge(self, alarm: Alarm, now: float, *, quiet: bool, room: bool) -> Change | None:
        if alarm.over_since:
            over = alarm.told is not None and now - alarm.over_since >= self._hold and room
            return self._change("ended", alarm, now) if over else None
        level = alarm.alert.level
        if alarm.told is None:
            if quiet or not room or now - alarm.since < self._hold:
                return None
            alarm.told = level
            return self._change("started", alarm, now)
        if ORDER[level] >= ORDER[alarm.told]:
            alarm.worse_since = 0.0
            return None
        alarm.worse_since = alarm.worse_since or now
        if quiet or not room or now - alarm.worse_since < self._hold:
            return None
        alarm.told, alarm.worse_since = level, 0.0
        return self._change("worsened", alarm, now)

    def _change(self, what: What, alarm: Alarm, now: float) -> Change:
        return Change(what, alarm.alert, alarm.since, now)


class KnownFailures:
    """Which kinds of failure have been met, to tell those that have not.

    Args:
        kinds: signature -> when it was first and last met, in unix seconds; None when nobody has looked yet: what is
            there at the first look is not new.
    """

    def __init__(self, kinds: dict[str, tuple[float, float]] | None = None) -> None:
        self.kinds = kinds or {}
        self._looked = kinds is not None

    def observe(self, report: FailureReport, lasting: float) -> tuple[FailureGroup, ...]:
        """The groups of failures that were first met within the last `lasting` seconds."""
        now = report.at.timestamp()
        for group in report.groups:
            first, last = self.kinds.get(group.signature, (now if self._looked else 0.0, 0.0))
            self.kinds[group.signature] = (first, now if now - last >= _EXACTLY else last)
        self._looked = True
        if len(self.kinds) > _MOST_KINDS or any(now - last > _REMEMBERED for _, last in self.kinds.values()):
            latest = sorted(self.kinds.items(), key=lambda kind: -kind[1][1])[:_MOST_KINDS]
            self.kinds = {name: times for name, times in latest if now - times[1] <= _REMEMBERED}
        return tuple(group for group in report.groups if now - self.kinds.get(group.signature, (0.0, 0.0))[0] < lasting)
