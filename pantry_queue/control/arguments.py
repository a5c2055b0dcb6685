"""Arguments of a call as words of a command line, by RQ's rules (`rq.cli.helpers.parse_function_args`)."""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pantry_queue.control.call import MAX_PAYLOAD_BYTES
from pantry_queue.errors import PayloadError
from pantry_queue.text import safe


def parsed(words: Sequence[str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and named arguments.

    `text`, `:json`, `%literal`, and named `name=text`, `name:=json`, `name%=literal`; `@path` for a value
    reads it from a file.

    Raises:
        PayloadError: a word cannot be understood; the sentence says which.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for word in words:
        name, mode, text = _split(word)
        where = f"argument {safe(name)}" if name is not None else f"argument {len(args) + 1}"
        value = _value(mode, _read(text, where), where)
        if name is None:
            args.append(value)
        elif name in kwargs:
            raise PayloadError(f"{where} is given twice: leave one out.")
        else:
            kwargs[name] = value
    return tuple(args), kwargs


def _split(word: str) -> tuple[str | None, str, str]:
    """Name or None, `:` or `%` or nothing, and the text."""
    if word[:1] in (":", "%"):
        return None, word[0], word[1:]
    at = word.find("=")
    if at <= 0:
        return None, "", word
    for mode in (":", "%"):
        # The first of its kind stands right before the first `=`.
        if word.find(mode) == at - 1:
            return word[: at - 1], mode, word[at + 1 :]
    return word[:at], "", word[at + 1 :]


def _read(text: str, where: str) -> str:
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        if path.stat().st_size > MAX_PAYLOAD_BYTES:
            raise PayloadError(
                f"{where}: {safe(str(path))} is larger than {MAX_PAYLOAD_BYTES:,} bytes: pass its place."
            )
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise PayloadError(f"{where}: the file {safe(str(path))} cannot be read ({safe(str(error), 100)}).") from None


def _value(mode: str, text: str, where: str) -> Any:
    try:
        if mode == ":":
            return json.loads(text)
        return literal_eval(text) if mode == "%" else text
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        kind = "JSON" if mode == ":" else "a Python literal"
        raise PayloadError(f"{where}: {safe(text, 60)!r} is not {kind}.") from None
