"""Durations and times as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: Ten years in seconds: times beyond have no date everywhere.
LONGEST = 315_360_000
_WHOLE = re.compile(r"[0-9]{1,12}")
_PART = re.compile(r"([0-9]{1,12})([smhdw])")


def seconds(text: str, option: str) -> int:
    """`90`, `90s`, `10m`, `2h30m`, `1d` in seconds.

    Raises:
        typer.BadParameter: it is none.
    """
    written = f"{text}s" if _WHOLE.fullmatch(text) and int(text) else text
    parts = _PART.findall(written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise typer.BadParameter(f"{text!r} is no duration; it should be like 90s, 10m, 2h30m or 1d", param_hint=option)
    found = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if found > LONGEST:
        raise typer.BadParameter(f"{text!r} is more than ten years", param_hint=option)
    return found


def finite(value: float | None) -> float | None:
    """A number of seconds that can be waited for, as a callback of an option; NaN passes every limit otherwise.

    Raises:
        typer.BadParameter: it is none.
    """
    if value is not None and not 0 <= value <= LONGEST:
        raise typer.BadParameter(f"{value} is no number of seconds")
    return value


def moment(at: str | None, after: str | None) -> datetime | None:
    """A time given as ISO 8601 (`--at`, in UTC unless it says otherwise) or as a duration from now (`--in`).

    Raises:
        typer.BadParameter: it is none, or both were given.
    """
    if at and after:
        raise typer.BadParameter("give either --at or --in", param_hint="--at")
    if after:
        return datetime.now(UTC) + timedelta(seconds=seconds(after, "--in"))
    if not at:
        return None
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(
            f"{at!r} is no time; it should be like 2026-12-01T08:00 or 2026-12-01T08:00+01:00", param_hint="--at"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def rate(text: str | None) -> float | None:
    """`50/s`, `100/m` or a plain number a second, as jobs per second.

    Raises:
        typer.BadParameter: it is none.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/([smh]))?", text)
    if not match or float(match[1]) <= 0:
        raise typer.BadParameter(f"{text!r} is no rate; it should be like 50/s or 600/m", param_hint="--rate")
    return float(match[1]) / _UNITS[match[2] or "s"]


def retries(text: str) -> tuple[int, tuple[int, ...]]:
    """`3` tries after a failure, or `3:10,60` with the seconds between them.

    Raises:
        typer.BadParameter: it is none.
    """
    if not re.fullmatch(r"\d+(:\d+(,\d+)*)?", text):
        raise typer.BadParameter(f"{text!r} should be like 3 or 3:10,60,300", param_hint="--retry")
    count, _, seconds = text.partition(":")
    return int(count), tuple(map(int, seconds.split(","))) if seconds else (0,)
