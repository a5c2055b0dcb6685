"""Watching a deployment: look, judge, tell; again and again, by one process at a time."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from pantry_queue import history
from pantry_queue.alerting import state
from pantry_queue.alerting.message import message
from pantry_queue.alerting.outbox import MOST, Outbox
from pantry_queue.alerting.webhook import Webhook
from pantry_queue.connection import connect, describe, translated
from pantry_queue.errors import PantryError, RedisUnavailable
from pantry_queue.monitor import kept_alerts, snapshot
from pantry_queue.monitor.alarms import Alarms, Change, KnownFailures
from pantry_queue.monitor.alert_rules import Rules
from pantry_queue.monitor.alerts import Alert, Level, alerts
from pantry_queue.monitor.failures import Grouping
from pantry_queue.monitor.model import FailureGroup, Snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.recalling import recall

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.config import Settings
    from pantry_queue.keys import Keys

#: Seconds the lock lives after a look; for how many of them messages are sent, of which each may take some seconds.
_LOCK, _SENDING = 60.0, 25.0
#: The newest failures that are looked through for kinds that are not known.
_FAILURES = 20_000


@dataclass(frozen=True, slots=True)
class Orders:
    """What a watcher is to do.

    Attributes:
        rules: when something needs an operator.
        least: what is less is not told.
        interval: seconds between two looks, 60 at most.
        profile: the named connection, for messages.
    """

    rules: Rules
    least: Level = "warning"
    interval: float = 10.0
    profile: str = ""


class Watcher:
    """One watcher; `run` it until it is told to end.

    Args:
        settings: where Redis is.
        keys: names under RQ's prefix.
        orders: what to do.
        hook: where messages go; None is nowhere.
        changed: is given each change once.
        tell: says a sentence to who runs this.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        orders: Orders,
        hook: Webhook | None,
        *,
        changed: Callable[[Change], None],
        tell: Callable[[str], None],
    ) -> None:
        self._settings, self._keys, self._orders = settings, keys, orders
        self._hook, self._changed, self._tell = hook, changed, tell
        self._target = describe(settings)
        self._token = f"{os.getpid()}:{secrets.token_hex(8)}"
        self._client: Redis | None = None
        self._watching: bool | None = None
        self._records = True
        self._kinds_kept = 0
        self._held_at = -_LOCK
        #: About Redis itself nothing can be kept in Redis while it is away.
        self._link = Alarms(orders.rules.hold)
        self._about_link = Outbox(hook, tell) if hook else None
        self._begin(state.State())

    def _begin(self, found: state.State) -> None:
        """Go on where an earlier watcher ended."""
        self._alarms = Alarms(self._orders.rules.hold, self._orders.least, found.alarms)
        self._outbox = Outbox(self._hook, self._tell, found.outbox) if self._hook else None
        self._known = KnownFailures(found.kinds)
        self._grouping = Grouping()
        self._rates, self._names = RateHistory(), snapshot.KnownNames()
        self._before: tuple[Alert, ...] = ()
        self._kept: object = None

    @property
    def target(self) -> str:
        """Address of the Redis that is watched, without secrets."""
        return str(self._target)

    def run(self, end: Event) -> None:
        """Watch until `end` is set.

        Raises:
            RedisUnavailable: Redis refuses us, which no waiting ends.
            PantryError: a key holds something else.
        """
        away = False
        try:
            while not end.is_set():
                began = time.monotonic()
                try:
                    with translated(self._settings):
                        self._look()
                    if away:
                        self._tell(f"Redis answers again: watching {self._target}.")
                    away = False
                except RedisUnavailable as error:
                    self._disconnect()
                    if error.lasting:
                        raise
                    if not away:
                        self._tell(f"{error} Waiting for it.")
                    away = True
                    self._miss(error)
                self._send(end)
                end.wait(self._pause(began))
        finally:
            self._close()

    def _look(self) -> None:
        client, began = self._connected(), time.monotonic()
        if not state.hold(client, self._keys, self._token, max(_LOCK, 3 * self._orders.interval)):
            if self._watching is not False:
                self._tell(f"Another process watches {self._target}; this one goes on when that ends.")
            self._watching = False
            return
        if not self._watching:
            found = state.load(client, self._keys)
            if self._watching is None or found.by != self._token:
                self._begin(found)
                self._rates = recall(client, self._keys, self.target)
            self._tell(f"Watching {self._target} every {self._orders.interval:g} s.")
        self._watching, self._held_at = True, began
        taken = snapshot.take(client, self._keys, target=self._target, names=self._names)
        self._rates.observe(taken)
        self._record(client, taken)
        new = self._new_failures(client)
        self._before = alerts(taken, self._rates, self._orders.rules, before=self._before, new=new)
        quiet = kept_alerts.read(client, self._keys).acks.keys()
        room = self._outbox.room if self._outbox else MOST
        self._note(self._alarms.observe(taken.taken_at.timestamp(), self._before, quiet, room), self._outbox)
        self._note(self._link.observe(time.time(), ()), self._about_link)
        self._keep(client)

    def _record(self, client: Redis, taken: Snapshot) -> None:
        """Samples are kept by whoever runs; that they cannot be is no reason to stop watching."""
        from redis.exceptions import NoPermissionError

        if self._records:
            try:
                history.record(client, self._keys, taken, self._rates)
            except NoPermissionError:
                self._records = False
            except PantryError as error:
                self._tell(f"{error} Watching goes on without samples.")
                self._records = False

    def _new_failures(self, client: Redis) -> tuple[FailureGroup, ...]:
        lasting = self._orders.rules.new_failure
        if lasting is None:
            return ()
        for _ in self._grouping.look(client, self._keys, scan=_FAILURES):
            pass
        return self._known.observe(self._grouping.report(), lasting)

    def _miss(self, error: RedisUnavailable) -> None:
        """Redis is away: whoever watched last tells it, since nobody can take its place now."""
        if self._watching:
            away = Alert("critical", "redis", "Redis", str(error), "away", code="redis-away")
            if "redis-away" not in self._orders.rules.muted:
                self._note(self._link.observe(time.time(), (away,)), self._about_link)

    def _note(self, changes: tuple[Change, ...], box: Outbox | None) -> None:
        for change in changes:
            self._changed(change)
            if box is not None:
                box.add([message(change, self.target, self._orders.profile)])

    def _send(self, end: Event) -> None:
        """Messages that are due: each is struck off as soon as it was delivered."""
        while self._about_link and not end.is_set() and self._about_link.step(time.monotonic(), time.time()):
            pass
        while self._outbox and self._sure and not end.is_set():
            if not self._outbox.step(time.monotonic(), time.time()):
                break
            self._keep_if_possible()

    @property
    def _sure(self) -> bool:
        """Whether nobody else can hold the lock for as long as one message takes."""
        return bool(self._watching) and time.monotonic() - self._held_at < _SENDING

    def _pause(self, began: float) -> float:
        """Until the next look, or until a message is due."""
        pauses = [self._orders.interval - (time.monotonic() - began)]
        boxes = [self._about_link] if not self._sure else [self._about_link, self._outbox]
        pauses += [due for box in boxes if box and (due := box.due_in(time.monotonic())) is not None]
        return max(0.05, min(pauses))

    # -- what is kept -------------------------------------------------------------------------------------
    def _keep(self, client: Redis) -> None:
        now = repr((self._alarms.followed, self._outbox.waiting if self._outbox else ()))
        if now != self._kept:
            waiting = self._outbox.waiting if self._outbox else ()
            state.save(client, self._keys, self._token, self._alarms.followed, waiting)
            self._kept = now
        kinds = hash(tuple(sorted(self._known.kinds.items())))
        if kinds != self._kinds_kept:
            state.save_kinds(client, self._keys, self._known.kinds)
            self._kinds_kept = kinds

    def _keep_if_possible(self) -> None:
        try:
            with translated(self._settings):
                self._keep(self._connected())
        except RedisUnavailable:
            self._disconnect()

    def _connected(self) -> Redis:
        if self._client is None:
            self._client = connect(self._settings, "reader")
        return self._client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _close(self) -> None:
        if self._watching:
            try:
                with translated(self._settings):
                    client = self._connected()
                    self._keep(client)
                    state.let_go(client, self._keys, self._token)
            except RedisUnavailable:
                pass
        self._disconnect()
