"""Tasks that tell how a worker runs them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

_EXPENSIVE = ("httpx", "sqlalchemy", "sqlalchemy.dialects.sqlite", "pantry_queue.tasks.ocr_tasks")


def loaded() -> list[str]:
    """Which of the receipt task's expensive modules were there before the job began."""
    return [name for name in _EXPENSIVE if name in sys.modules]


def note_and_wait(started: str, go: str) -> None:
    """Leave a file and wait for another one."""
    Path(started).write_text(str(os.getpid()))
    while not Path(go).exists():
        time.sleep(0.02)


def append(path: str, line: str) -> None:
    """Add a line to a file."""
    with Path(path).open("a") as file:
        file.write(f"{line}\n")
