"""What a running job writes, line by line, readable while it runs and for a day after.

A job's standard output, standard error and logging go into a pipe that its worker reads: the last words of a job that
crashed are kept too. Bounded in lines, in the length of a line, and in lines a second; what was left out is said.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.workers.outage import passes

if TYPE_CHECKING:
    from redis import Redis

MOST_LINES = 2000
LONGEST_LINE = 2000
#: Lines a second over a time, and how many may come at once.
LINES_A_SECOND = 200
BURST = 1000
KEPT_SECONDS = 24 * 3600
_FLUSH_SECONDS = 0.3
_FLUSH_LINES = 100


class JobLog:
    """Collects what one job writes and sends it on.

    Args:
        connection: where to.
        key: the stream.
    """

    def __init__(self, connection: Redis, keys: Keys, job_id: str) -> None:
        self._connection = connection
        self._key = keys.log(job_id)
        self._rest = b""
        self._lines: list[bytes] = []
        self._left_out = 0
        self._allowance = float(BURST)
        self._filled = time.monotonic()
        self._sent = 0.0

    @property
    def pending(self) -> bool:
        """Whether lines wait to be sent."""
        return bool(self._lines or self._left_out)

    @property
    def due(self) -> bool:
        """Whether lines wait that should be sent by now."""
        return self.pending and time.monotonic() - self._sent >= _FLUSH_SECONDS

    def wrote(self, chunk: bytes) -> None:
        """The job has written something."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > LONGEST_LINE:
            self._take(self._rest)
            self._rest = b""
        if len(self._lines) >= _FLUSH_LINES:
            self.flush()

    def _take(self, line: bytes) -> None:
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._filled) * LINES_A_SECOND)
        self._filled = now
        if self._allowance < 1:
            self._left_out += 1
            return
        self._allowance -= 1
        line = line.rstrip(b"\r")
        self._lines.append(line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…".encode())
        if len(self._lines) > MOST_LINES:  # Redis is away
            del self._lines[0]
            self._left_out += 1

    def flush(self, *, end: bool = False) -> None:
        """Send what waits; while Redis is away it goes on waiting, and is bounded by the rate.

        Args:
            end: the job has ended; its last line may lack a line end.
        """
        if end and self._rest:
            self._take(self._rest)
            self._rest = b""
        if not self._lines and not self._left_out:
            return
        lines, left_out = self._lines, self._left_out
        try:
            with self._connection.pipeline(transaction=False) as pipe:
                for line in lines:
                    pipe.xadd(self._key, {"line": line}, maxlen=MOST_LINES, approximate=True)
                if left_out:
                    said = f"… {left_out:,} lines left out, more than are kept of one job"
                    pipe.xadd(self._key, {"line": said}, maxlen=MOST_LINES, approximate=True)
                pipe.expire(self._key, KEPT_SECONDS)
                pipe.execute()
        except Exception as error:
            if not passes(error):
                self._lines.clear()
            self._sent = time.monotonic()
            return
        self._lines, self._left_out, self._sent = [], 0, time.monotonic()


_last_progress: dict[str, Any] = {}
_PROGRESS_SECONDS = 0.2


def progress(done: float, total: float | None = None, message: str = "") -> None:
    """Tell how far the job that calls this is; the console shows it. Outside a job nothing happens.

    Sent at most five times a second, the last one (`done` equals `total`) always. A Redis that is away is no error.

    Args:
        done: so many of `total`.
        total: None when it is not known.
        message: one short line.
    """
    from redis.exceptions import RedisError
    from rq import get_current_job

    job = get_current_job()
    if job is None:
        return
    now = time.time()
    last = _last_progress.get("sent", 0.0) if _last_progress.get("job") == job.id else 0.0
    if now - last < _PROGRESS_SECONDS and done != total:
        return
    key = Keys.from_env().progress(job.id)
    fields: dict[Any, Any] = {
        "done": done,
        "total": "" if total is None else total,
        "message": message[:500],
        "at": now,
    }
    try:
        with job.connection.pipeline(transaction=False) as pipe:
            pipe.hset(key, mapping=fields)
            pipe.expire(key, KEPT_SECONDS)
            pipe.execute()
    except (RedisError, OSError):
        return
    _last_progress.update(job=job.id, sent=now)
