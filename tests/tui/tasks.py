"""What the jobs of the tests do."""

from __future__ import annotations


def add(a: int, b: int) -> int:
    """A job that succeeds."""
    return a + b


def fail(recipient: str) -> None:
    """A job that fails."""
    raise ConnectionError(f"mail server refused {recipient}")
