"""Pure: a value's text over several lines, by its brackets alone. Nothing is evaluated, however it looks."""

from __future__ import annotations

import re

#: A quoted text with its escapes, a bracket, a comma with the blanks behind it, or anything else.
_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[{\[(]|[}\])]|,\s*|[^'"{}\[\](),]+|.""", re.DOTALL)
_CLOSES = {"{": "}", "[": "]", "(": ")"}
_INDENT = "  "
_MOST_DEPTH = 12


def laid_out(text: str, width: int = 60) -> list[str]:
    """`text` with one item a line; brackets whose content fits into `width` stay on one.

    What is no proper nesting of brackets, or too deep a one, stays as it is.
    """
    if len(text) <= width:
        return [text]
    tokens = _TOKEN.findall(text)
    ends = _matched(tokens)
    if not ends:
        return [text]
    lines, depth, place = [""], 0, 0
    while place < len(tokens):
        token = tokens[place]
        whole = "".join(tokens[place : ends[place] + 1]) if place in ends else ""
        if whole and len(whole) <= width:
            lines[-1] += whole
            place = ends[place]
        elif whole:
            depth += 1
            lines[-1] += token
            lines.append(_INDENT * depth)
        elif token in ("}", "]", ")"):
            depth -= 1
            lines.append(_INDENT * depth + token)
        elif token.startswith(","):
            lines[-1] += ","
            lines.append(_INDENT * depth)
        else:
            lines[-1] += token
        place += 1
    return [line for line in lines if line.strip()]


def _matched(tokens: list[str]) -> dict[int, int]:
    """Place of each opening bracket -> place of its closing one; empty when they do not match."""
    opened: list[int] = []
    ends: dict[int, int] = {}
    for place, token in enumerate(tokens):
        if token in _CLOSES:
            opened.append(place)
            if len(opened) > _MOST_DEPTH:
                return {}
        elif token in ("}", "]", ")"):
            if not opened or _CLOSES[tokens[opened[-1]]] != token:
                return {}
            ends[opened.pop()] = place
    return {} if opened else ends
