"""Pure: kept samples -> the charts of an hour, a day or a month, each with its title."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.tui.present.cells import Chip, chip
from console.tui.present.chart import GAP
from console.tui.present.stretches import stretches
from console.tui.present.words import age, amount, count, per_second, reach

if TYPE_CHECKING:
    from pantry_queue.history import Sample

#: How far back, by name, in seconds. Up to a day samples are ten seconds apart, beyond ten minutes.
SPANS = {"1h": 3600.0, "24h": 86_400.0, "30d": 30 * 86_400.0}

_Value = Callable[["Sample"], "float | None"]


@dataclass(frozen=True, slots=True)
class Curves:
    """What one chart shows.

    Attributes:
        title: chips of its heading; the greatest value stands at the right.
        up, down: one value for each stretch; None where nothing was sampled.
        up_tone: how the upper one looks.
    """

    title: tuple[Chip, ...]
    most: Chip
    up: tuple[float | None, ...]
    down: tuple[float | None, ...] | None = None
    up_tone: str = "out"


def curves(samples: Sequence[Sample], now: datetime, seconds: float, points: int) -> tuple[Curves, Curves, Curves]:
    """Depth, throughput and failures of the last `seconds`, in `points` stretches."""

    def drawn(value: _Value) -> tuple[float | None, ...]:
        end = now.timestamp()
        return tuple(stretches(samples, [value(one) for one in samples], end - seconds, end, points))

    depth, out, came, failed = drawn(_queued), drawn(_out), drawn(_in), drawn(_failed)
    return (
        Curves(
            (chip("Queued", "strong"), chip(_now(depth, lambda one: count(round(one))), "queued")),
            _most(depth, lambda one: count(round(one))),
            depth,
            up_tone="trend",
        ),
        Curves(
            (
                chip("Throughput", "strong"),
                chip(f"↑ out {_now(out, per_second)}", "out"),
                chip(f"↓ in {_now(came, per_second)}", "in", rank=1),
            ),
            _most((*out, *came), per_second),
            out,
            came,
        ),
        Curves(
            (chip("Failed a minute", "strong"), chip(_now(failed, _few), "failed")),
            _most(failed, _few),
            failed,
            up_tone="failed",
        ),
    )


def covered(samples: Sequence[Sample], now: datetime, seconds: float) -> tuple[Chip, ...]:
    """How much of the time was sampled, in words."""
    if not samples:
        return (chip(f"nothing was sampled in the last {reach(seconds)}", "muted"),)
    missing = sum(one.gap for one in samples)
    late = (now - samples[-1].at).total_seconds()
    missing += late if late > 2.5 * samples[-1].step else 0.0
    gaps = (chip(f"{GAP} not sampled: {age(missing)}", "muted", rank=1),) if missing >= 1 else ()
    return (*gaps, chip(amount(sum(one.number for one in samples), "sample"), "faint", rank=2))


def _figure(name: str) -> _Value:
    def value(sample: Sample) -> float | None:
        found: float | None = getattr(sample.figures, name, None)
        return found

    return value


_queued, _out, _in = map(_figure, ("queued", "out_per_s", "in_per_s"))


def _failed(sample: Sample) -> float | None:
    """A minute: of those that fail a second there are few."""
    found = sample.figures.failed_per_s if sample.figures else None
    return None if found is None else 60 * found


def _few(number: float) -> str:
    return count(round(number)) if number >= 9.95 or number == round(number) else f"{number:.1f}"


def _now(values: Sequence[float | None], word: Callable[[float], str]) -> str:
    return "-" if not values or values[-1] is None else word(values[-1])


def _most(values: Sequence[float | None], word: Callable[[float], str]) -> Chip:
    known = [value for value in values if value is not None]
    return chip(f"most {word(max(known))}" if known else "", "muted", rank=2)
