"""Functions that the workers of the tests run."""

from __future__ import annotations

from typing import Any


def add(left: int, right: int = 0) -> int:
    """The sum."""
    return left + right


def fail(message: str = "on purpose") -> None:
    """Fails."""
    raise ValueError(message)


def echo(value: Any) -> Any:
    """The value."""
    return value


def nothing() -> None:
    """Does nothing."""


class Marker:
    """A pickle that writes a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))
