"""What a registry of prometheus-client asks at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client.registry import Collector, CollectorRegistry

from pantry_queue.errors import ConfigError, PantryError, RedisUnavailable
from pantry_queue.keys import Keys
from pantry_queue.metrics import deployment
from pantry_queue.metrics.function_totals import FunctionTotals
from pantry_queue.metrics.sheet import Sheet, empty_families
from pantry_queue.metrics.table import PROCESSING
from pantry_queue.monitor import snapshot
from pantry_queue.monitor.rates import RateHistory

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family
    from redis import Redis


class DeploymentCollector(Collector):
    """One snapshot and one reading of the counts by function a scrape; reads, and writes nothing.

    Args:
        connected: opens a connection to read by, and turns what goes wrong inside into `PantryError`.
        keys: names under RQ's prefix.
        target: address without secrets.
        once: this is the only scrape: functions are told over all that is kept, instead of since the first.

    Attributes:
        trouble: why Redis could not be read at the last scrape; None when it could.
    """

    def __init__(
        self, connected: Callable[[], AbstractContextManager[Redis]], keys: Keys, target: str, *, once: bool = False
    ) -> None:
        self.trouble: PantryError | None = None
        self._connected = connected
        self._keys = keys
        self._target = target
        self._names = snapshot.KnownNames()
        self._rates = RateHistory()
        self._functions = FunctionTotals(what_is_kept=once)
        self._lock = Lock()

    def describe(self) -> Iterable[Family]:
        """Names, without asking Redis."""
        return empty_families()

    def collect(self) -> Iterator[Family]:
        """Everything, or `rq_up 0` and the reason: a Redis that is away is no error of the exporter."""
        with self._lock:
            sheet = Sheet()
            try:
                self._read(sheet)
                self.trouble = None
            except PantryError as error:
                sheet = Sheet()
                cause = error.cause if isinstance(error, RedisUnavailable) else _word(error)
                sheet.most("pantry_trouble", 1, cause)
                self.trouble = error
            sheet.most("rq_up", self.trouble is None)
        yield from sheet.families()

    def _read(self, sheet: Sheet) -> None:
        with self._connected() as client:
            taken = snapshot.take(client, self._keys, target=self._target, names=self._names)
            self._functions.read(client, self._keys, taken.taken_at)
        self._rates.observe(taken)
        deployment.fill(sheet, taken, self._rates)
        self._functions.fill(sheet)


def _word(error: PantryError) -> str:
    return "config" if isinstance(error, ConfigError) else "error"


class _Timed(Collector):
    """A collector that also keeps how long its collecting takes."""

    def __init__(self, collector: DeploymentCollector) -> None:
        from prometheus_client import Summary

        self.took = Summary(PROCESSING.name, PROCESSING.says, registry=None)
        self._collector = collector

    def describe(self) -> Iterable[Family]:
        return self._collector.describe()

    def collect(self) -> Iterator[Family]:
        with self.took.time():
            found = list(self._collector.collect())
        return iter(found)


def registry_of(collector: DeploymentCollector) -> CollectorRegistry:
    """A registry that holds this collector, and how long collecting takes."""
    registry = CollectorRegistry(auto_describe=False)
    timed = _Timed(collector)
    registry.register(timed)
    registry.register(timed.took)  # asked after it, so that it tells of this scrape too
    return registry
