"""A task whose answer is odd."""

from __future__ import annotations


def lone_surrogate() -> dict[str, str]:
    """Text that cannot be encoded."""
    return {"text": "\ud800"}
