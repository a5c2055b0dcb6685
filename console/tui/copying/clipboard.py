"""The terminal's clipboard, by OSC 52: the terminal takes the text, or does not, and never answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping

#: Bytes that are sent at most; terminals drop longer ones, some of them without a word.
LIMIT = 100_000
#: GNU screen passes on what stands in a device control string, of which it takes so many characters.
_SCREEN_PIECE = 250


def multiplexer(environ: Mapping[str, str]) -> str:
    """What stands between us and the terminal: `tmux`, `screen`, or nothing; of both the inner one, as `TERM` tells."""
    if environ.get("STY") and not (environ.get("TMUX") and environ.get("TERM", "").startswith("tmux")):
        return "screen"
    return "tmux" if environ.get("TMUX") else ""


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """What has to be written to the terminal; text reaches it in base64 alone, so nothing in it can be obeyed."""
    coded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    plain = f"\x1b]52;c;{coded}\x07"
    if multiplexer(environ) != "screen":
        return plain
    pieces = (plain[at : at + _SCREEN_PIECE] for at in range(0, len(plain), _SCREEN_PIECE))
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)


def caveat(environ: Mapping[str, str]) -> str:
    """What has to be so for it to arrive; empty where nothing is known to stand in the way."""
    return {"tmux": "tmux passes it on with: set -s set-clipboard on", "": ""}.get(multiplexer(environ), "")
