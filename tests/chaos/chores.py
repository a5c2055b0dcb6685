"""What the jobs of a storm do: each tells when it began and what it saved, in files that outlive every process."""

from __future__ import annotations

import os
import time
from pathlib import Path


def work(folder: str, number: int, seconds: float, fails: int) -> int:
    """Save one result, exactly once, after having failed so many times.

    Args:
        folder: where runs and results are kept.
        fails: runs that raise before one succeeds.
    """
    runs = Path(folder) / "runs" / str(number)
    with runs.open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    if len(runs.read_text().splitlines()) <= fails:
        raise RuntimeError("not yet")
    # Whoever is first saves: what the receipts' database does with a transaction.
    try:
        os.close(os.open(Path(folder) / "results" / str(number), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return -number
    return number


def fail(folder: str, number: int) -> None:
    """Never succeeds."""
    with (Path(folder) / "runs" / str(number)).open("a") as file:
        file.write(f"{os.getpid()}\n")
    raise ValueError("for good")


def poison(folder: str, number: int) -> None:
    """End the worker that runs it, horse and parent."""
    with (Path(folder) / "runs" / str(number)).open("a") as file:
        file.write(f"{os.getpid()}\n")
    os.kill(os.getppid(), 9)
    os.kill(os.getpid(), 9)
