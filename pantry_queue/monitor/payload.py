"""What a job's stored data says, pickled or JSON, compressed or not, read without running any of it.

Pickle or JSON is not recorded anywhere; the first byte tells them apart (`rq.serializers`). All reading is bounded:
256 KiB of content, 50,000 pickle opcodes, 300 shown values.
"""

from __future__ import annotations

import json
import pickletools
from dataclasses import dataclass
from typing import Any, Literal

from pantry_queue.monitor import fields, pickle_reader
from pantry_queue.monitor.described import Mapping, Sequence
from pantry_queue.monitor.model import Argument, Payload
from pantry_queue.monitor.rebuilding import NotPlain, rebuilt
from pantry_queue.monitor.rendering import Rendering, is_value
from pantry_queue.text import SafeText, safe

__all__ = ["NotPlain", "Seen", "func_name", "meta", "payload", "plain", "readable", "seen"]

#: Bytes of a stored field that are asked for; a longer one is said, not loaded.
STORED_LIMIT = 1 << 20
_MOST_ARGUMENTS = 100
_HEAD = 4096
_FIRST_STRINGS = 12


@dataclass(frozen=True, slots=True)
class _Content:
    """A decoded field: its value as data or descriptions, and what to know about the reading."""

    value: Any
    format: Literal["pickle", "json", "unknown"]
    notes: tuple[str, ...] = ()
    whole: bool = True
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a stored value would do if it were loaded.

    Attributes:
        func: of a job's call, as it is stored; None when it is no call.
        bound: the call is of a method of a stored object.
        calls: what loading it would call, beyond what makes plain values.
        whole: all of it was read; otherwise it may do anything.
        readable: it is pickle or JSON.
    """

    func: str | None
    bound: bool
    calls: tuple[str, ...]
    whole: bool
    readable: bool


def seen(stored: bytes) -> Seen:
    """Judge a stored value before it is loaded."""
    content = _content(stored)
    call = _items(content.value) or []
    func = call[0] if len(call) >= 4 and isinstance(call[0], str) else None
    bound = len(call) >= 4 and call[1] is not None
    return Seen(func, bound, content.calls, content.whole, content.format != "unknown")


def payload(data: bytes | None, *, reveal: bool = False) -> Payload:
    """What a job would call.

    Args:
        data: the job's field `data`, which RQ writes as (function, instance, args, kwargs).
        reveal: show the values of secret-looking names and passwords in URLs.
    """
    if not data:
        return Payload(SafeText(""), notes=(SafeText("no call is stored"),))
    content = _content(data)
    rendering = Rendering(reveal=reveal)
    call = _items(content.value)
    if call is None or len(call) < 4 or content.format == "unknown":
        notes = (*content.notes, "this is not the call of a job")
        whole = (Argument(SafeText(""), rendering.text(content.value)),)
        return Payload(SafeText(""), whole, (), content.format, _notes(notes, rendering))
    func, instance, args, kwargs = call[:4]
    notes = content.notes
    if instance is not None:
        notes = (*notes, f"a method of {rendering.text(instance)}")
    return Payload(
        func=fields.shown(func, 200) if isinstance(func, str) else rendering.text(func),
        args=_positional(args, rendering),
        kwargs=_named(kwargs, rendering),
        format=content.format,
        notes=_notes(notes, rendering),
    )


def readable(value: bytes, *, reveal: bool = False) -> SafeText:
    """A return value, as its serializer wrote it, as readable text."""
    content = _content(value)
    text = Rendering(reveal=reveal).text(content.value)
    return SafeText(f"{text} ({'; '.join(safe(note) for note in content.notes)})") if content.notes else text


def meta(value: bytes | None, *, reveal: bool = False) -> tuple[Argument, ...]:
    """The keys and values of a job's meta; one nameless value when it is no mapping."""
    if not value:
        return ()
    content = _content(value)
    rendering = Rendering(reveal=reveal)
    if _pairs(content.value) is None:
        return (Argument(SafeText(""), rendering.text(content.value)),)
    return _named(content.value, rendering)


