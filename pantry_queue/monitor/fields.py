"""What the bytes of RQ's fields mean; whatever cannot be read is None, never an exception.

Encodings from the RQ 3.0 source: `rq.utils.utcformat` for times, `rq.results` and `rq.job` for tracebacks.
"""

from __future__ import annotations

import binascii
import json
import math
import zlib
from datetime import UTC, datetime
from functools import lru_cache

from pantry_queue.text import SafeText, mask_secrets, safe, safe_lines

#: Bytes of a compressed text that are read; what is longer is cut.
INFLATED_LIMIT = 256 * 1024
#: How much text beyond the shown part is looked at for secrets that begin inside it.
_MASK_AHEAD = 600
#: Bytes of a text worth keeping in case it comes again.
_SHORT = 120
_NOTHING = SafeText("")


def line(value: bytes | None, limit: int = 500) -> SafeText:
    """Foreign text as one safe line with secrets masked; what was cut is counted at the end."""
    if not value:
        return _NOTHING
    if len(value) <= _SHORT:
        return _short_line(value, limit)
    return shown(value.decode("utf-8", "backslashreplace"), limit)


@lru_cache(maxsize=8192)
def _short_line(value: bytes, limit: int) -> SafeText:
    """Names of hosts, versions, queues and functions come again in every row."""
    return shown(value.decode("utf-8", "backslashreplace"), limit)


def shown(text: str, limit: int = 500, *, reveal: bool = False) -> SafeText:
    """`line` for text that is decoded already; `reveal` leaves secrets in."""
    ahead = min(len(text), limit + _MASK_AHEAD)
    head = text[:ahead] if reveal else mask_secrets(text[:ahead])
    cut = len(text) - ahead + max(0, len(head) - limit)
    kept = safe(head[:limit], None)
    return SafeText(f"{kept}…(+{cut:,})") if cut else kept


def lines(value: bytes | None, max_lines: int = 2000) -> tuple[SafeText, ...]:
    """Foreign text of several lines, such as a traceback, safe and with secrets masked."""
    if not value:
        return ()
    text = value.decode("utf-8", "backslashreplace")
    return safe_lines("\n".join(mask_secrets(part) for part in text.split("\n")), max_lines)


def last_line(value: bytes | None, limit: int = 500) -> SafeText | None:
    """The line that decides a traceback; None when there is none."""
    stripped = (value or b"").rstrip()
    if not stripped:
        return None
    return line(stripped.rpartition(b"\n")[2].strip(), limit)


def when(value: bytes | None) -> datetime | None:
    """A time as RQ writes it, with or without a fraction; a unix time as executions hold it works too."""
    if not value or len(value) > 40:
        return None
    try:
        text = value.decode("ascii")
        if "T" not in text:
            return moment(float(text))
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moment(seconds: float) -> datetime | None:
    """A unix time; None where it is none, as RQ's scores `inf` (never) and -1 (kept for ever)."""
    if not math.isfinite(seconds) or seconds < 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def whole(value: bytes | None) -> int | None:
    """An integer of at most 18 digits."""
    if not value or len(value) > 19:
        return None
    try:
        return int(value)
    except ValueError:
        return None


def real(value: bytes | None) -> float | None:
    """A finite number."""
    if not value or len(value) > 40:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def strings(value: bytes | None, most: int = 200) -> tuple[str, ...]:
    """The strings of a JSON list, at most `most`."""
    items = _json_list(value)
    return tuple(item for item in items[:most] if isinstance(item, str))


def wholes(value: bytes | None, most: int = 200) -> tuple[int, ...]:
    """The integers of a JSON list, at most `most`."""
    return tuple(item for item in _json_list(value)[:most] if isinstance(item, int) and abs(item) < 10**18)


def _json_list(value: bytes | None) -> list[object]:
    if not value or len(value) > INFLATED_LIMIT:
        return []
    try:
        items = json.loads(value)
    except (ValueError, RecursionError):
        return []
    return items if isinstance(items, list) else []


def inflate(stored: bytes, limit: int = INFLATED_LIMIT) -> tuple[bytes, bool]:
    """The content of a field that may be compressed, as RQ falls back to the bytes themselves.

    Returns:
        At most `limit` bytes, and whether there was more.
    """
    machine = zlib.decompressobj()
    try:
        content = machine.decompress(stored, limit)
    except zlib.error:
        return stored[:limit], len(stored) > limit
    if not content and not machine.eof:  # a few bytes that merely begin like compressed ones, such as the JSON `80`
        return stored[:limit], len(stored) > limit
    return content, bool(machine.unconsumed_tail) or not machine.eof


def unpacked(encoded: bytes | None) -> bytes | None:
    """A value of a result entry out of its base64; None when it is not one."""
    if not encoded:
        return None
    try:
        return binascii.a2b_base64(encoded)
    except (binascii.Error, ValueError):
        return None


def traceback_text(encoded: bytes | None) -> bytes | None:
    """The `exc_string` of a result entry: base64 of compressed text."""
    packed = unpacked(encoded)
    return inflate(packed)[0] if packed else None


def job_of(member: bytes) -> bytes:
    """The job id in a member of the started registry, `job:execution` since RQ 2.0 and the bare id before."""
    head, _, _ = member.rpartition(b":")
    return head or member
