"""Tasks for workers whose server goes away."""

from __future__ import annotations

from pathlib import Path


def fail_once(path: str) -> None:
    """Fail unless there is this file, which is made."""
    if not Path(path).exists():
        Path(path).touch()
        raise RuntimeError("the first time fails")