def func_name(data: bytes) -> SafeText:
    """The function a job would call, from the beginning of its data alone; empty when it cannot be told."""
    head, _ = fields.inflate(data, _HEAD)
    if head[:1] == b"[":
        return _first_of_json(head)
    try:
        for index, (opcode, argument, _) in enumerate(pickletools.genops(head)):
            if isinstance(argument, str) and opcode.name not in ("GLOBAL", "INST"):
                return fields.shown(argument, 200)
            if index >= _FIRST_STRINGS:
                break
    except (ValueError, OverflowError):
        pass
    return SafeText("")


def plain(value: bytes) -> Any:
    """Plain data rebuilt: None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict.

    Raises:
        NotPlain: it holds anything else, nests deeper than 60 levels, or was not read whole.
    """
    content = _content(value)
    if content.format == "unknown" or content.notes:
        raise NotPlain
    return content.value if content.format == "json" else rebuilt(content.value)


def _content(stored: bytes) -> _Content:
    notes: tuple[str, ...] = ()
    if len(stored) > STORED_LIMIT:
        return _Content(None, "unknown", (f"{len(stored):,} bytes, not read",), whole=False)
    data, cut = fields.inflate(stored)
    if cut:
        notes = (f"only the first {len(data):,} bytes of its content were read",)
    if data[:1] != b"\x80":
        try:
            return _Content(json.loads(data), "json", notes, whole=not cut)
        except (ValueError, RecursionError):
            if data[-1:] != b"." and not cut:
                return _Content(
                    data.decode("utf-8", "backslashreplace"), "unknown", (*notes, "neither pickle nor JSON")
                )
    found = pickle_reader.read(data)
    if found.trouble:
        notes = (*notes, f"not the whole pickle: {found.trouble}")
    risky = [name for name, func in found.calls.items() if not is_value(func)]
    if risky:
        notes = (*notes, "unpickling it would call " + ", ".join(risky[:10]))
    return _Content(found.value, "pickle", notes, not (cut or found.trouble), tuple(risky))


def _items(value: Any) -> list[Any] | None:
    """The items of a list or tuple, whether described or plain."""
    if isinstance(value, Sequence):
        return value.items
    return value if isinstance(value, list) else None


def _pairs(value: Any) -> list[tuple[Any, Any]] | None:
    """The keys and values of a dict, whether described or plain."""
    if isinstance(value, Mapping):
        return value.pairs
    return list(value.items()) if isinstance(value, dict) else None


def _positional(args: Any, rendering: Rendering) -> tuple[Argument, ...]:
    items = _items(args)
    if items is None:
        items = [] if args is None else [args]
    shown = [Argument(SafeText(""), rendering.text(item)) for item in items[:_MOST_ARGUMENTS]]
    return (*shown, *_left_out(len(items)))


def _named(kwargs: Any, rendering: Rendering) -> tuple[Argument, ...]:
    pairs = _pairs(kwargs)
    if pairs is None:
        pairs = [] if kwargs is None else [("", kwargs)]
    shown = [
        Argument(
            fields.shown(name, 100) if isinstance(name, str) else rendering.text(name),
            rendering.text(value, name if isinstance(name, str) else ""),
        )
        for name, value in pairs[:_MOST_ARGUMENTS]
    ]
    return (*shown, *_left_out(len(pairs)))


def _left_out(count: int) -> tuple[Argument, ...]:
    if count <= _MOST_ARGUMENTS:
        return ()
    return (Argument(SafeText("…"), SafeText(f"{count - _MOST_ARGUMENTS:,} more")),)


def _notes(notes: tuple[str, ...], rendering: Rendering) -> tuple[SafeText, ...]:
    masked = ("values with secret-looking names are masked",) if rendering.masked else ()
    return tuple(safe(note) for note in (*notes, *masked))


def _first_of_json(head: bytes) -> SafeText:
    try:
        value, _ = json.JSONDecoder().raw_decode(head.decode("utf-8", "replace"), 1)
    except (ValueError, RecursionError):
        return SafeText("")
    return fields.shown(value, 200) if isinstance(value, str) else SafeText("")
