"""Durations, times and rates as people type them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: Ten years in seconds: times beyond have no date everywhere.
LONGEST = 315_360_000
_WHOLE = re.compile(r"[0-9]{1,12}")
_PART = re.compile(r"([0-9]{1,12})([smhdw])")


def seconds(text: str) -> int:
    """`90`, `90s`, `10m`, `2h30m`, `1d` in seconds.

    Raises:
        ValueError: it is none; the message is a sentence.
    """
    written = f"{text}s" if _WHOLE.fullmatch(text) and int(text) else text
    parts = _PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise ValueError(f"{text!r} is no duration; it should be like 90s, 10m, 2h30m or 1d")
    found = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if found > LONGEST:
        raise ValueError(f"{text!r} is more than ten years")
    return found


def moment(text: str) -> datetime:
    """A time in ISO 8601, in UTC unless it says otherwise.

    Raises:
        ValueError: it is none; the message is a sentence.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; it should be like 2026-12-01T08:00 or 2026-12-01T08:00+01:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def after(text: str) -> datetime:
    """The time so long from now.

    Raises:
        ValueError: it is no duration; the message is a sentence.
    """
    return datetime.now(UTC) + timedelta(seconds=seconds(text))


def is_moment(text: str) -> bool:
    """Whether it is meant as a date, and not as a duration."""
    return "-" in text[:5]


def due(text: str) -> datetime:
    """When something shall be: a `moment`, or after a duration from now; `at` or `in` may stand before it.

    Raises:
        ValueError: it is neither; the message is a sentence.
    """
    text = text.strip().removeprefix("in ").removeprefix("at ").strip()
    if not text[:1].isdigit():
        raise ValueError(f"{text!r} is no time; it should be like 10m or 2h30m from now, or like 2026-12-01T08:00")
    if is_moment(text):
        return moment(text)
    return after(text)


def rate(text: str) -> float:
    """`50/s`, `100/m` or a plain number a second, as jobs per second.

    Raises:
        ValueError: it is none; the message is a sentence.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/([smh]))?", text)
    if not match or float(match[1]) <= 0:
        raise ValueError(f"{text!r} is no rate; it should be like 50/s or 600/m")
    return float(match[1]) / _UNITS[match[2] or "s"]


def retries(text: str) -> tuple[int, tuple[int, ...]]:
    """`3` tries after a failure, or `3:10,60` with the seconds between them.

    Raises:
        ValueError: it is none; the message is a sentence.
    """
    if not re.fullmatch(r"\d+(:\d+(,\d+)*)?", text):
        raise ValueError(f"{text!r} should be like 3 or 3:10,60,300")
    count, _, between = text.partition(":")
    return int(count), tuple(map(int, between.split(","))) if between else (0,)
