"""What tells one order to read a receipt from another, and one image from another."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import Any

from rq.job import Job

from pantry_queue.keys import Keys

#: Larger files are not images of receipts; the agent refuses them before.
_IMAGE_LIMIT = 64 * 2**20


def order_of(job: Job) -> str:
    """The order a run of this job serves: a rerun without a recorded end in between has the same.

    A worker that dies records no end, so the rerun of an orphan serves the same order; whatever is asked for after
    a recorded end, by RQ, an operator or the API, is another one. Empty when Redis does not say.
    """
    from redis.exceptions import RedisError

    try:
        newest: Any = job.connection.xrevrange(Keys.from_env().results(job.id), count=1)
    except RedisError:
        return ""
    made = job.created_at.isoformat()
    return f"{job.id} {made} {newest[0][0].decode() if newest else '-'}"


def sha256_of(image_path: str) -> str | None:
    """SHA-256 of an image this worker can read itself, hexadecimal; None for a URL or another machine's file."""
    try:
        # Not to wait for the other end of a pipe.
        handle = os.open(image_path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _IMAGE_LIMIT:
            return None
        return hashlib.file_digest(file, "sha256").hexdigest()
