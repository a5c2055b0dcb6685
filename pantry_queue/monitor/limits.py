"""Limits of monitoring plug-ins: `WARN:CRIT` -> ok, warning or critical, with performance data. Pure.

The form of the output is that of the Monitoring Plugins' guidelines: `'label'=value[unit];warn;crit;min`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Status = Literal[0, 1, 2, 3]
#: What may stand behind a number; anything else a monitoring system takes for damage.
_UNITS = ("", "s", "%")
WORDS: dict[int, str] = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Limit:
    """Beyond `warn` it warns, beyond `crit` it is critical; None is no limit.

    Attributes:
        least: the limits are the least that is right, not the most.
    """

    warn: float | None
    crit: float | None
    least: bool = False

    def eased(self, share: float) -> Limit:
        """The limit that a value which has passed it has to come back over: nearer to what is right by `share`."""
        nearer = 1 + share if self.least else 1 - share
        warn, crit = (None if one is None else one * nearer for one in (self.warn, self.crit))
        return Limit(warn, crit, self.least)

    def status(self, value: float) -> Status:
        """0, 1 or 2; a value that is exactly at its limit is right."""
        if self._beyond(value, self.crit):
            return 2
        return 1 if self._beyond(value, self.warn) else 0

    def _beyond(self, value: float, limit: float | None) -> bool:
        return limit is not None and (value < limit if self.least else value > limit)

    def ranges(self) -> str:
        """`warn;crit` as plug-ins write ranges: `10` alerts above 10, `10:` below 10."""
        return ";".join("" if one is None else f"{one:g}{':' if self.least else ''}" for one in (self.warn, self.crit))


def parse(text: str, unit: Mapping[str, float], *, least: bool = False) -> Limit:
    """`WARN:CRIT`, either of which may be empty; one number alone is CRIT.

    Args:
        text: as given.
        unit: endings a number may have and what they multiply it by.
        least: see `Limit`.

    Raises:
        ValueError: it is no limit; the sentence says why.
    """
    parts = [part.strip() for part in text.split(":")]
    if len(parts) > 2 or not any(parts):
        raise ValueError(f"{text!r} should be WARN:CRIT, such as 100:1000")
    warn, crit = (None, _number(parts[0], unit)) if len(parts) == 1 else (_number(part, unit) for part in parts)
    if warn is not None and crit is not None and (warn < crit if least else warn > crit):
        raise ValueError(f"{text!r} is critical before it warns")
    return Limit(warn, crit, least)


def _number(text: str, unit: Mapping[str, float]) -> float | None:
    return amount(text, unit) if text else None


def amount(text: str, unit: Mapping[str, float]) -> float:
    """A number that may end in a unit.

    Raises:
        ValueError: it is none, or less than 0; the sentence says so.
    """
    ending = next((name for name in sorted(unit, key=len, reverse=True) if text.endswith(name)), "")
    try:
        value = float(text.removesuffix(ending)) * unit.get(ending, 1.0)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{text!r} should be 0 or more")
    return value


def perfdata(label: str, value: float, unit: str, limit: Limit | None) -> str:
    """One item of performance data; a quote in a label is doubled, `=` becomes `_`. A value without end is `U`."""
    name = label.replace("'", "''").replace("=", "_")
    shown = f"{value:g}{unit if unit in _UNITS else ''}" if math.isfinite(value) else "U"
    return f"'{name}'={shown};{limit.ranges() if limit else ';'};0"
