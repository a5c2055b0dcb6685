"""Text of a filter -> its tree (`query_tree`)."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from pantry_queue.monitor.query_terms import FIELDS, Comparison, Pattern, Words
from pantry_queue.monitor.query_tree import All, Any_, Node, Not, QueryError
from pantry_queue.text import safe

KEYWORDS = ("and", "or", "not")
#: Terms of one filter, and how deep brackets may nest.
_MOST_TERMS = 200
_MOST_DEPTH = 50

_SPACE = re.compile(r"\s*")
_HEAD = re.compile(r"(?P<field>[A-Za-z_]+)\s?(?P<operator>!=|>=|<=|[:=<>])\s?")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")
_PART = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|[smhdw])")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["(", ")", "and", "or", "not", "term", "end"]
    position: int
    term: Node | None = None


class Parser:
    """Reads one filter from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._terms = 0
        self._depth = 0
        self._token = self._next()

    def parsed(self) -> Node:
        """The tree.

        Raises:
            QueryError: it cannot be understood.
        """
        if self._is("end"):
            return All(())
        tree = self._or()
        if not self._is("end"):
            raise QueryError("this bracket closes nothing.", self._token.position)
        return tree

    # -- the grammar ------------------------------------------------------------------------------------
    def _or(self) -> Node:
        parts = [self._and()]
        while self._is("or"):
            self._advance()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Any_(tuple(parts))

    def _and(self) -> Node:
        parts = [self._not()]
        while self._is("and", "not", "(", "term"):
            if self._is("and"):
                self._advance()
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _not(self) -> Node:
        token = self._token
        if token.term is not None:
            self._advance()
            return token.term
        if token.kind in (")", "and", "or", "end"):
            raise QueryError("here a condition is missing, such as state:failed.", token.position)
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise QueryError(f"brackets and nots nest deeper than {_MOST_DEPTH}.", token.position)
        self._advance()
        if token.kind == "not":
            found: Node = Not(self._not())
        else:
            found = self._or()
            if not self._is(")"):
                raise QueryError("this bracket is never closed.", token.position)
            self._advance()
        self._depth -= 1
        return found

    def _is(self, *kinds: str) -> bool:
        return self._token.kind in kinds

    # -- its words --------------------------------------------------------------------------------------
    def _advance(self) -> None:
        self._token = self._next()

    def _next(self) -> _Token:
        self._skip_space()
        start = self._at
        char = self._text[start : start + 1]
        if not char:
            return _Token("end", start)
        if char == "(":
            self._at += 1
            return _Token("(", start)
        if char == ")":
            self._at += 1
            return _Token(")", start)
        self._terms += 1
        if self._terms > _MOST_TERMS:
            raise QueryError(f"it has more than {_MOST_TERMS} conditions.", start)
        head = _HEAD.match(self._text, start)
        if head is None:
            return self._words_or_keyword(start)
        return _Token("term", start, self._term(head))

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _words_or_keyword(self, start: int) -> _Token:
        values = self._values()
        if len(values) == 1 and not values[0].quoted:
            word = values[0].text.lower()
            if word == "and":
                return _Token("and", start)
            if word == "or":
                return _Token("or", start)
            if word == "not":
                return _Token("not", start)
        return _Token("term", start, Words("", values))

    def _term(self, head: re.Match[str]) -> Node:
        name, operator = head["field"].lower(), head["operator"]
        field = FIELDS.get(name)
        if field is None:
            near = difflib.get_close_matches(name, FIELDS, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(FIELDS)}."
            raise QueryError(
                f"there is no field {safe(name, 40)}; {meant} Text with a {operator} in it goes into quotes.",
                head.start(),
            )
        self._at = head.end()
        if field.kind in ("name", "text"):
            if operator not in (":", "=", "!="):
                raise QueryError(f"{name} has no size to compare; write {name}:value.", head.start("operator"))
            words = Words(name, self._values(), exact=operator != ":")
            return Not(words) if operator == "!=" else words
        return self._comparison(name, field.kind, operator, head)

    def _comparison(self, name: str, kind: str, operator: str, head: re.Match[str]) -> Comparison:
        start = self._at
        text = self._word()
        if kind == "duration":
            if operator in (":", "=", "!="):
                raise QueryError(f"{name} is compared with < or >, as in {name}>2h.", head.start("operator"))
            limit = _duration(text.lower())
            if limit is None:
                raise QueryError(f"{safe(text, 40)!r} is no duration; write 90, 30s, 5m, 1h30m, 7d or 2w.", start)
            return Comparison(name, operator, text, limit)
        if not _NUMBER.fullmatch(text):
            raise QueryError(f"{safe(text, 40)!r} is no number.", start)
        return Comparison(name, "=" if operator == ":" else operator, text, float(text))

    # -- values -----------------------------------------------------------------------------------------
    def _values(self) -> tuple[Pattern, ...]:
        values = [self._value()]
        while self._text[self._at : self._at + 1] == ",":
            self._at += 1
            values.append(self._value())
        return tuple(values)

    def _value(self) -> Pattern:
        quote = self._text[self._at : self._at + 1]
        if quote in ("'", '"') and quote:
            return self._quoted(quote)
        start = self._at
        word = self._word()
        if not word:
            raise QueryError("here a value is missing.", start)
        return Pattern(word)

    def _quoted(self, quote: str) -> Pattern:
        start = self._at
        found: list[str] = []
        at = start + 1
        while at < len(self._text) and self._text[at] != quote:
            if self._text[at] == "\\" and self._text[at + 1 : at + 2] in (quote, "\\"):
                at += 1
            found.append(self._text[at])
            at += 1
        if at >= len(self._text):
            raise QueryError("these quotes are never closed.", start)
        self._at = at + 1
        return Pattern("".join(found), quoted=True)

    def _word(self) -> str:
        """Up to the next space, comma or bracket that does not belong to the word, as in `f(x)`."""
        start, depth = self._at, 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char.isspace() or char == "," or (char == ")" and not depth):
                break
            depth += (char == "(") - (char == ")")
            self._at += 1
        return self._text[start : self._at]


def _duration(text: str) -> float | None:
    """Seconds in `90`, `250ms`, `1h30m`; None where it is no duration."""
    if len(text) > 40:
        return None
    if _NUMBER.fullmatch(text):
        return float(text)
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in _PART.finditer(text))
