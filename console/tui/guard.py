"""The last line of defence before the terminal, and ASCII mode.

Text is made safe where it enters (`pantry_queue.text`); this filter stands at the other end and lets no control
character of any widget through, ours or Textual's. In ASCII mode nothing above 127 leaves the program.
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from console.tui.present.states import LOOKS

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def _table() -> dict[int, str]:
    table = {ord(look.glyph): look.ascii for look in LOOKS.values()}
    pairs = {
        "-": "─━╌▔▁╴╶═⎯–—",
        "|": "│┃▏▎▊▌┊║╷╵▕",
        "+": "┌┐└┘├┤┬┴┼╭╮╰╯╒╕╞╡✓",
        "#": "█▉▇▆▅▓▐",
        "=": "▄▃▂▒░",
        ">": "❯▸▶→›»",
        "<": "←‹◂",
        "^": "↑▲",
        "v": "↓▼",
        "~": "…",
        ".": "·",
        "*": "●",
    }
    for plain, fancy in pairs.items():
        table.update(dict.fromkeys(map(ord, fancy), plain))
    # Braille cells of charts: by how much of the cell is filled.
    for code in range(0x2800, 0x2900):
        table[code] = " .:-=+*##"[(code - 0x2800).bit_count()]
    return table


_ASCII = _table()


#: Characters the console draws with beyond ASCII; of the braille cells, which are alike, one.
DRAWN = tuple(char for char in map(chr, _ASCII) if not "\u2800" <= char < "\u28ff")


class TerminalGuard(LineFilter):
    """The filter.

    Args:
        ascii_only: whether nothing but ASCII may leave.
    """

    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__(True)
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Each segment without what a terminal could obey."""
        return [self._checked(segment) for segment in segments]

    def _checked(self, segment: Segment) -> Segment:
        text = segment.text
        if segment.control or (text.isascii() and text.isprintable()):
            return segment
        if not text.isprintable():
            text = _UNSAFE.sub("", text)
        if self.ascii_only and not text.isascii():
            text = "".join(_plain(char) for char in text)
        return segment if text is segment.text else Segment(text, segment.style)


def _plain(char: str) -> str:
    if char.isascii():
        return char
    return _ASCII.get(ord(char)) or "?" * cell_len(char)
