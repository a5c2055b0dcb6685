"""Pure: pictures that look the same everywhere.

Rich's SVG asks a web server for its font and leaves blanks to the viewer, which some collapse. Here every run of text
is placed on its own cell, dots and blocks are drawn as shapes, and the font is one the reader's machine has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape

from rich.cells import cell_len

#: Cells of Rich's SVG template (`rich.console.Console.export_svg`), in its units.
_CELL, _LINE, _BASELINE = 12.2, 24.4, 18.5
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_TEXT = re.compile(
    r'<text class="(?P<look>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+" '
    r'clip-path="(?P<clip>[^"]+)">(?P<text>[^<]*)</text>'
)
#: Runs that are drawn alike: shapes one by one, text up to the next two blanks.
_RUN = re.compile(r"[\u2800-\u28ff]+|[▁▂▃▄▅▆▇█▐]+|─+|(?:(?! {2}| $)[^\u2800-\u28ff▁▂▃▄▅▆▇█▐─])+")
_BLOCKS = " ▁▂▃▄▅▆▇█"
#: Bit of a braille cell -> column and row of its dot.
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def tidied(svg: str) -> str:
    """`svg`, as Textual's `export_screenshot` makes it, without outside fonts and with everything on its cell."""
    svg = _FONT_FACE.sub("", svg)
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {_FONTS}")
    return _TEXT.sub(lambda match: "".join(_pieces(match)), svg)


def _pieces(match: re.Match[str]) -> Iterator[str]:
    text = unescape(match["text"]).replace("\xa0", " ")
    left, baseline = float(match["x"]), float(match["y"])
    top = baseline - _BASELINE
    for run in _RUN.finditer(text):
        body = run[0].strip(" ")
        if not body:
            continue
        begins = run.start() + len(run[0]) - len(run[0].lstrip(" "))
        x = left + _CELL * cell_len(text[:begins])
        if "\u2800" <= body[0] <= "\u28ff":
            yield _path(match["look"], _dots(body, x, top))
        elif body[0] in "▁▂▃▄▅▆▇█▐":
            yield _path(match["look"], _bars(body, x, top))
        elif body[0] == "─":
            yield _path(match["look"], _box(x, top + _LINE / 2 - 0.7, _CELL * len(body), 1.4))
        else:
            width = _CELL * cell_len(body)
            yield (
                f'<text class="{match["look"]}" x="{x:.1f}" y="{baseline:.1f}" textLength="{width:.1f}" '
                f'clip-path="{match["clip"]}">{escape(body).replace(" ", "&#160;")}</text>'
            )


def _path(look: str, outline: str) -> str:
    return f'<path class="{look}" d="{outline}"/>'


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"


def _dots(text: str, x: float, top: float) -> str:
    size, across, down = 3.6, _CELL / 2, _LINE / 4
    return "".join(
        _box(x + place * _CELL + column * across + 1.2, top + row * down + 1.2, size, size)
        for place, char in enumerate(text)
        for bit, (column, row) in enumerate(_DOTS)
        if ord(char) >> bit & 1
    )


def _bars(text: str, x: float, top: float) -> str:
    outline: list[str] = []
    for place, char in enumerate(text):
        if char == "▐":
            outline.append(_box(x + (place + 0.5) * _CELL, top, _CELL / 2, _LINE))
        else:
            height = _LINE * _BLOCKS.index(char) / 8
            outline.append(_box(x + place * _CELL, top + _LINE - height, _CELL, height))
    return "".join(outline)
