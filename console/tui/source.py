"""What the screens ask for and what they get: the one door to Redis, called only by the reader thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pantry_queue.connection import connect, describe, translated
from pantry_queue.keys import Keys
from pantry_queue.monitor.model import JobDetail, JobWindow, Snapshot

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.config import Settings
    from pantry_queue.monitor.snapshot import KnownNames


@dataclass(frozen=True, slots=True)
class WindowNeed:
    """A stretch of one list of jobs.

    Attributes:
        queue: one queue by its name in Redis, all when None.
        start, count: the rows wanted.
    """

    state: str
    queue: str | None = None
    start: int = 0
    count: int = 50
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class Needs:
    """What a screen wants read.

    Attributes:
        overview: a snapshot of the whole deployment.
        window: rows of a list of jobs.
        job_id: one job with everything about it.
    """

    overview: bool = True
    window: WindowNeed | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What was read for `needs`; a job that was asked for and is not there is None."""

    needs: Needs
    snapshot: Snapshot | None = None
    window: JobWindow | None = None
    job: JobDetail | None = None


class Source(Protocol):
    """Where answers come from."""

    def read(self, needs: Needs) -> Answer:
        """Answer all needs.

        Raises:
            PantryError: one sentence that says what is wrong and what to do.
        """

    def close(self) -> None:
        """Let go of the connection."""


class RedisSource:
    """Answers from Redis, over one connection that is made on first use and made anew after trouble."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._target = describe(settings)
        self._keys = Keys.from_env()
        self._client: Redis | None = None
        self._names: KnownNames | None = None

    def read(self, needs: Needs) -> Answer:
        """See `Source.read`."""
        with translated(self._settings):
            try:
                return self._read(needs)
            except Exception:
                self.close()
                raise

    def _read(self, needs: Needs) -> Answer:
        # Reading needs redis, whose import costs as much as a frame: it happens in this thread, behind the first one.
        from pantry_queue.monitor import job, jobs, snapshot

        if self._client is None:
            self._client = connect(self._settings, "reader")
            self._names = snapshot.KnownNames()
        client, keys = self._client, self._keys
        taken = snapshot.take(client, keys, target=self._target, names=self._names) if needs.overview else None
        rows = None
        if (wanted := needs.window) is not None:
            rows = jobs.window(
                client,
                keys,
                wanted.state,
                queue=wanted.queue,
                start=wanted.start,
                count=wanted.count,
                newest_first=wanted.newest_first,
            )
        detail = job.read(client, keys, needs.job_id) if needs.job_id is not None else None
        return Answer(needs, taken, rows, detail)

    def close(self) -> None:
        """See `Source.close`."""
        if self._client is not None:
            self._client.close()
            self._client = None
