"""What is in the trash, deleted for good: nothing brings it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pantry_queue.control import records, trash
from pantry_queue.control.lua import Scripts
from pantry_queue.errors import PantryError
from pantry_queue.monitor import wire

if TYPE_CHECKING:
    pass

_KINDS = ("job", "results", "dependents", "dependencies")


def empty(scripts: Scripts, names: Sequence[str] = ()) -> int:
    """Delete operations for good; `run.run` does it by a plan, with its entry in the audit.

    Args:
        names: of operations; all when there are none.

    Returns:
        How many jobs' data was deleted.

    Raises:
        NotFound: a name that is not there; nothing is deleted then.
        Refused: an operation of another key prefix; nothing is deleted then.
    """
    for name in names:
        trash.about_of(scripts, name)
    return sum(_delete(scripts, name) for name in names or trash.held_names(scripts.connection, scripts.keys))


def _ids(line: bytes | str) -> list[str]:
    try:
        return [str(record[0]) for record in records.unpacked(line)]
    except PantryError:
        return []  # what it may have named expires by itself


def _delete(scripts: Scripts, name: str) -> int:
    key = scripts.keys.operation(name)
    deleted = 0
    while (line := scripts.connection.lindex(f"{key}:jobs", 0)) is not None:
        ids = _ids(line)
        with scripts.connection.pipeline() as pipe:
            if ids:
                pipe.unlink(*(wire.raw_of(f"{key}:{kind}:{job_id}") for job_id in ids for kind in _KINDS))
            pipe.ltrim(f"{key}:jobs", 1, -1)
            pipe.hincrby(key, "left", -len(ids))
            pipe.execute()
        deleted += len(ids)
    with scripts.connection.pipeline() as pipe:
        pipe.unlink(key)
        pipe.zrem(scripts.keys.trash, name)
        pipe.execute()
    return deleted
