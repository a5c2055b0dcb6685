"""Actions on jobs that are named, each checked against the states it may be in."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from pantry_queue.control.lua import Scripts, word_list
from pantry_queue.control.submission import stamp_now

#: States of jobs that have ended, by RQ's names.
ENDED = ("finished", "failed", "stopped", "canceled")
#: States of jobs that have not started yet.
WAITING = ("queued", "scheduled", "deferred", "ready_to_enqueue", "rate_limited", "created")

#: What RQ leaves where the traceback of the last run was.
_NO_TRACEBACK = zlib.compress(b"")


def requeue(
    scripts: Scripts, ids: Sequence[str], states: tuple[str, ...] = ENDED, *, at_front: bool = False
) -> list[str]:
    """Put jobs back on the queue they came from.

    Three things are beyond RQ's own requeue, each because a job would be lost or fail at once without it: the hash
    no longer expires while the job waits, its queue is registered again, and it has its retries again (as many as
    it has intervals, since RQ does not store the number it began with).

    Args:
        scripts: where.
        ids: at most a few thousand.
        states: jobs in any other state are left alone.
        at_front: next in the queue instead of last.

    Returns:
        For each id `done`, `missing`, `running`, `broken`, or the state that stood in the way.
    """
    words = scripts.run("requeue", stamp_now(), _NO_TRACEBACK, int(at_front), 1, *word_list(states), *ids)
    return [word.decode("utf-8", "backslashreplace") for word in words]


def cancel(scripts: Scripts, ids: Sequence[str], states: tuple[str, ...] = WAITING) -> list[str]:
    """Cancel jobs that do not run yet; jobs that wait for them go on waiting, as with RQ's `Job.cancel`.

    Args:
        scripts: where.
        ids: at most a few thousand.
        states: jobs in any other state are left alone.

    Returns:
        For each id `done`, `missing`, `running`, `starting`, `broken`, or the state that stood in the way.
    """
    words = scripts.run("cancel", stamp_now(), *word_list(states), *ids)
    return [word.decode("utf-8", "backslashreplace") for word in words]
