"""A window in the middle of 1,000,000 failed jobs, against one of 1,000: ``python -m tests.benchmarks.windows``.

Both deployments have 1,000 queues and 1,000 workers; the small one has 1,000 jobs. Windows of one queue and of all
queues merged, and the snapshot, are read in processes of their own, by turns, so that peak memory can be compared;
each window is checked against the ids in their order, sorted here. Exits 1 when a window of the million costs more than
`AT_MOST` times that of the thousand, or 20 MiB more memory.

Below stands what the server itself needed for a command about one registry: warm, asked again at once, and cold,
with as much memory touched in between as no cache holds. The window of all queues asks each of the thousand
registries for its length and for two entries in its middle; a registry of one entry is read in one piece, one of a
thousand by a walk over nodes that lie apart in memory, and what that costs decides the ratio.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from tests.benchmarks.private import apart, make_jobs, make_workers, peak_mib, server

if TYPE_CHECKING:
    from redis import Redis

MANY, FEW, QUEUES, WORKERS = 1_000_000, 1_000, 1_000, 1_000
WINDOW, ROUNDS, TURNS = 50, 25, 3
#: Merged, the million's registries do not fit into the processor's cache as the thousand's do.
AT_MOST = {"one queue": 2.0, "all queues": 2.0, "snapshot": 2.0}
MOST_MIB = 20.0
#: Bytes that are more than the caches of today's processors.
SWEPT = 96 * 2**20
COMMANDS = ("zcard", "zrevrange")
#: What one registry holds into another; a union of all would hold up a busy server for longer than a client waits.
_INTO = """
local found, pairs = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES'), {}
for place = 1, #found, 2 do
  pairs[place], pairs[place + 1] = found[place + 1], found[place]
end
if #pairs > 0 then redis.call('ZADD', KEYS[1], unpack(pairs)) end
"""


def expected(client: Redis, queues: list[str], start: int) -> list[str]:
    """Ids of the window, newest first, as the merged order is defined: by score, then queue, then id backwards."""
    found: list[tuple[float, int, int, str]] = []
    for index, queue in enumerate(queues):
        members = client.zrevrange(f"rq:failed:{queue}", 0, -1, withscores=True)
        found += [(-score, index, place, job_id.decode()) for place, (job_id, score) in enumerate(members)]
    return [job_id for *_, job_id in sorted(found)[start : start + WINDOW]]


def measured(url: str, jobs: int) -> dict[str, Any]:
    """The best time of each reading, its ids, and the peak memory of this process."""
    from pantry_queue.monitor.jobs import window
    from pantry_queue.monitor.snapshot import KnownNames, take

    client, keys, names = connect(replace(Settings(), redis_url=url), "reader"), Keys(), KnownNames()
    queues = sorted(f"q{number}" for number in range(QUEUES))
    middle = jobs // 2 - WINDOW // 2
    calls: dict[str, Callable[[], Any]] = {
        "all queues": lambda: window(client, keys, "failed", queue=queues, start=middle, count=WINDOW),
        "one queue": lambda: window(client, keys, "failed", queue="one", start=middle, count=WINDOW),
        "snapshot": lambda: take(client, keys, target="", names=names),
    }
    found: dict[str, Any] = {}
    for name, call in calls.items():
        call()
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = call()
            times.append(time.perf_counter() - began)
        ids = [row.id for row in answer.rows] if name != "snapshot" else []
        found[name] = {"seconds": min(times), "ids": ids}
    found["peak"] = peak_mib()
    again = calls["all queues"]
    found["server"] = {"warm": _served(url, again, swept=False), "cold": _served(url, again, swept=True)}
    return found


def _served(url: str, call: Callable[[], Any], *, swept: bool) -> dict[str, float]:
    """Microseconds of the server for one command, by its name, in `ROUNDS` calls; once more to be warm."""
    admin = connect(replace(Settings(), redis_url=url))
    call()
    admin.config_resetstat()
    for _ in range(ROUNDS):
        if swept:
            sum(memoryview(bytearray(SWEPT))[::64])
        call()
    told = admin.info("commandstats")
    return {name: told[f"cmdstat_{name}"]["usec_per_call"] for name in COMMANDS}


@contextmanager
def deployment(jobs: int) -> Iterator[tuple[str, Redis]]:
    """The URL of a server that holds one deployment, and a connection to it."""
    with server() as (settings, client):
        make_jobs(client, jobs, QUEUES)
        into = client.register_script(_INTO)
        for number in range(QUEUES):
            into(keys=["rq:failed:one", f"rq:failed:q{number}"])
        make_workers(client, WORKERS, QUEUES, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
        yield str(settings.redis_url), client


def checked(client: Redis, found: dict[str, Any], jobs: int) -> None:
    """End the run unless both windows hold the right jobs."""
    middle = jobs // 2 - WINDOW // 2
    for name, queues in (("all queues", sorted(f"q{number}" for number in range(QUEUES))), ("one queue", ["one"])):
        if found[name]["ids"] != expected(client, queues, middle):
            raise SystemExit(f"the window of {name} does not hold the right jobs")


def best(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each reading the turn that took the least, and of memory the most."""
    found = {name: min((turn[name] for turn in turns), key=lambda one: float(one["seconds"])) for name in AT_MOST}
    server_side = {
        way: {name: min(turn["server"][way][name] for turn in turns) for name in COMMANDS} for way in ("warm", "cold")
    }
    return {**found, "server": server_side, "peak": max(turn["peak"] for turn in turns)}


def main() -> int:
    turns: dict[int, list[dict[str, Any]]] = {MANY: [], FEW: []}
    with deployment(MANY) as many_at, deployment(FEW) as few_at:
        for _ in range(TURNS):  # a busy moment hits both
            for jobs, (url, client) in ((MANY, many_at), (FEW, few_at)):
                turns[jobs].append(apart("tests.benchmarks.windows", url, str(jobs)))
                checked(client, turns[jobs][-1], jobs)
    many, few = best(turns[MANY]), best(turns[FEW])
    print(
        f"a window of {WINDOW} in the middle; {QUEUES:,} queues, {WORKERS:,} workers; "
        f"best of {TURNS} x {ROUNDS}; right jobs"
    )
    print(f"{'':12}{f'{FEW:,} jobs':>14}{f'{MANY:,} jobs':>18}{'ratio':>8}")
    good = True
    for name in ("one queue", "all queues", "snapshot"):
        small, large = few[name]["seconds"] * 1000, many[name]["seconds"] * 1000
        met = large / small <= AT_MOST[name]
        good = good and met
        told = "" if met else ", missed"
        print(f"{name:12}{small:>11.1f} ms{large:>15.1f} ms{large / small:>8.2f}   at most {AT_MOST[name]}{told}")
    for way in ("warm", "cold"):
        sides = (
            f"{side:,} jobs: " + ", ".join(f"{name} {used:.1f} us" for name, used in found["server"][way].items())
            for side, found in ((FEW, few), (MANY, many))
        )
        print(f"server, a command about one registry, {way}: {'; '.join(sides)}")
    growth = many["peak"] - few["peak"]
    print(f"peak memory {few['peak']:.1f} and {many['peak']:.1f} MiB, {growth:+.1f}; at most {MOST_MIB}")
    return 0 if good and growth <= MOST_MIB else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        json.dump(measured(sys.argv[1], int(sys.argv[2])), sys.stdout)
    else:
        sys.exit(main())
