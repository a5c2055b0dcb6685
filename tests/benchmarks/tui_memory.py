"""Memory of the console over 1,000,000 failed jobs, against 1,000: `python -m tests.benchmarks.tui_memory`.

Each console is taken through the list of failed jobs to its end and back, through the failures by cause, and through a
filter over all of them. Exits 1 when the large one needs `MORE` MiB more than the small one, or more.
"""

from __future__ import annotations

import sys

from tests.benchmarks.consoles import resident_mib, running
from tests.benchmarks.private import make_jobs, server

FEW, MANY = 1_000, 1_000_000
#: MiB.
MORE = 20.0


def memory(url: str, jobs: int) -> float:
    """Of a console after its tour, in MiB."""
    with running(url) as pty:
        pty.wait("q3")
        pty.send("3")
        pty.wait("cause", timeout=120)
        pty.send(":")
        pty.gather(0.5)
        pty.send("jobs failed\r")
        pty.wait(f"1 of {jobs:,}", timeout=60)
        for keys in ("G", "\x15", "\x15", "g", "\x04", "\x04"):
            pty.send(keys)
            pty.gather(1.5)
        pty.send("/func:send_mail\r")
        pty.wait(f"all {jobs:,} searched", timeout=240)
        pty.send("1")
        pty.wait("Throughput")
        pty.gather(3)
        return resident_mib(pty.pid)


def main() -> int:
    found = []
    for jobs in (FEW, MANY):
        with server() as (settings, client):
            make_jobs(client, jobs, 4)
            found.append(memory(str(settings.redis_url), jobs))
        print(f"{jobs:>9,} failed jobs {found[-1]:>7.1f} MiB")
    more = found[1] - found[0]
    print(f"{more:+.1f} MiB for a thousand times as many (less than {MORE:.0f})")
    return 0 if more < MORE else 1


if __name__ == "__main__":
    sys.exit(main())
