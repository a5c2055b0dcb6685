"""From OCR lines to a receipt: the rules of this package in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .currency import find_currency, is_american
from .dates import find_purchase_date
from .items import find_items
from .merchant import find_merchant
from .model import DateOrder, Extraction, Metadata, OcrLine
from .page import page_of
from .rows import rows_of
from .total import find_total
from .validate import Findings, validate


def extract(
    lines: Sequence[OcrLine],
    *,
    today: date | None = None,
    date_order: DateOrder | None = None,
    default_currency: str | None = None,
) -> Extraction:
    """Read merchant, purchase date, total, currency and items from the lines an OCR engine found.

    Pure: the same lines and settings give the same result, and no text makes it raise.

    :param lines: the recognised lines in any order, corners in pixels
    :param today: the latest day a receipt can be from; the system's date when absent
    :param date_order: how "03/04/2026" is read; by default month first only on receipts that are clearly American
    :param default_currency: ISO 4217 code for a receipt that shows none
    """
    rows = rows_of(lines)
    currency = find_currency(rows) or default_currency
    order: DateOrder = date_order or ("MDY" if is_american(rows, currency) else "DMY")
    page = page_of(rows, currency)
    total = find_total(page)
    named_row = total.row if total is not None and total.kind == "word" else None
    findings = Findings(
        page=page,
        total=total,
        purchase_date=find_purchase_date(page.rows, order=order, today=today),
        merchant=find_merchant(page.rows, has_amount=[bool(amounts) for amounts in page.amounts]),
        items=find_items(page, total_row=named_row, total=total.value if total else None),
    )
    validation, confidence = validate(findings)
    metadata = Metadata(
        merchant_name=findings.merchant.name if findings.merchant else None,
        purchase_date=findings.purchase_date.value if findings.purchase_date else None,
        total_amount=total.value if total else None,
        currency=currency,
        confidence=confidence,
    )
    return Extraction(metadata, tuple(findings.items), "\n".join(row.text for row in rows), validation)
