"""Described data as readable text of bounded length, secrets masked.

The text is meant to be read, not evaluated: `‹module.Class(args) state={...}›` is an object of a class that was not
imported to show it.
"""

from __future__ import annotations

from typing import Any

from pantry_queue.monitor import fields
from pantry_queue.monitor.described import Call, Global, Mapping, Opaque, Sequence
from pantry_queue.text import MASK, SafeText, is_secret_name, safe

#: Characters kept of one text, values shown of one tree, levels shown, and characters of the whole.
TEXT_LIMIT = 300
_MAX_VALUES = 300
_MAX_DEPTH = 8
_MAX_LENGTH = 8000
_MAX_BITS = 1000

#: Classes whose call is no more than a value, by module; they are shown by their own name and warn of nothing.
_VALUES = {
    "datetime": ("datetime", "date", "time", "timedelta", "timezone"),
    "zoneinfo": ("ZoneInfo._unpickle", "ZoneInfo"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "uuid": ("UUID", "SafeUUID"),
    "pathlib": ("Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"),
    "pathlib._local": ("Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"),
    "collections": ("OrderedDict", "defaultdict", "deque", "Counter"),
    "builtins": ("complex", "slice", "range", "object"),
    "__builtin__": ("complex", "slice", "xrange", "object"),
}
_BRACKETS = {"list": ("[", "]"), "tuple": ("(", ")"), "set": ("{", "}"), "frozenset": ("frozenset({", "})")}


def is_value(func: Any) -> bool:
    """Whether calling this builds a plain value and nothing else."""
    return isinstance(func, Global) and func.name in _VALUES.get(func.module, ())


class Rendering:
    """Turns descriptions into text.

    Args:
        reveal: show secrets.

    Attributes:
        masked: whether a value was masked because of its name.
    """

    def __init__(self, *, reveal: bool = False) -> None:
        self.masked = False
        self._reveal = reveal
        self._parts: list[str] = []
        self._values_left = 0
        self._room = 0

    def text(self, value: Any, name: str = "") -> SafeText:
        """One value as text.

        Args:
            value: plain data, or a description.
            name: what it is the value of; that of a secret is masked.
        """
        self._parts, self._values_left, self._room = [], _MAX_VALUES, _MAX_LENGTH
        try:
            self._named(name, value, 0)
        except _FullError:
            self._parts.append("…")
        return SafeText("".join(self._parts))

    def _write(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise _FullError
        self._parts.append(text)

    def _named(self, name: Any, value: Any, depth: int) -> None:
        if not self._reveal and isinstance(name, str) and value is not None and is_secret_name(name[:_MAX_LENGTH]):
            self.masked = True
            self._write(MASK)
        else:
            self._value(value, depth)

    def _value(self, value: Any, depth: int) -> None:
        self._values_left -= 1
        if self._values_left < 0:
            raise _FullError
        if depth > _MAX_DEPTH:
            self._write("…")
        elif isinstance(value, (Sequence, list)):
            self._sequence(value, depth)
        elif isinstance(value, (Mapping, dict)):
            self._mapping(value.pairs if isinstance(value, Mapping) else list(value.items()), depth)
        elif isinstance(value, Call):
            self._call(value, depth)
        else:
            self._leaf(value)

    def _leaf(self, value: Any) -> None:
        if isinstance(value, str):
            self._write(_quoted(fields.shown(value, TEXT_LIMIT, reveal=self._reveal)))
        elif isinstance(value, (bytes, bytearray)):
            rest = len(value) - TEXT_LIMIT
            kept = repr(bytes(value[:TEXT_LIMIT]))
            self._write((kept if self._reveal else str(fields.shown(kept, len(kept)))) + (f"…(+{rest:,})" * (rest > 0)))
        elif isinstance(value, Global):
            self._write(f"‹{safe(str(value))}›")
        elif isinstance(value, Opaque):
            self._write(f"‹{value.kind}›")
        elif isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > _MAX_BITS:
            self._write(f"‹an integer of {value.bit_length():,} bits›")
        else:
            self._write(repr(value))

    def _sequence(self, value: Sequence | list[Any], depth: int) -> None:
        kind, items = (value.kind, value.items) if isinstance(value, Sequence) else ("list", value)
        opening, closing = _BRACKETS[kind]
        if kind == "set" and not items:
            opening, closing = "set(", ")"
        self._write(opening)
        self._items(items, depth)
        self._write("," * (kind == "tuple" and len(items) == 1) + closing)

    def _items(self, items: list[Any], depth: int) -> None:
        for index, item in enumerate(items):
            if index:
                self._write(", ")
            self._value(item, depth + 1)

    def _mapping(self, pairs: list[tuple[Any, Any]], depth: int) -> None:
        self._write("{")
        for index, (key, value) in enumerate(pairs):
            if index:
                self._write(", ")
            self._value(key, depth + 1)
            self._write(": ")
            self._named(key, value, depth + 1)
        self._write("}")

    def _call(self, call: Call, depth: int) -> None:
        known = _known_value(call)
        if known is not None:
            self._write(known)
            return
        value = is_value(call.func)
        name = (call.func.name if value else str(call.func)) if isinstance(call.func, Global) else "something computed"
        self._write(("" if value else "‹") + safe(name) + "(")
        self._items(call.args.items if isinstance(call.args, Sequence) else [call.args], depth)
        self._write(")")
        for label, part in (
            ("arguments", call.kwargs),
            ("state", call.state),
            ("items", Sequence("list", call.items) if call.items else None),
            ("items", Mapping(call.pairs) if call.pairs else None),
        ):
            if part is not None:
                self._write(f" {label}=")
                self._value(part, depth + 1)
        self._write("" if value else "›")


class _FullError(Exception):
    """The text has all the room it may take."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"


def _known_value(call: Call) -> str | None:
    """Dates, times and UUIDs by their own notation; None for everything else."""
    if not isinstance(call.func, Global) or not isinstance(call.args, Sequence):
        return None
    name, items = str(call.func), call.args.items
    packed = items[0] if items else None
    if name == "datetime.datetime" and isinstance(packed, bytes) and len(packed) == 10:
        zone = "" if len(items) < 2 else "+zone" if not _is_utc(items[1]) else "Z"
        return f"datetime {_date(packed)}T{_time(packed[4:])}{zone}"
    if name == "datetime.date" and isinstance(packed, bytes) and len(packed) == 4:
        return f"date {_date(packed)}"
    if name == "datetime.time" and isinstance(packed, bytes) and len(packed) == 6:
        return f"time {_time(packed)}"
    if name == "uuid.UUID" and isinstance(call.state, Mapping):
        number = next((value for key, value in call.state.pairs if key == "int"), None)
        if isinstance(number, int) and 0 <= number < 1 << 128:
            digits = f"{number:032x}"
            return "UUID " + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return None


def _date(packed: bytes) -> str:
    # The first bit of the month is `fold`, which no one writes down.
    return f"{packed[0] << 8 | packed[1]:04}-{packed[2] & 127:02}-{packed[3]:02}"


def _time(packed: bytes) -> str:
    return f"{packed[0]:02}:{packed[1]:02}:{packed[2]:02}.{int.from_bytes(packed[3:6], 'big'):06}"


def _is_utc(zone: Any) -> bool:
    """`datetime.timezone(timedelta(0))`, as `datetime.UTC` is pickled."""
    if not isinstance(zone, Call) or str(zone.func) != "datetime.timezone" or not isinstance(zone.args, Sequence):
        return False
    offset = zone.args.items[0] if zone.args.items else None
    return (
        isinstance(offset, Call)
        and isinstance(offset.args, Sequence)
        and not any(part for part in offset.args.items if part != 0)
    )
