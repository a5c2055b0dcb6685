"""``python -m pantry_queue.workers.health``: whether a worker of this host is registered and its heartbeat fresh.

For the health check of a container, whose host name is its own. Only reads.
"""

from __future__ import annotations

import argparse
import socket
import sys

from pantry_queue.config import Settings
from pantry_queue.connection import connect, describe, translated
from pantry_queue.errors import PantryError
from pantry_queue.keys import Keys
from pantry_queue.monitor.snapshot import take

_WELL = ("alive", "busy")


def main() -> int:
    """Print one line. Returns 0 when a worker of this host is well, 1 when none is or Redis cannot tell."""
    told = "Whether a worker of this host is registered and its heartbeat fresh: 0 it is, 1 it is not."
    argparse.ArgumentParser("python -m pantry_queue.workers.health", description=told).parse_args()
    host = socket.gethostname()
    try:
        settings = Settings.from_env()
        with translated(settings), connect(settings, "reader") as client:
            found = take(client, Keys.from_env(), target=describe(settings)).workers
    except PantryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    ours = [worker for worker in found if worker.hostname == host]
    well = [worker for worker in ours if worker.verdict in _WELL]
    for worker in well or ours:
        sys.stdout.write(f"{worker.name} is {worker.verdict}: {worker.evidence}\n")
    if not ours:
        sys.stderr.write(f"No worker of {host} is registered: start one, or wait until it is up.\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
