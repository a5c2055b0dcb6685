"""Whether the parts of a receipt fit together, and how sure the reading is.

Items that do not add up are a warning: of 24 real receipts where no sum agreed, all 24 totals were right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .dates import PurchaseDate
from .merchant import Merchant
from .model import Item, Validation
from .page import Page
from .patterns import any_of
from .total import Total

_SUM_TOLERANCE = Decimal("0.05")
_TOLERANCE_PER_ITEM = Decimal("0.005")
_PRODUCT_TOLERANCE = Decimal("0.02")
# Upright receipts read at 0.919 and more, turned ones at 0.73 and less.
_POOR_READING = 0.85

_TAX = any_of(r"\b(gst|tax|vat|sst|mwst|ust|service\s*(tax|charge|chg)|svc|pb1|ppn)\b")
_NO_TAX_AMOUNT = any_of(r"incl|summary|id|no\b|reg")


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules found, before it is judged."""

    page: Page
    total: Total | None
    purchase_date: PurchaseDate | None
    merchant: Merchant | None
    items: Sequence[Item]


def validate(findings: Findings) -> tuple[Validation, float]:
    """The verdict on the findings, and the confidence of the head facts (0 to 1)."""
    errors = _errors(findings.total)
    warnings = _missing(findings)
    agreements, disagreements = _arithmetic(findings)
    warnings += disagreements
    reading = _reading(findings.page)
    if findings.page.rows and reading < _POOR_READING:
        warnings.append(f"the text was hard to read (confidence {reading:.2f})")
    confidence = round(_confidence(findings, agreements), 3)
    judged = round(min(1.0, max(0.0, confidence + 0.05 * agreements - 0.08 * len(errors))), 3)
    return Validation(not errors, tuple(errors), tuple(warnings), judged), confidence


def _errors(total: Total | None) -> list[str]:
    if total is None:
        return ["total_amount was not found"]
    if total.value <= 0:
        return [f"total_amount {total.value} is not positive"]
    return []


def _missing(findings: Findings) -> list[str]:
    present: dict[str, str | date | Sequence[Item] | None] = {
        "purchase_date": findings.purchase_date.value if findings.purchase_date else None,
        "merchant_name": findings.merchant.name if findings.merchant else None,
        "currency": findings.page.currency,
        "items": findings.items,
    }
    return [f"{name} was not found" for name, value in present.items() if not value]


def _arithmetic(findings: Findings) -> tuple[int, list[str]]:
    """How many sums agree with the total, and a sentence for each that does not."""
    total, items = findings.total, findings.items
    if total is None:
        return 0, []
    agreements, warnings = 0, []
    if items:
        if _items_agree(findings.page, total, items):
            agreements += 1
        else:
            warnings.append(f"the sum of the items {_sum(items)} differs from the total {total.value}")
        warnings += [
            f"quantity x unit_price differs from total_price: {item.item_name}"
            for item in items
            if abs(item.quantity * item.unit_price - item.total_price) > _PRODUCT_TOLERANCE
        ]
    if total.net is not None:
        if total.net == total.value:
            agreements += 1
        else:
            warnings.append(f"cash less change {total.net} differs from the total {total.value}")
    return agreements, warnings


def _items_agree(page: Page, total: Total, items: Sequence[Item]) -> bool:
    tolerance = max(_SUM_TOLERANCE, _TOLERANCE_PER_ITEM * len(items))
    tax = _tax(page)
    targets = [total.value, total.subtotal, total.value - tax if tax else None]
    return any(target is not None and abs(_sum(items) - target) <= tolerance for target in targets)


def _sum(items: Sequence[Item]) -> Decimal:
    return sum((item.total_price for item in items), Decimal("0.00"))


def _tax(page: Page) -> Decimal:
    taxes = [
        amounts[-1].value
        for row, amounts in zip(page.rows, page.amounts, strict=True)
        if amounts and _TAX.search(row.low) and not _NO_TAX_AMOUNT.search(row.low)
    ]
    return sum(taxes, Decimal("0.00"))


def _reading(page: Page) -> float:
    return sum(row.confidence for row in page.rows) / len(page.rows) if page.rows else 0.0


def _confidence(findings: Findings, agreements: int) -> float:
    total, day, merchant = findings.total, findings.purchase_date, findings.merchant
    of_total = of_day = of_merchant = 0.0
    if total is not None:
        of_total = _reading(findings.page) * min(1.0, 0.55 + 0.04 * total.score) + 0.12 * agreements
    if day is not None:
        of_day = day.confidence * (0.75 + 0.03 * day.score)
    if merchant is not None:
        of_merchant = merchant.confidence * (0.45 + 0.07 * max(0.0, merchant.score))
    shares = ((0.45, of_total), (0.25, of_day), (0.3, of_merchant))
    return sum(share * min(0.99, max(0.0, value)) for share, value in shares)
