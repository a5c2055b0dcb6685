"""A whole database as one value, to compare what RQ leaves with what we leave."""

from __future__ import annotations

import calendar
import re
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis

#: Times of the test run itself: what happened "just now" is the same on both sides.
_RECENT_SECONDS = 120
#: How far apart both sides may have been written. Every time to live that is told apart differs by more.
_SLOW_SECONDS = 30
_ISO = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
JUST_NOW = "just now"


class Life(int):
    """Seconds to live; equal within what a busy machine takes, and never equal to living for ever."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int):
            return False
        return abs(int(self) - int(other)) <= _SLOW_SECONDS and (int(self) < 0) == (int(other) < 0)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__


class Score(float):
    """A score that is a time; equal within as much, so that never and -1 are equal to themselves only."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, float):
            return False
        return abs(float(self) - float(other)) <= _SLOW_SECONDS or float(self) == float(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = float.__hash__


def dump(client: Redis, but: tuple[str, ...] = ("pantry:",)) -> dict[str, tuple[str, Any, Life]]:
    """Every key with its type, content and life, times of this minute replaced by `JUST_NOW`.

    Args:
        client: a connection to the database.
        but: beginnings of names that are left out; our own records by default, which RQ does not write.
    """
    found = {}
    for key in client.scan_iter(count=1000):
        name = key.decode("utf-8", "backslashreplace")
        if not name.startswith(but):
            kind = client.type(key).decode()
            found[name] = (kind, _content(client, key, kind), Life(client.ttl(key)))
    return found


def copy(source: Redis, target: Redis) -> None:
    """The whole database, byte for byte."""
    target.flushdb()
    for key in source.scan_iter(count=1000):
        target.restore(key, max(source.pttl(key), 0), source.dump(key), replace=True)


def differences(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Keys, and fields of hashes, that are not the same on both sides."""
    found = {}
    for key in sorted(theirs.keys() | ours.keys()):
        left, right = theirs.get(key), ours.get(key)
        if left == right:
            continue
        if left and right and left[0] == right[0] == "hash":
            for field in sorted(left[1].keys() | right[1].keys()):
                if left[1].get(field) != right[1].get(field):
                    found[f"{key} {field}"] = (left[1].get(field), right[1].get(field))
            if left[2] != right[2]:
                found[f"{key} ttl"] = (left[2], right[2])
        else:
            found[key] = (left, right)
    return found


def _content(client: Redis, key: bytes, kind: str) -> Any:
    if kind == "hash":
        return {field.decode(): _value(value) for field, value in client.hgetall(key).items()}
    if kind == "zset":
        return sorted((member, _score(score)) for member, score in client.zrange(key, 0, -1, withscores=True))
    if kind == "list":
        return client.lrange(key, 0, -1)
    if kind == "set":
        return sorted(client.smembers(key))
    if kind == "stream":
        return [fields for _, fields in client.xrange(key)]
    return client.get(key)


def _value(value: bytes) -> Any:
    if _ISO.fullmatch(value):
        moment = time.strptime(value.decode()[:19], "%Y-%m-%dT%H:%M:%S")
        if abs(calendar.timegm(moment) - time.time()) < _RECENT_SECONDS:
            return JUST_NOW
    return value


def _score(score: float) -> Any:
    return JUST_NOW if abs(score - time.time()) < _RECENT_SECONDS else Score(score)
