"""What a browser says, and what is said to it: messages of textual-serve's `textual.js`."""

from __future__ import annotations

import json
from typing import Any

#: Characters of one message, a paste for example; cells of a terminal.
MOST_CHARACTERS = 1 << 18
_LEAST, _MOST_COLUMNS, _MOST_ROWS = 2, 1000, 500


class NoMessage(ValueError):  # noqa: N818 - what it is
    """Something no page of ours says."""


def size(width: Any, height: Any) -> tuple[int, int]:
    """Columns and rows within reason; 80 and 24 for what is none."""
    return _cells(width, 80, _MOST_COLUMNS), _cells(height, 24, _MOST_ROWS)


def _cells(value: Any, otherwise: int, most: int) -> int:
    try:
        return max(_LEAST, min(most, int(value)))
    except (TypeError, ValueError, OverflowError):
        return otherwise


def packet(kind: bytes, payload: bytes) -> bytes:
    """A packet for Textual's web driver (`textual.drivers.web_driver`): `D` data, `M` meta."""
    return kind + len(payload).to_bytes(4, "big") + payload


def understood(text: str) -> tuple[str, bytes]:
    """What one message of a browser means.

    Returns:
        `keys`, `other` with a packet for the console, or `ping` with the answer.

    Raises:
        NoMessage: it means nothing.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise NoMessage from None
    match message:
        case ["stdin", str() as keys]:
            return "keys", packet(b"D", keys.encode("utf-8", "replace"))
        case ["resize", {"width": width, "height": height}]:
            columns, rows = size(width, height)
            return "other", _meta({"type": "resize", "width": columns, "height": rows})
        case ["ping", str() as mark]:
            return "ping", json.dumps(["pong", mark]).encode()
        case ["focus" | "blur" as what]:
            return "other", _meta({"type": what})
    raise NoMessage


def _meta(value: dict[str, Any]) -> bytes:
    return packet(b"M", json.dumps(value).encode())
