"""The arguments of a call as one JSON document that people edit; secrets stay hidden in it. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pantry_queue.control.copying import Call
from pantry_queue.errors import PayloadError
from pantry_queue.text import MASK, is_secret_name, mask_secrets


class DocumentError(PayloadError):
    """A document that cannot be understood.

    Attributes:
        line, column: where, from 1.
    """

    def __init__(self, what: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column}: {what}")
        self.line, self.column = line, column


def text_of(call: Call) -> str:
    """The document: `args`, a list, and `kwargs`, an object. What cannot be printed is escaped as JSON escapes it."""
    return written({"args": _hidden(list(call.args)), "kwargs": _hidden(call.kwargs)}, indent=2)


def read(text: str, call: Call) -> Call:
    """The call with the arguments of a document; what is hidden in it stays as the call has it.

    Raises:
        DocumentError: it is no such document.
    """
    try:
        document = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DocumentError(error.msg, error.lineno, error.colno) from None
    except (ValueError, RecursionError) as error:
        raise DocumentError(str(error)) from None
    if not isinstance(document, dict) or set(document) != {"args", "kwargs"}:
        raise DocumentError("the document should hold args and kwargs, and nothing else")
    for name, kind, says in (("args", list, "a list, in [ ]"), ("kwargs", dict, "an object, in { }")):
        if not isinstance(document[name], kind):
            raise DocumentError(f"{name} should be {says}", *_place(text, f'"{name}"'))
    before = {"args": list(call.args), "kwargs": call.kwargs}
    after = _restored(document, _hidden(before), before)
    if MASK in _texts(after) and MASK not in _texts(before):
        raise DocumentError(
            f"{MASK} stands for a hidden value, and can only stay where it was", *_place(text, f'"{MASK}"')
        )
    return replace(call, args=tuple(after["args"]), kwargs=after["kwargs"])


def differences(before: str, after: str) -> list[str]:
    """The lines of two documents that differ, with `-` or `+` in front."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:1] in "-+"]


def words(call: Call) -> tuple[str, ...]:
    """The arguments as `jobs copy` takes them, secrets hidden."""
    return ("--args", written(_hidden(list(call.args))), "--kwargs", written(_hidden(call.kwargs)))


def written(value: Any, *, indent: int | None = None) -> str:
    """JSON in which every character can be printed."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _place(text: str, part: str) -> tuple[int, int]:
    """Line and column of a part of a text."""
    before = text[: max(0, text.find(part))]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _hidden(value: Any, name: str = "") -> Any:
    if name and value is not None and is_secret_name(name):
        return MASK
    if isinstance(value, dict):
        return {key: _hidden(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return mask_secrets(value) if isinstance(value, str) else value


def _restored(new: Any, hidden: Any, original: Any) -> Any:
    """A value from a document, with what was hidden where it still stands as it stood."""
    if type(new) is type(hidden) and new == hidden:
        return original
    if isinstance(new, dict) and isinstance(hidden, dict) and isinstance(original, dict):
        return {
            key: _restored(value, hidden[key], original[key]) if key in hidden else value for key, value in new.items()
        }
    if isinstance(new, list) and isinstance(hidden, list) and isinstance(original, list):
        known = [_restored(*three) for three in zip(new, hidden, original, strict=False)]
        return [*known, *new[len(known) :]]
    return new


def _texts(value: Any) -> list[str]:
    """All texts in a value."""

    def walk(one: Any) -> Iterator[str]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list):
            for item in one.values() if isinstance(one, dict) else one:
                yield from walk(item)

    return list(walk(value))
