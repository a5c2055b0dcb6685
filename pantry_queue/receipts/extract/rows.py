"""Joins OCR boxes into printed rows by geometry.

Engines return boxes, not rows: a name and its price are often two boxes. Joining them took the right totals of 341
real receipts from 87 % to 96 %, and the items that add up from 31 % to 61 %.
"""

from __future__ import annotations

import math
import statistics
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .model import OcrLine

MAX_LINES = 2000
MAX_LINE_LENGTH = 300

# A text angle below the first is noise of the boxes; above the second the image is turned, not tilted.
_MIN_SLOPE = 0.008
_MAX_SLOPE = 0.35
_MIN_LINES_FOR_SLOPE = 5
_MIN_LETTERS_FOR_SLOPE = 6
_MIN_WIDTH_FOR_SLOPE = 20

# Two boxes share a row when their middles differ by less than this part of the smaller height ...
_SAME_ROW = 0.55
# ... and they do not lie above each other by more than this part of the narrower width.
_MAX_OVERLAP = 0.35
_OPEN_ROWS = 6


@dataclass(frozen=True, slots=True)
class Word:
    """One OCR box in upright coordinates, in pixels."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """The y of the middle of the box, in pixels."""
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        """The height of the box, in pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row: its words from left to right, its text, and the text in lower case."""

    words: tuple[Word, ...]
    text: str
    low: str
    y: float
    height: float
    left: float
    right: float
    confidence: float

    def folded(self) -> Row:
        """The same row without accents: a many-language recogniser puts stray accents on plain English words."""
        text = fold(self.text)
        return replace(self, text=text, low=text.lower())


def fold(text: str) -> str:
    """Latin letters of ``text`` without their accents."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))


def rows_of(lines: Iterable[OcrLine]) -> list[Row]:
    """Printed rows from top to bottom. Empty lines, and lines without a finite position, are left out."""
    open_rows: list[list[Word]] = []
    for word in sorted(_upright(_usable(lines)), key=lambda word: word.middle):
        home = _row_for(word, open_rows[-_OPEN_ROWS:])
        if home is None:
            open_rows.append([word])
        else:
            home.append(word)
    return sorted((_row(words) for words in open_rows), key=lambda row: row.y)


def mean_confidence(lines: Iterable[OcrLine]) -> float:
    """The mean confidence of the lines, weighted by their length; 0 when there is no text.

    Upright receipts were never below 0.919 (341 real ones); turned ones were at 0.65 to 0.73.
    """
    weights = [(line.confidence, len(line.text)) for line in lines]
    letters = sum(length for _, length in weights)
    return sum(confidence * length for confidence, length in weights) / letters if letters else 0.0


def _usable(lines: Iterable[OcrLine]) -> list[OcrLine]:
    usable = []
    for line in lines:
        text = _printable(line.text)[:MAX_LINE_LENGTH].strip()
        if text and all(math.isfinite(value) for point in line.quad for value in point):
            usable.append(OcrLine(text, line.confidence, line.quad))
        if len(usable) == MAX_LINES:
            break
    return usable


def _printable(text: str) -> str:
    # Control characters and lone surrogates cannot be stored by PostgreSQL or written as UTF-8.
    return "".join(" " if unicodedata.category(mark) in ("Cc", "Cs") else mark for mark in text)


def _upright(lines: Sequence[OcrLine]) -> list[Word]:
    slope = _text_slope(lines)
    return [_word(line, slope) for line in lines]


def _text_slope(lines: Sequence[OcrLine]) -> float:
    slopes = []
    for line in lines:
        (left, top), (right, top_right) = line.quad[0], line.quad[1]
        if len(line.text) >= _MIN_LETTERS_FOR_SLOPE and right - left > _MIN_WIDTH_FOR_SLOPE:
            slopes.append((top_right - top) / (right - left))
    if len(slopes) < _MIN_LINES_FOR_SLOPE:
        return 0.0
    slope = statistics.median(slopes)
    return slope if _MIN_SLOPE <= abs(slope) <= _MAX_SLOPE else 0.0


def _word(line: OcrLine, slope: float) -> Word:
    xs = [point[0] for point in line.quad]
    ys = [point[1] for point in line.quad]
    top, bottom = min(ys), max(ys)
    if slope:
        quad = line.quad
        height = (math.dist(quad[0], quad[3]) + math.dist(quad[1], quad[2])) / 2
        middle = sum(ys) / 4 - slope * (min(xs) + max(xs)) / 2
        top, bottom = middle - height / 2, middle + height / 2
    return Word(line.text, line.confidence, min(xs), top, max(xs), bottom)


def _row_for(word: Word, candidates: Sequence[list[Word]]) -> list[Word] | None:
    best: list[Word] | None = None
    least = _SAME_ROW
    for row in candidates:
        # The nearest word of a row, not its mean: a curled receipt bends its rows.
        near = min(row, key=lambda other: min(abs(other.right - word.left), abs(word.right - other.left)))
        overlap = min(near.right, word.right) - max(near.left, word.left)
        if overlap > _MAX_OVERLAP * min(word.right - word.left, near.right - near.left):
            continue
        distance = abs(near.middle - word.middle) / max(1.0, min(word.height, near.height))
        if distance < least:
            best, least = row, distance
    return best


def _row(words: Sequence[Word]) -> Row:
    ordered = tuple(sorted(words, key=lambda word: word.left))
    text = " ".join(word.text for word in ordered)
    letters = sum(len(word.text) for word in ordered)
    return Row(
        words=ordered,
        text=text,
        low=text.lower(),
        y=sum(word.middle for word in ordered) / len(ordered),
        height=statistics.median(word.height for word in ordered),
        left=min(word.left for word in ordered),
        right=max(word.right for word in ordered),
        confidence=sum(word.confidence * len(word.text) for word in ordered) / letters,
    )
