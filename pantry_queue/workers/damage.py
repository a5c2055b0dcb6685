"""Jobs that cannot be read: found before they end a worker, and set aside with the reason.

RQ's worker leaves with such a job in its hands, and the next one that meets it does too; its scheduler dies of one
that is due, and no retry runs any more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job, validate_job_id

from pantry_queue.control import audit
from pantry_queue.monitor import payload
from pantry_queue.monitor.fields import inflate
from pantry_queue.text import safe
from pantry_queue.workers.lua import WorkerScripts

logger = logging.getLogger("pantry_queue.workers.damage")

#: Fields that may be large, or run code when they are loaded; whether they can be read is judged apart.
_HEAVY = (b"data", b"meta", b"result", b"exc_info")


#: RQ's class of jobs wants a connection; nothing is asked of this one, and it is never made.
_NOWHERE = Redis()


class _Unread:
    """A serializer that loads nothing; RQ keeps what it cannot load as it is."""

    @staticmethod
    def loads(_: bytes) -> Any:
        raise ValueError

    @staticmethod
    def dumps(_: Any) -> bytes:
        raise ValueError


def trouble(raw_id: bytes, raw: Mapping[bytes, bytes], *, call: bool = True) -> str | None:
    """Why a job cannot be read, in words; None when it can.

    Args:
        raw_id: as a list or registry holds it.
        raw: its hash.
        call: judge the stored call too; otherwise `data` need only be there.
    """
    try:
        job_id = raw_id.decode()
        validate_job_id(job_id)
    except ValueError:
        return "its id holds other characters than letters, digits, _ and -, which RQ cannot read"
    if b"data" not in raw:
        return "its call is missing (field data)"
    try:
        light = {name: value for name, value in raw.items() if name not in _HEAVY}
        job = Job(job_id, connection=_NOWHERE, serializer=_Unread)
        job.restore({**light, b"data": b"-"})
        inflate(raw.get(b"exc_info", b""))[0].decode()
    except NoSuchJobError:
        return "it is no job"
    except Exception as error:
        return f"a field of it cannot be read ({safe(f'{type(error).__name__}: {error}', 150)})"
    if call and not payload.seen(raw[b"data"]).readable:
        return "its call is neither pickle nor JSON (field data)"
    return None


def set_aside(scripts: WorkerScripts, place: str, queue: str, member: bytes, raw_id: bytes, reason: str) -> None:
    """Put a job into quarantine, out of the place it was found in. Its own keys stay as they are.

    Args:
        place: `intermediate`, `scheduled` or `wip`.
        member: what that place holds.
        reason: in words.
    """
    shown = safe(raw_id.decode("utf-8", "backslashreplace"), 200)
    why = json.dumps({"reason": reason, "queue": queue, "place": place})
    said = audit.fields(
        shown, "outcome", "quarantine", audit.whoami("worker"), {"job": shown, "queue": queue, "reason": reason}
    )
    flat = [part for pair in said.items() for part in pair]
    if scripts("set_aside", place, queue, member, raw_id, why, *flat):
        logger.error("Job %s of queue %s was set aside: %s.", shown, queue, reason)
