"""What goes into the extraction and what comes out of it. All values are frozen; all money is exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
DateOrder = Literal["DMY", "MDY"]


@dataclass(frozen=True, slots=True)
class OcrLine:
    """One piece of text as an OCR engine found it.

    ``confidence`` runs from 0 to 1. ``quad`` holds the four corners in pixels of the image, clockwise from the
    top left corner *of the text* (x to the right, y down).
    """

    text: str
    confidence: float
    quad: Quad

    @classmethod
    def from_box(cls, text: str, confidence: float, box: tuple[float, float, float, float]) -> OcrLine:
        """Make a line from an upright box ``(left, top, right, bottom)`` in pixels."""
        left, top, right, bottom = box
        return cls(text, confidence, ((left, top), (right, top), (right, bottom), (left, bottom)))


@dataclass(frozen=True, slots=True)
class Metadata:
    """The head facts of a receipt; ``None`` where nothing was found.

    ``total_amount`` has two places. ``currency`` is an ISO 4217 code. ``confidence`` runs from 0 to 1.
    """

    merchant_name: str | None
    purchase_date: date | None
    total_amount: Decimal | None
    currency: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Item:
    """One printed position. Prices have two places; ``quantity`` is a count or a weight, always above zero."""

    item_name: str | None
    quantity: Decimal
    unit_price: Decimal
    total_price: Decimal
    currency: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether the result can be used. ``valid`` is false exactly when there are ``errors``.

    ``warnings`` name what a person may want to look at. ``confidence`` runs from 0 to 1.
    """

    valid: bool
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything read from one receipt. ``raw_text`` has one line for each printed row, as it was recognised."""

    metadata: Metadata
    items: tuple[Item, ...]
    raw_text: str
    validation: Validation
