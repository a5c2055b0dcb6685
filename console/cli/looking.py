"""One look at a deployment together with what is known of the minutes before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.cli.target import Target, reader

if TYPE_CHECKING:
    from pantry_queue.monitor.alarms import Ack
    from pantry_queue.monitor.alert_rules import Rules
    from pantry_queue.monitor.alerts import Alert
    from pantry_queue.monitor.model import Snapshot
    from pantry_queue.monitor.rates import RateHistory


#: As in the console: how urgent a sentence is, also without colour.
MARKS = {"critical": "!!", "warning": "! ", "note": "i "}


def alert_rules(target: Target) -> Rules:
    """When something needs an operator, by the config file.

    Raises:
        ConfigError: it cannot be used; the sentence names the rule.
    """
    from console import profiles

    return profiles.alerts(target.profile).rules


def take(target: Target) -> Snapshot:
    """One snapshot of the deployment.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    from pantry_queue.connection import describe
    from pantry_queue.monitor import snapshot

    settings = target.settings()
    with reader(settings) as client:
        return snapshot.take(client, target.keys(), target=describe(settings))


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        rates: has observed the snapshot, and before it what was sampled and is kept.
        alerts: the worst first, each with who answers for it; those that somebody answers for come last.
    """

    snapshot: Snapshot
    rates: RateHistory
    alerts: tuple[tuple[Alert, Ack | None], ...]


def with_past(target: Target) -> tuple[Snapshot, RateHistory]:
    """The present, and a history that knows what was sampled before it.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    from pantry_queue.connection import describe
    from pantry_queue.monitor import snapshot
    from pantry_queue.recalling import recall

    settings, keys = target.settings(), target.keys()
    with reader(settings) as client:
        rates = recall(client, keys, describe(settings))
        taken = snapshot.take(client, keys, target=describe(settings))
    rates.observe(taken)
    return taken, rates


class Looking:
    """Looks at one deployment, once or again and again.

    Args:
        target: which.

    Raises:
        ConfigError: the config file cannot be used; the sentence names the rule.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._rules = alert_rules(target)
        self._rates: RateHistory | None = None
        self._before: tuple[Alert, ...] = ()

    def look(self) -> Look:
        """One look.

        Raises:
            RedisUnavailable: the server is away, or refused us.
        """
        from pantry_queue.connection import describe
        from pantry_queue.monitor import kept_alerts, snapshot
        from pantry_queue.monitor.alerts import alerts
        from pantry_queue.recalling import recall

        settings, keys = self._target.settings(), self._target.keys()
        where = describe(settings)
        with reader(settings) as client:
            if self._rates is None:
                self._rates = recall(client, keys, where)
            taken = snapshot.take(client, keys, target=where)
            kept = kept_alerts.read(client, keys)
        self._rates.observe(taken)
        self._before = alerts(taken, self._rates, self._rules, before=self._before, followed=kept.followed)
        answered = [(alert, kept.acks.get(alert.key)) for alert in self._before]
        return Look(taken, self._rates, tuple(sorted(answered, key=lambda pair: pair[1] is not None)))
