"""What the benchmarks of the console share: a deployment that keeps still, and programs in terminals of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rq import Queue

from tests.tui.ptykit import Pty

if TYPE_CHECKING:
    from redis import Redis

SIZE = (120, 40)
QUEUES, JOBS = 12, 100
#: Shown when there are data: the last queue.
LAST = f"queue-{QUEUES - 1:02d}"
PROGRAM = (sys.executable, "-c", "import sys; from console.__main__ import main; sys.exit(main())")


def deployment(client: Redis) -> list[Queue]:
    """Some queues with jobs that have waited for hours, so that no age moves."""
    morning = (datetime.now(UTC) - timedelta(hours=5, minutes=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    queues = [Queue(f"queue-{number:02d}", connection=client) for number in range(QUEUES)]
    for queue in queues:
        for number in range(JOBS):
            job = queue.enqueue("shop.send_mail", f"user{number}@example.org")
            client.hset(f"rq:job:{job.id}", mapping=dict.fromkeys(("created_at", "enqueued_at"), morning))
    return queues


@contextmanager
def running(url: str, kind: type[Pty] = Pty, program: Sequence[str] = PROGRAM) -> Iterator[Pty]:
    """A program in a terminal of 120x40, the console on this Redis if no other is named."""
    pty = kind(program, SIZE, {"PANTRY_REDIS_URL": url})
    try:
        yield pty
    finally:
        pty.close()


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used so far."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    said = subprocess.run(["ps", "-o", "cputime=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    seconds = 0.0
    for part in said.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def resident_mib(pid: int) -> float:
    """Memory a process holds, in MiB."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(said) / 1024


class SlowPty(Pty):
    """A terminal behind a line of `RATE` bytes a second, as a modem or a crowded tunnel is."""

    RATE = 8000
    _PIECE = 80

    def _read(self, patience: float) -> bool:
        began = time.monotonic()
        got = super()._read(min(patience, self._PIECE / self.RATE), self._PIECE)
        time.sleep(max(0.0, began + self._PIECE / self.RATE - time.monotonic()))
        return got
