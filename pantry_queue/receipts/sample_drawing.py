"""Draws the lines of a receipt in dark print on white paper."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_MARGIN = 30
_LARGE = 1.45
_LINE = 1.55
_MIN_GAP = 20
_SMALLER = 0.92
_SMALLEST = 12.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of print: in the middle, at both edges, a rule across, or a gap."""

    kind: Literal["centred", "pair", "rule", "gap"]
    left: str = ""
    right: str = ""
    large: bool = False

    @classmethod
    def centred(cls, text: str, *, large: bool = False) -> Line:
        """``text`` in the middle."""
        return cls("centred", text, large=large)

    @classmethod
    def pair(cls, left: str, right: str = "", *, large: bool = False) -> Line:
        """``left`` at the left edge and ``right`` at the right one."""
        return cls("pair", left, right, large)

    @classmethod
    def rule(cls) -> Line:
        """A line of dashes."""
        return cls("rule")

    @classmethod
    def gap(cls) -> Line:
        """An empty line."""
        return cls("gap")


def draw_receipt(lines: Sequence[Line], chance: random.Random) -> Image.Image:
    """A grey picture of the lines; width, letter size and ink vary with ``chance``."""
    width = chance.choice([560, 620, 700])
    size = chance.choice([24.0, 26.0, 28.0])
    heights = [size * _LINE * (_LARGE if line.large else 1) for line in lines]
    picture = Image.new("L", (width, round(2 * _MARGIN + sum(heights))), 255)
    pen = _Pen(ImageDraw.Draw(picture), width, ink=chance.randint(10, 50))
    y = float(_MARGIN)
    for line, height in zip(lines, heights, strict=True):
        pen.write(line, y, size * (_LARGE if line.large else 1))
        y += height
    return picture


@dataclass(frozen=True, slots=True)
class _Pen:
    draw: ImageDraw.ImageDraw
    width: int
    ink: int

    def write(self, line: Line, y: float, size: float) -> None:
        if line.kind == "rule":
            font = _font(size)
            dashes = int((self.width - 2 * _MARGIN) / font.getlength("-"))
            self.draw.text((_MARGIN, y), "-" * dashes, font=font, fill=self.ink)
        elif line.kind != "gap":
            font = self._fitting(line, size)
            left = _MARGIN if line.kind == "pair" else (self.width - font.getlength(line.left)) / 2
            self.draw.text((left, y), line.left, font=font, fill=self.ink)
            right = self.width - _MARGIN - font.getlength(line.right)
            self.draw.text((right, y), line.right, font=font, fill=self.ink)

    def _fitting(self, line: Line, size: float) -> Font:
        room = self.width - 2 * _MARGIN - (_MIN_GAP if line.right else 0)
        font = _font(size)
        while font.getlength(line.left) + font.getlength(line.right) > room and size > _SMALLEST:
            size *= _SMALLER
            font = _font(size)
        return font


def _font(size: float) -> Font:
    return ImageFont.load_default(size)
