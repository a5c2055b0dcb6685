"""Bytes the console sends to the terminal, for an operator on a slow line: `python -m tests.benchmarks.tui_bytes`.

Prints for 120x40: first frame, a quiet second on each screen (nothing moves but the clock; the jobs have waited for
hours, so that no age moves either), rows that change, a job that comes in, and a key. Exits 1 when a quiet
second takes `QUIET` bytes or more, or one changed row `ROW` or more, on the workers or, with all that a job which comes
in changes, on the overview.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.benchmarks.consoles import LAST, deployment, running
from tests.benchmarks.private import make_workers, server
from tests.tui.ptykit import Pty

if TYPE_CHECKING:
    from redis import Redis

#: Bytes at most.
QUIET, ROW = 400, 600
SECONDS = 10
#: In its first minute the trend of each queue grows.
GROWN = 75
SCREENS = ("overview", "jobs", "failures", "workers", "schedule", "activity")


def a_second(pty: Pty) -> float:
    """Bytes a second, of some."""
    return pty.gather(SECONDS) / SECONDS


def beaten(pty: Pty, client: Redis, *, works: bool) -> float:
    """Bytes a second while two workers tell that they live, and one of them what it has done."""
    total = 0
    for done in range(SECONDS):
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        for name in ("w0", "w1"):
            client.hset(f"rq:worker:{name}", "last_heartbeat", now)
        if works:
            client.hset("rq:worker:w1", "successful_job_count", 10 + done)
        total += pty.gather(1)
    return total / SECONDS


def main() -> int:
    quiet: dict[str, float] = {}
    with server() as (settings, client):
        queues = deployment(client)
        began = time.monotonic()
        with running(str(settings.redis_url)) as pty:
            pty.wait("pantry")
            print(f"first frame {len(pty.raw):>7,} B after {time.monotonic() - began:.2f} s")
            pty.wait(LAST)
            print(f"first data  {len(pty.raw):>7,} B after {time.monotonic() - began:.2f} s")
            pty.gather(GROWN)
            for place, name in enumerate(SCREENS, 1):
                pty.send(str(place))
                pty.gather(3)
                quiet[name] = a_second(pty)
                print(f"quiet second, {name:<9} {quiet[name]:>6,.0f} B (at most {QUIET})")
            pty.send("1")
            pty.gather(3)
            seconds = []
            for number in range(2 * SECONDS):
                queues[3].enqueue("shop.send_mail", number)
                seconds.append(pty.gather(1))
            coming = statistics.median(seconds) - quiet["overview"]
            print(
                f"job that comes in {coming:>6,.0f} B (at most {ROW}) beyond a quiet second, the median: "
                f"its row, totals, rates, what needs you; {max(seconds):,} B in all when the chart moves on"
            )
            make_workers(client, 2, 1, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
            pty.send("4")
            beaten(pty, client, works=True)
            still = beaten(pty, client, works=False)
            row = beaten(pty, client, works=True) - still
            print(f"one changed row {row:>6,.0f} B (at most {ROW}): a worker that has done one job more")
            pty.send("1")
            pty.gather(3)
            total = 0
            for _ in range(10):
                pty.send("j")
                total += pty.gather(0.2)
            print(f"key j {total / 10:>6,.0f} B")
    return 0 if max(quiet.values()) < QUIET and max(row, coming) < ROW else 1


if __name__ == "__main__":
    sys.exit(main())
