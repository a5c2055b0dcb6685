"""Where each job stands, and whether that is what its state says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis

_REGISTRY_OF = {
    b"finished": "finished",
    b"failed": "failed",
    b"stopped": "failed",
    b"deferred": "deferred",
    b"scheduled": "scheduled",
    b"canceled": "canceled",
    b"started": "wip",
}
_REGISTRIES = {*_REGISTRY_OF.values(), "ready"}


def named_by(connection: Redis) -> dict[bytes, list[str]]:
    """Of each id, the lists and registries that name it."""
    found = defaultdict(list)
    # A scan tells some keys twice while Redis grows or shrinks its table.
    for key in set(connection.scan_iter("rq:*", count=5000)):
        kind = key.split(b":")[1].decode()
        if kind == "queue":
            named = connection.lrange(key, 0, -1)
        elif kind in _REGISTRIES or key.endswith(b":rate_limited"):
            named = connection.zrange(key, 0, -1)
        else:
            continue
        place = key.decode() if kind != "rl" else "rate_limited"
        for member in named:
            found[member.split(b":")[0] if kind == "wip" else member].append(place)
    return found


def jobs(connection: Redis) -> dict[bytes, tuple[bytes, bytes]]:
    """Of each job its state and queue."""
    found = {}
    for key in connection.scan_iter("rq:job:*", count=5000):
        name = key.removeprefix(b"rq:job:")
        if b":" not in name:
            found[name] = key
    with connection.pipeline(transaction=False) as pipe:
        for key in found.values():
            pipe.hmget(key, "status", "origin")
        return {name: tuple(values) for name, values in zip(found, pipe.execute(), strict=True)}


def out_of_place(connection: Redis) -> dict[bytes, tuple[tuple[bytes, bytes], list[str]]]:
    """Jobs that are not named by exactly the place that their state says, and ids that have no job."""
    places, known = named_by(connection), jobs(connection)
    wrong = {}
    for job_id in places.keys() | known.keys():
        state, origin = known.get(job_id, (b"", b""))
        if state == b"queued":
            wanted = [f"rq:queue:{origin.decode()}"]
        elif state == b"rate_limited":
            wanted = ["rate_limited"]
        else:
            wanted = [f"rq:{_REGISTRY_OF.get(state, '?')}:{origin.decode()}"]
        if places.get(job_id, []) != wanted:
            wrong[job_id] = ((state, origin), places.get(job_id, []))
    return wrong
