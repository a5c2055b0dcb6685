"""What the store gives out and takes in: frozen, plain, with no tie to a database session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

OcrStatus = Literal["pending", "processing", "completed", "failed"]

#: In the order a receipt goes through them.
OCR_STATUSES: tuple[OcrStatus, ...] = ("pending", "processing", "completed", "failed")

#: A receipt somebody handed in, and one whose fields and items are known.
UPLOADED = "uploaded"
PROCESSED = "processed"


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """One printed line of a receipt as the agent read it. Money is in the item's currency.

    Attributes:
        quantity: pieces, or kilograms and the like; None when the receipt does not say.
        confidence: 0 to 1, None when the agent does not say.
    """

    item_name: str
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    total_price: Decimal | None = None
    currency: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything one reading of a receipt found.

    Attributes:
        purchase_date: None when it could not be read; the date given at upload is then kept.
        ocr_text: the text as printed, lines separated by newlines.
        confidence: 0 to 1.
        errors: what the agent or the task found wrong with it, errors before warnings; empty is a clean reading.
        engine: name and version of what read it; empty when the agent does not say.
        image_sha256: of the image's bytes, hexadecimal; empty when the agent does not say.
    """

    merchant_name: str | None = None
    purchase_date: date | None = None
    total_amount: Decimal | None = None
    currency: str | None = None
    confidence: float | None = None
    items: tuple[ExtractedItem, ...] = ()
    ocr_text: str = ""
    errors: tuple[str, ...] = ()
    engine: str = ""
    image_sha256: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    """A stored line of a receipt. Times are aware and UTC."""

    id: int
    item_name: str
    quantity: Decimal | None
    unit_price: Decimal | None
    total_price: Decimal | None
    currency: str | None
    confidence: float | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored receipt with its items in printed order. Times are aware and UTC.

    Attributes:
        status: the receipt's own state: `uploaded`, then `processed` once it was read; a failed reading leaves it.
        ocr_status: where its reading stands.
        extraction_errors: why the reading failed, or what is doubtful about it.
        parsed_at: end of the last successful reading.
    """

    id: int
    user_id: int
    image_path: str
    purchase_date: date | None
    status: str
    ocr_status: OcrStatus
    ocr_text: str | None
    merchant_name: str | None
    total_amount: Decimal | None
    currency: str | None
    extraction_confidence: float | None
    extraction_errors: tuple[str, ...]
    parsed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    items: tuple[ReceiptItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job over a receipt. Times are aware and UTC.

    Attributes:
        fence: its number among the runs over this receipt, counted from 1.
        job_id: empty when no job ran it.
        ended_at: None while it runs, or when it ended without a word.
        kind: `running`, `completed`, `lost` (it ended without a word, and another run came), `overtaken` (it came
            back after that; nothing was stored), or the class of what ended it.
        message: what ended it, in a sentence.
    """

    fence: int
    job_id: str
    at: datetime
    ended_at: datetime | None
    kind: str
    message: str
