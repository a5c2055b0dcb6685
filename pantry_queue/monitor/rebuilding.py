"""Described data back as the plain Python data it was, within bounds."""

from __future__ import annotations

from typing import Any

from pantry_queue.monitor.described import Mapping, Sequence

_MAX_DEPTH = 60
_MAX_VALUES = 50_000
#: Keys of one dict or set that are no text: hashes of numbers can be chosen to collide, and each then costs all.
_MAX_NUMBERS = 1000
_KINDS: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class NotPlain(Exception):  # noqa: N818 - reads as what is wrong
    """The data holds more than plain values, is cut or damaged, or is too much."""


def rebuilt(value: Any) -> Any:
    """None, bool, int, float, str, bytes, bytearray, list, tuple, set, frozenset, dict of these.

    Raises:
        NotPlain: it holds anything else or nests deeper than 60 levels, or a key is none.
    """
    try:
        return _Builder().build(value, 0)
    except TypeError:  # an unhashable key
        raise NotPlain from None


class _Builder:
    """Counts what it makes: a description may name one part of itself again and again."""

    def __init__(self) -> None:
        self._left = _MAX_VALUES

    def build(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            raise NotPlain
        if isinstance(value, Sequence):
            if value.kind in ("set", "frozenset"):
                _check_keys(value.items)
            return _KINDS[value.kind]([self.build(item, depth + 1) for item in value.items])
        if isinstance(value, Mapping):
            _check_keys([key for key, _ in value.pairs])
            return {self.build(key, depth + 1): self.build(item, depth + 1) for key, item in value.pairs}
        if value is None or isinstance(value, (bool, int, float, str, bytes, bytearray)):
            return value
        raise NotPlain


def _check_keys(keys: list[Any]) -> None:
    if len(keys) > _MAX_NUMBERS and sum(not isinstance(key, (str, bytes)) for key in keys) > _MAX_NUMBERS:
        raise NotPlain
