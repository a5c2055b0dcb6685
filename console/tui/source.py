"""What the screens ask for and what they get: the one door to Redis, called only by the reader thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from pantry_queue.connection import connect, describe, translated
from pantry_queue.keys import Keys
from pantry_queue.monitor.model import Snapshot

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.config import Settings
    from pantry_queue.monitor.snapshot import KnownNames

T = TypeVar("T")


@dataclass(slots=True)
class Reading:
    """What a need reads with.

    Attributes:
        client: the reader's connection; answers are bytes.
        keys: names of keys.
        settings: where Redis is.
        kept: what a need keeps from one reading to the next, under its own class; gone with the connection.
    """

    client: Redis
    keys: Keys
    settings: Settings
    kept: dict[type[Need[Any]], Any] = field(default_factory=dict)


class Need(ABC, Generic[T]):
    """Something a screen wants read besides the snapshot; a frozen dataclass, so that its answer is found by it."""

    @abstractmethod
    def read(self, reading: Reading) -> T:
        """Read it, in the reader thread.

        Raises:
            PantryError: one sentence that says what is wrong and what to do.
            redis.exceptions.RedisError: translated by the source.
        """


@dataclass(frozen=True, slots=True)
class Needs:
    """What a screen wants read.

    Attributes:
        overview: a snapshot of the whole deployment.
        also: what else, see `console.tui.needs`.
        beside: what is read whenever a snapshot is, whatever is shown: for alerts.
    """

    overview: bool = True
    also: tuple[Need[Any], ...] = ()
    beside: tuple[Need[Any], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What was read for `needs`."""

    needs: Needs
    snapshot: Snapshot | None = None
    found: Mapping[Need[Any], Any] = field(default_factory=dict)

    def has(self, need: Need[Any]) -> bool:
        """Whether it was asked for and read."""
        return need in self.found

    def of(self, need: Need[T]) -> T:
        """What was read for a need that `has` knows."""
        return cast("T", self.found[need])


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
        self._reading: Reading | None = None
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
        from pantry_queue.monitor import snapshot

        if self._reading is None:
            self._reading = Reading(connect(self._settings, "reader"), self._keys, self._settings)
            self._names = snapshot.KnownNames()
        reading = self._reading
        taken, asked = None, needs.also
        if needs.overview:
            taken = snapshot.take(reading.client, self._keys, target=self._target, names=self._names)
            asked += needs.beside
        return Answer(needs, taken, {need: need.read(reading) for need in asked})

    def close(self) -> None:
        """See `Source.close`."""
        if self._reading is not None:
            self._reading.client.close()
            self._reading = None
