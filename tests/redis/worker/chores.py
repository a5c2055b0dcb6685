"""Tasks that tell how a worker runs them."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

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


def pid_of_horse() -> int:
    """Which process ran it."""
    return os.getpid()


def crash() -> None:
    """End the process without a word more."""
    print("last words", flush=True)
    os.kill(os.getpid(), 9)


def write_much() -> None:
    """Everything a job may write to."""
    import logging

    from pantry_queue import progress

    print("one")
    sys.stderr.write("two\n")
    logging.getLogger("chore").info("three")
    os.system("echo four")
    progress(3, 4, "nearly")


def sleep(seconds: float) -> None:
    """Just that."""
    time.sleep(seconds)


def retry_later() -> None:
    """Always fails."""
    raise RuntimeError("no")


def toil(seconds: float, *, tries: int = 0, back: int = 0) -> object:
    """Work a while; then fail in the first `tries` runs, and ask to come back in the first `back`, at most 3 times."""
    from rq import Retry, get_current_job

    time.sleep(seconds)
    job = get_current_job()
    assert job is not None
    run = int(job.get_meta().get("run", 0)) + 1
    job.meta["run"] = run
    job.save_meta()
    if run <= tries:
        raise RuntimeError(f"no, in run {run}")
    return Retry(max=min(back, 3)) if run <= back else run


def stubborn(seconds: float) -> None:
    """Goes on whatever it is told by way of exceptions."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except Exception:
            continue


def kill_the_worker() -> None:
    """End the whole worker, and itself with it."""
    os.kill(os.getppid(), 9)
    os.kill(os.getpid(), 9)


def die_after_the_first_success(job: Any, *_: object) -> None:
    """A callback: the process ends after the task has ended well, and before anybody records it."""
    if not job.get_meta().get("died"):
        job.meta["died"] = True
        job.save_meta()
        os.kill(os.getpid(), 9)
