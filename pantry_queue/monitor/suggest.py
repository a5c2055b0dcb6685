"""What may come next while a filter is typed: fields, and values that were seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pantry_queue.monitor.model import STATES
from pantry_queue.monitor.query_parser import KEYWORDS
from pantry_queue.monitor.query_terms import FIELDS

_MOST = 20
#: The word the cursor stands behind: a field with its values so far, or the beginning of a field.
_VALUE = re.compile(r"(?P<field>[A-Za-z_]+)(?:!=|[:=])(?:[^\s,()]*,)*(?P<begun>\"?[^\s,()\"]*)$")
_WORD = re.compile(r"(?:^|[\s(])(?P<begun>[A-Za-z_]*)$")
_NEEDS_QUOTES = re.compile(r"[\s,()\"'*?\\]")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to go on.

    Attributes:
        text: the filter with the suggestion in it, up to where the cursor then stands.
        label: what is put in.
        help: what it means; empty for values.
    """

    text: str
    label: str
    help: str = ""


def suggest(text: str, seen: Mapping[str, Collection[str]], *, cursor: int | None = None) -> tuple[Suggestion, ...]:
    """What may be typed next, at most 20.

    Args:
        text: the filter so far.
        seen: values met so far, by field: queues, functions, workers. States need not be told.
        cursor: where in it the cursor stands; its end when left out.
    """
    head = text if cursor is None else text[:cursor]
    value = _VALUE.search(head)
    if value is not None and value["field"].lower() in FIELDS:
        known = seen.get(value["field"].lower(), ()) or (STATES if value["field"].lower() == "state" else ())
        return tuple(_values(head[: value.start("begun")], value["begun"].lstrip('"'), known))[:_MOST]
    word = _WORD.search(head)
    return tuple(_words(head[: word.start("begun")], word["begun"].lower()))[:_MOST] if word else ()


def _values(before: str, begun: str, known: Collection[str]) -> Iterator[Suggestion]:
    wanted = begun.casefold()
    fitting = [value for value in known if wanted in value.casefold()]
    for value in sorted(fitting, key=lambda value: (not value.casefold().startswith(wanted), value)):
        written = _quoted(value) if _NEEDS_QUOTES.search(value) or not value else value
        yield Suggestion(before + written, written)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _words(before: str, begun: str) -> Iterator[Suggestion]:
    for name, field in FIELDS.items():
        if name.startswith(begun):
            written = name + (":" if field.kind in ("name", "text") else ">")
            yield Suggestion(before + written, written, field.help)
    for keyword in KEYWORDS:
        if begun and keyword.startswith(begun):
            yield Suggestion(f"{before}{keyword} ", keyword)
