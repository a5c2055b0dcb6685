"""What the console knows at this moment. Screens read it; only the app writes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.alert_settings import AlertSettings
from pantry_queue.monitor.alarms import Ack, Alarm, Alarms, Change, KnownFailures
from pantry_queue.monitor.alert_rules import DEFAULT, Rules
from pantry_queue.monitor.alerts import Alert, alerts
from pantry_queue.monitor.kept_alerts import KeptAlerts
from pantry_queue.monitor.model import FailureGroup, Snapshot
from pantry_queue.monitor.rates import RateHistory

if TYPE_CHECKING:
    from console.tui.grouping import Met

#: Why nothing can be changed with `--read-only`, or in a profile that is so.
READ_ONLY = "This console is read-only: nothing is changed; start it with --read-write to allow it."
#: Seconds between two readings an operator can choose from.
PACES = (0.5, 1.0, 2.0, 5.0, 10.0)
#: Seconds of an own history that are given up for what others have sampled.
_JUST_BEGUN = 5.0
#: How long a production profile stays unlocked.
UNLOCKED_SECONDS = 300.0


@dataclass(slots=True)
class Session:
    """State of one console on one deployment.

    Attributes:
        target: address without secrets.
        notice: a word from who started the console, shown in the status line.
        interval: seconds between two readings.
        paused: the picture is held.
        snapshot: the last one, None before the first.
        alerts: what needs the operator, from that snapshot.
        rules: when something does.
        kept: who answers for which alert, and what `watch` follows, as it was read last.
        ringing: how the terminal tells of alerts.
        recalled: what was sampled before is known, as far as it was.
        changes: what has started, become worse or ended with that snapshot, of what lasts.
        new: failures of a kind that was not known until lately.
        trouble: the sentence why there is no answer, None while there is one.
        next_try_in: seconds until the next attempt, while there is trouble.
        read_only: the sentence why nothing may be changed; empty when it may.
        production: what is changed is confirmed by typing its number.
        profile: name of the connection; empty without one.
        unlockable: `read_only` may be left for a while; never when the command line asked for it.
        doing: what is done in the background, for the status line.
        hint: a word to who is here for the first time, until another screen or the help is looked at.
        typed: commands given behind `:`, the last one last.
        options: of the command line, that lead to the same deployment.
    """

    target: str
    notice: str | None = None
    interval: float = 1.0
    paused: bool = False
    snapshot: Snapshot | None = None
    alerts: tuple[Alert, ...] = ()
    trouble: str | None = None
    next_try_in: float = 0.0
    read_only: str = ""
    production: bool = False
    profile: str = ""
    unlockable: bool = False
    doing: str | None = None
    hint: str = ""
    typed: list[str] = field(default_factory=list)
    options: tuple[str, ...] = ()
    rules: Rules = DEFAULT
    kept: KeptAlerts = field(default_factory=KeptAlerts)
    ringing: AlertSettings = field(default_factory=AlertSettings)
    recalled: bool = False
    changes: tuple[Change, ...] = ()
    new: tuple[FailureGroup, ...] = ()
    history: RateHistory = field(default_factory=RateHistory)
    clock: Callable[[], float] = time.monotonic
    _answered_at: float = 0.0
    _unlocked_until: float = 0.0
    _locked_by: str = ""
    _alarms: Alarms | None = None
    _kinds: KnownFailures | None = None

    @property
    def place(self) -> str:
        """What people call this server: its profile, else its address."""
        return self.profile or self.target

    def accept(self, snapshot: Snapshot) -> None:
        """A new snapshot has come."""
        self.snapshot = snapshot
        self.history.observe(snapshot)
        self.alerts = alerts(
            snapshot, self.history, self.rules, before=self.alerts, new=self.new, followed=self.kept.followed
        )
        now = snapshot.taken_at.timestamp()
        if self._alarms is None:
            # What is there when the console opens is seen, and needs no bell.
            there = [Alarm(alert, now, told=alert.level) for alert in self.alerts]
            self._alarms = Alarms(self.rules.hold, self.ringing.least, there)
        quiet = {alert.key for alert in self.alerts if self.ack(alert)}
        self.changes = self._alarms.observe(now, self.alerts, quiet)

    def meet(self, met: Met) -> None:
        """The kinds of failure there are, as they were looked at last. What was there at the first look is not new."""
        if met.report is None or self.rules.new_failure is None:
            return
        self._kinds = self._kinds or KnownFailures(met.known)
        self.new = self._kinds.observe(met.report, self.rules.new_failure)

    def heed(self, settings: AlertSettings) -> None:
        """What the config file says of alerts here."""
        self.rules, self.ringing = settings.rules, settings

    def recall(self, history: RateHistory) -> None:
        """What was sampled before this console saw anything; once."""
        self.recalled = True
        if self.history.reach() < _JUST_BEGUN:
            self.history = history
            if self.snapshot is not None:
                history.observe(self.snapshot)

    def ack(self, alert: Alert) -> Ack | None:
        """Who answers for an alert now."""
        found = self.kept.acks.get(alert.key)
        return found if found and self.snapshot and found.until > self.snapshot.taken_at else None

    def answered(self) -> None:
        """Redis has answered just now."""
        self.trouble = None
        self._answered_at = self.clock()

    @property
    def stale_for(self) -> float:
        """Seconds since the last answer."""
        return self.clock() - self._answered_at if self._answered_at else 0.0

    def unlock(self) -> None:
        """Leave read-only mode for `UNLOCKED_SECONDS`, where that may be done."""
        if self.unlockable and self.read_only:
            self._locked_by, self.read_only = self.read_only, ""
            self._unlocked_until = self.clock() + UNLOCKED_SECONDS

    @property
    def unlocked_for(self) -> float:
        """Seconds until it is read-only again; 0 when it was not unlocked. What is due is done by asking."""
        if not self._locked_by:
            return 0.0
        left = self._unlocked_until - self.clock()
        if left <= 0:
            self.lock()
        return max(0.0, left)

    def lock(self) -> None:
        """Be read-only again, if it was."""
        if self._locked_by:
            self.read_only, self._locked_by = self._locked_by, ""

    def cannot_write(self) -> str:
        """Why nothing can be changed now, in one sentence; empty when it can."""
        self.unlocked_for  # noqa: B018 - locks again what is due
        if self.read_only and self.unlockable:
            return f"This console is read-only: ctrl+r unlocks it for {UNLOCKED_SECONDS // 60:.0f} minutes."
        if self.read_only:
            return self.read_only
        if self.trouble is not None:
            return "What is shown is stale and may be wrong by now: wait until Redis answers again."
        return "Redis has not answered yet." if self.snapshot is None else ""

    def pace(self, step: int) -> None:
        """Read less often (1) or more often (-1)."""
        place = PACES.index(self.interval) if self.interval in PACES else 1
        self.interval = PACES[max(0, min(len(PACES) - 1, place + step))]
