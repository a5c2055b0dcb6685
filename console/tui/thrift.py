"""Colours and weights written once: each change of style says what differs from the one before, not all of it again.

Rich ends every piece of text with a reset and begins the next one from nothing: a third of what a changed row costs
is the ground said again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
#: Cursor moves and marks of a frame, which look the same in any style.
_NEUTRAL = re.compile(r"(?:\x1b\[\d+;\d+H|\x1b\[\?2026[hl]|[\r\n])*")
#: What switches an attribute off (ECMA-48, 8.3.117); 22 both bold and faint, 24 both kinds of underlines.
_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 21: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29, 53: 55}


class _Style(NamedTuple):
    attributes: frozenset[int] = frozenset()
    colour: str = ""
    ground: str = ""


_PLAIN = _Style()


def thrifty(data: str) -> str:
    """The same picture in fewer bytes.

    Args:
        data: what is written to a terminal at once. It begins in the terminal's own style.

    Returns:
        what leaves the same cells, styles and cursor behind; `data` itself where it holds what is not understood.
    """
    made: list[str] = []
    there = wanted = _PLAIN
    end = 0
    for match in _SGR.finditer(data):
        text, end = data[end : match.start()], match.end()
        if text and not _NEUTRAL.fullmatch(text):
            made.append(_change(there, wanted))
            there = wanted
        made.append(text)
        said = _said(wanted, match[1])
        if said is None:
            return data
        wanted = said
    text = data[end:]
    if _NEUTRAL.fullmatch(text):
        made += (text, _change(there, wanted))
    else:
        made += (_change(there, wanted), text)
    return "".join(made)


def _said(style: _Style, parameters: str) -> _Style | None:
    """A style after a sequence; None when there is something in it that we do not know."""
    codes = iter([int(one or 0) for one in parameters.split(";")])
    attributes, colour, ground = set(style.attributes), style.colour, style.ground
    for code in codes:
        if code == 0:
            attributes, colour, ground = set(), "", ""
        elif code in _OFF:
            attributes.add(code)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = str(code)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            ground = str(code)
        elif code == 39:
            colour = ""
        elif code == 49:
            ground = ""
        elif code in (38, 48) and (exact := _exact(code, codes)):
            colour, ground = (exact, ground) if code == 38 else (colour, exact)
        else:
            return None
    return _Style(frozenset(attributes), colour, ground)


def _exact(code: int, codes: Iterator[int]) -> str:
    """A colour by number or by its parts; empty when it is neither."""
    kind = next(codes, 0)
    parts = [next(codes, -1) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    return ";".join(map(str, (code, kind, *parts))) if parts and min(parts) >= 0 else ""


def _change(there: _Style, wanted: _Style) -> str:
    """The shorter way from one style to another: by what differs, or from nothing."""
    if there == wanted:
        return ""
    anew = ["0", *map(str, sorted(wanted.attributes)), *filter(None, (wanted.colour, wanted.ground))]
    off = {_OFF[one] for one in there.attributes - wanted.attributes}
    on = {one for one in wanted.attributes if one not in there.attributes or _OFF[one] in off}
    differing = [*map(str, sorted(off)), *map(str, sorted(on))]
    if wanted.colour != there.colour:
        differing.append(wanted.colour or "39")
    if wanted.ground != there.ground:
        differing.append(wanted.ground or "49")
    return f"\x1b[{min(';'.join(differing), ';'.join(anew), key=len)}m"
