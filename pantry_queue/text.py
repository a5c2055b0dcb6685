"""Text from Redis made safe, once, where it enters.

Every terminal library passes escape sequences on (docs/architecture.md, law 8), so nothing that came from Redis
is shown before it went through `safe` or `safe_lines`. Both make control characters, bidirectional overrides,
zero-width and private-use characters visible instead of dropping them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Unicode lets combining marks pile up without end; more than this many on one letter are dropped.
_MAX_MARKS = 2
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_SECRET_WORDS = r"(?:pass|secret|token|api_?key|authorization|credential|private_?key)"
_SECRET_NAME = re.compile(_SECRET_WORDS, re.IGNORECASE)
# The text is foreign, so no repetition may be made to cost its square: each has an upper bound, or keeps what it took.
_URL_PASSWORD = re.compile(
    r"(?P<head>[a-z][a-z0-9+.-]{0,30}://[^:@/\s'\"]{0,250}:)[^@\s'\"]{1,500}@",
    re.IGNORECASE,
)
_QUOTED = r"""[bru]{0,2}(?:'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?)"""
_CALLED = r"[\w.]{0,100}[(\[{][^)\]}]*+[)\]}]?"
_BARE = r"[^\s,;&)\]}'\"]++"
#: `name=value` as in calls and queries, `'name': value` as in dicts and JSON, `name = 'value'` as in code.
_SECRET_VALUE = re.compile(
    rf"(?P<head>{_SECRET_WORDS}[\w-]{{0,40}}(?:=|['\"]\s?:\s?))(?!None\b)(?:{_QUOTED}|{_CALLED}|{_BARE})"
    rf"|(?P<code>{_SECRET_WORDS}[\w-]{{0,40}}\s{{0,9}}[:=]\s{{0,9}}){_QUOTED}"
    rf"|(?P<scheme>authorization:?\s{{0,9}}(?:bearer|basic|token)\s{{1,9}}){_BARE}",
    re.IGNORECASE | re.DOTALL,
)
MASK = "***"


class SafeText(str):
    """Printable text on one line. Only `safe` and `safe_lines` make it from foreign text."""

    __slots__ = ()


def _visible(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escaped(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me"):
            marks += 1
            if marks <= _MAX_MARKS:
                yield char
            continue
        marks = 0
        yield char if char.isprintable() else _visible(char)


def safe(value: str | bytes | None, limit: int | None = 500) -> SafeText:
    """Foreign text as one printable line.

    Args:
        value: text, or bytes read as UTF-8 (bytes that are not become `\\xNN`); None is empty.
        limit: characters of the input that are kept; what was cut is counted at the end as `…(+n)`.
    """
    if value is None:
        return SafeText("")
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    cut = ""
    if limit is not None and len(text) > limit:
        cut = f"…(+{len(text) - limit:,})"
        text = text[:limit]
    if text.isascii() and text.isprintable():
        return SafeText(text + cut)
    return SafeText("".join(_escaped(text)) + cut)


def safe_lines(value: str | bytes | None, max_lines: int = 2000, max_width: int = 2000) -> tuple[SafeText, ...]:
    """Foreign text of several lines, such as a traceback, each made safe by `safe`.

    Args:
        value: text or UTF-8 bytes.
        max_lines: lines kept, from the end (a traceback decides in its last line); a first line counts the rest.
        max_width: characters kept of each line.
    """
    if value is None:
        return ()
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    left_out = len(lines) - max_lines
    kept = [safe(line.expandtabs(4), max_width) for line in lines[-max_lines:]]
    if left_out > 0:
        kept.insert(0, SafeText(f"… {left_out:,} lines left out"))
    return tuple(kept)


def is_secret_name(name: str) -> bool:
    """Whether the value under this key or argument name is masked unless asked for."""
    return _SECRET_NAME.search(name) is not None


def mask_secrets(text: str) -> str:
    """`text` with passwords inside URLs, and values written next to a secret-looking name, replaced by `***`."""
    masked = _URL_PASSWORD.sub(rf"\g<head>{MASK}@", text) if "://" in text else text
    if not _SECRET_NAME.search(masked):
        return masked
    return _SECRET_VALUE.sub(lambda match: (match["head"] or match["code"] or match["scheme"]) + MASK, masked)
