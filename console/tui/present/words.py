"""Pure: numbers and times as an operator reads them.

Ages move in steps (10 s above one minute, a minute above ten, five above an hour), so that a screen on which nothing
happens stays as it is, and nothing has to be sent over the line.
"""

from __future__ import annotations

import re
from datetime import datetime

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def count(number: int) -> str:
    """`7838` as `7,838`."""
    return f"{number:,}"


def amount(number: int, word: str, plural: str = "") -> str:
    """`1 job`, `7,838 jobs`."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def age(seconds: float | None) -> str:
    """How long ago or how long for: `18s`, `1m10`, `12m`, `2h05`, `3d4h`; `-` when unknown."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 600:
        return f"{whole // 60}m{whole % 60 // 10 * 10:02d}"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 300 * 5:02d}"
    days = whole // 86400
    return f"{days}d{whole % 86400 // 3600}h" if days < 10 else f"{days}d"


def reach(seconds: float) -> str:
    """A length of time in as few characters as it takes: `1m`, `2m30`, `15m`."""
    return age(seconds).removesuffix("00")


def took(seconds: float | None) -> str:
    """How long a run lasted: `34ms`, `1.3s`, `18s`, then as `age`; `-` when unknown."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    return age(seconds + 0.5) if seconds < 60 else age(seconds)


def span(seconds: int | None, *, forever: str = "no limit") -> str:
    """A time that was set: `3m`, `1h`, `500s`, `1 year`; -1 is `forever`, None `-`."""
    if seconds is None:
        return "-"
    if seconds < 0:
        return forever
    for size, unit in ((31_536_000, "year"), (86_400, "day"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            many = seconds // size
            return f"{many}{unit}" if len(unit) == 1 else amount(many, unit)
    return f"{seconds}s"


def rate(per_second: float | None) -> str:
    """`93`, `9.3`, `0.4`, slower ones per minute as `3/m`; `-` when unknown."""
    if per_second is None:
        return "-"
    if per_second >= 9.95:
        return f"{per_second:,.0f}"
    if per_second >= 0.095:
        return f"{per_second:.1f}"
    return f"{per_second * 60:.0f}/m" if per_second * 60 >= 0.5 else "0"


def per_second(value: float | None) -> str:
    """A rate with its unit: `9.3/s`, `3/m`."""
    text = rate(value)
    return text if text == "-" or text.endswith("m") else f"{text}/s"


def size(bytes_: int) -> str:
    """`1.5 MiB`."""
    value, unit = float(bytes_), 0
    while value >= 1023.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 99.95 else f"{value:.1f} {_UNITS[unit]}"


def clock(at: datetime | None) -> str:
    """`12:04:31Z`; `-` when unknown."""
    return "-" if at is None else f"{at:%H:%M:%S}Z"


def moment(at: datetime | None, now: datetime) -> str:
    """A time of day, with the date when it is not of today: `12:04:31Z`, `2026-11-21 12:04:31Z`."""
    if at is None:
        return "-"
    return clock(at) if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S}Z"


def seconds_between(earlier: datetime | None, later: datetime | None) -> float | None:
    """Seconds from one to the other; None when one is unknown. Clocks of two machines may differ: never negative."""
    if earlier is None or later is None:
        return None
    return max(0.0, (later - earlier).total_seconds())


_MODULE = re.compile(r"^(?:[^\W\d]\w*\.)+(?=[^\W\d]\w*(?::|$))")


def without_module(error: str) -> str:
    """`smtplib.SMTPServerDisconnected: closed` without its module: in a narrow column the name is what tells."""
    return _MODULE.sub("", error)
