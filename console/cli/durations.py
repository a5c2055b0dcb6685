"""Durations and times of options: what cannot be read is refused in the name of the option."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import typer

from console import durations

T = TypeVar("T")


def seconds(text: str, option: str) -> int:
    """`90`, `90s`, `10m`, `2h30m`, `1d` in seconds.

    Raises:
        typer.BadParameter: it is none.
    """
    return _read(durations.seconds, text, option)


def finite(value: float | None) -> float | None:
    """A number of seconds that can be waited for, as a callback of an option; NaN passes every limit otherwise.

    Raises:
        typer.BadParameter: it is none.
    """
    if value is not None and not 0 <= value <= durations.LONGEST:
        raise typer.BadParameter(f"{value} is no number of seconds")
    return value


def moment(at: str | None, after: str | None) -> datetime | None:
    """A time given as ISO 8601 (`--at`) or as a duration from now (`--in`).

    Raises:
        typer.BadParameter: it is none, or both were given.
    """
    if at and after:
        raise typer.BadParameter("give either --at or --in", param_hint="--at")
    if after:
        return _read(durations.after, after, "--in")
    return _read(durations.moment, at, "--at") if at else None


def rate(text: str | None) -> float | None:
    """`50/s`, `100/m` or a plain number a second, as jobs per second.

    Raises:
        typer.BadParameter: it is none.
    """
    return None if text is None else _read(durations.rate, text, "--rate")


def retries(text: str) -> tuple[int, tuple[int, ...]]:
    """`3` tries after a failure, or `3:10,60` with the seconds between them.

    Raises:
        typer.BadParameter: it is none.
    """
    return _read(durations.retries, text, "--retry")


def _read(parse: Callable[[str], T], text: str, option: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
