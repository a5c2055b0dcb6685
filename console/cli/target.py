"""What the global options say: which Redis, and whether it may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import typer

from pantry_queue.config import Settings
from pantry_queue.errors import RedisUnavailable, Refused

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.keys import Keys


@dataclass(frozen=True, slots=True)
class Target:
    """The deployment a command works on.

    Attributes:
        url: value of `--url` or of the profile, which win over the environment.
        read_only: refuse what writes.
        profile: name of the named connection, empty without one.
        production: it is one that is guarded.
        always_read_only: it was asked for, so it holds on every server the console goes to.
        unlockable: it is read-only by the profile's own caution, not because somebody asked for it.
        clipboard: the console may send text to the terminal's clipboard.
        mouse: the console takes the mouse.
        ascii_only: the console sends nothing but ASCII.
        restricted: the console starts no other program and writes no file.
    """

    url: str | None = None
    read_only: bool = False
    profile: str = ""
    production: bool = False
    always_read_only: bool = False
    unlockable: bool = False
    clipboard: bool = True
    mouse: bool = True
    ascii_only: bool = False
    restricted: bool = False

    def settings(self) -> Settings:
        """Settings from the environment, with the URL of the command line.

        Raises:
            ConfigError: a variable holds what it should not.
        """
        settings = Settings.from_env()
        return replace(settings, redis_url=self.url) if self.url else settings

    def keys(self) -> Keys:
        """Key names under `RQ_KEY_PREFIX`."""
        from pantry_queue.keys import Keys

        return Keys.from_env()

    def refuse_if_read_only(self, what: str) -> None:
        """Called by everything that writes, before it touches Redis.

        Raises:
            Refused: the console is read-only.
        """
        if self.read_only:
            raise Refused(
                f"{what} would change Redis, and this console is read-only: "
                + ("give --read-write to allow it." if self.profile else "leave --read-only out to allow it.")
            )


def of(context: typer.Context) -> Target:
    """The target the global options named."""
    target = context.find_object(Target)
    return target if target is not None else Target()


@contextmanager
def reader(settings: Settings) -> Iterator[Redis]:
    """One connection for the monitor to read by; errors inside become one sentence.

    Where it will do it is a light one, which is no whole `redis.Redis` and saves half of a short command's time.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    from pantry_queue import light

    address = light.address(settings)
    if address is None:
        with _whole(settings) as client:
            yield client
        return
    short = light.Client(address)
    try:
        yield cast("Redis", short)
    except Exception as error:
        sentence = _told(error, settings)
        if sentence is None:
            raise
        raise sentence from error
    finally:
        short.close()


def _told(error: Exception, settings: Settings) -> RedisUnavailable | None:
    """What the light connection met, as the sentence everything else says; None for an error of another kind."""
    from pantry_queue.light import Refusal

    if not isinstance(error, (OSError, Refusal)) and type(error).__module__ != "redis.exceptions":
        return None
    from pantry_queue.connection import unavailable
    from pantry_queue.monitor.wire import told

    return unavailable(told(error), settings)


@contextmanager
def _whole(settings: Settings) -> Iterator[Redis]:
    from pantry_queue.connection import connect, translated

    with translated(settings):
        client = connect(settings, "reader")
        try:
            yield client
        finally:
            client.close()
