"""Bytes the console sends to the terminal: what an operator on a slow line pays for.

Prints for 120x40: first frame, a quiet second on each screen (nothing moves but the clock; the jobs have waited for
hours, so that no age moves either), a second in which one queue changes, and what a key costs. Run with
`python -m tests.benchmarks.tui_bytes`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rq import Queue

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from tests.tui.ptykit import Pty

_SIZE = (120, 40)
_QUIET_SECONDS = 10
_THIS_MORNING = (datetime.now(UTC) - timedelta(hours=5, minutes=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
_SCREENS = (("overview", "1"), ("jobs", "2"), ("failures", "3"), ("workers", "4"))


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        server = embedded.start(Path(directory) / "valkey")
        try:
            _measure(replace(Settings(), redis_url=server.url), server.url)
        finally:
            server.stop()


def _measure(settings: Settings, url: str) -> None:
    client = connect(settings)
    queues = [Queue(f"queue-{number:02d}", connection=client) for number in range(12)]
    for queue in queues:
        for number in range(100):
            job = queue.enqueue("shop.send_mail", f"user{number}@example.org")
            client.hset(f"rq:job:{job.id}", mapping=dict.fromkeys(("created_at", "enqueued_at"), _THIS_MORNING))
    program = "import sys; from console.__main__ import main; sys.exit(main())"
    pty = Pty([sys.executable, "-c", program], _SIZE, {"PANTRY_REDIS_URL": url})
    try:
        began = time.monotonic()
        pty.wait("pantry")
        print(f"first frame {len(pty.raw):>7,} B after {time.monotonic() - began:.2f} s")
        pty.wait("queue-11")
        print(f"first data  {len(pty.raw):>7,} B after {time.monotonic() - began:.2f} s")
        # In its first minute the trend of each queue grows.
        pty.gather(75)
        for name, key in _SCREENS:
            pty.send(key)
            pty.gather(3)
            print(f"quiet second, {name:<9} {pty.gather(_QUIET_SECONDS) / _QUIET_SECONDS:>6,.0f} B")
        pty.send("1")
        pty.gather(3)
        total = 0
        for number in range(_QUIET_SECONDS):
            queues[number % 2].enqueue("shop.send_mail", number)
            total += pty.gather(1)
        print(f"second in which one queue changes {total / _QUIET_SECONDS:>6,.0f} B")
        total = 0
        for _ in range(10):
            pty.send("j")
            total += pty.gather(0.2)
        print(f"key j {total / 10:>6,.0f} B")
    finally:
        pty.close()


if __name__ == "__main__":
    main()
