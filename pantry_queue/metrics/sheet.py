"""Values by metric and labels, and how they become what prometheus-client writes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pantry_queue.metrics.table import METRICS, PROCESSING, Metric

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

Labels = tuple[str, ...]


class Sheet:
    """What one scrape tells.

    Two queues may look alike once their names are made printable, and a series may be told only once: so values of
    equal labels are added up, or the greater counts.
    """

    def __init__(self) -> None:
        self._values: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
        self._buckets: defaultdict[str, dict[Labels, list[tuple[str, float]]]] = defaultdict(dict)

    def add(self, name: str, value: float | None, *labels: str) -> None:
        """Count something; None tells nothing."""
        if value is not None:
            values = self._values[name]
            values[labels] = values.get(labels, 0) + value

    def most(self, name: str, value: float | None, *labels: str) -> None:
        """Tell a value that cannot be added up; None tells nothing."""
        if value is not None:
            values = self._values[name]
            values[labels] = max(values.get(labels, value), value)

    def histogram(self, name: str, buckets: list[tuple[str, float]], *labels: str) -> None:
        """Tell a distribution.

        Args:
            buckets: upper bounds with how many lie below, ending with `+Inf`.
        """
        self._buckets[name][labels] = buckets

    def families(self) -> Iterator[Family]:
        """What was told, in the order of the table; metrics without a value are left out."""
        for name, metric in METRICS.items():
            if self._values[name] or self._buckets[name]:
                made: Any = family(metric)
                for labels, value in self._values[name].items():
                    made.add_metric(labels, value)
                for labels, buckets in self._buckets[name].items():
                    made.add_metric(labels, buckets, sum_value=None)
                yield made


def family(metric: Metric) -> Family:
    """An empty family for one metric of the table."""
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    kinds: dict[str, Any] = {
        "gauge": GaugeMetricFamily,
        "counter": CounterMetricFamily,
        "histogram": HistogramMetricFamily,
    }
    made: Family = kinds[metric.kind](metric.name, metric.says, labels=metric.labels)
    return made


def empty_families() -> Iterable[Family]:
    """One family a metric, without values, by which a registry knows what can be asked for."""
    return [family(metric) for metric in METRICS.values() if metric is not PROCESSING]
