"""Which currency a receipt is in, by counting signs, codes and words of a country's receipts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .rows import Row

# Currencies that round cash to five or ten cents: there the amount paid may differ from the printed total.
CASH_ROUNDING = frozenset("MYR SGD AUD NZD CAD CHF SEK NOK DKK CZK HUF".split())
# Printed without cents.
WHOLE_UNITS = frozenset("IDR JPY KRW".split())
# Their receipts are plain English or Malay, so accents are misreadings.
UNACCENTED = frozenset("MYR SGD USD GBP IDR INR".split())

_US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|"
    "OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_US_ZIP = re.compile(rf"\b(?:{_US_STATES}),?\s?[0-9]{{5}}(?:-[0-9]{{4}})?\b")
_US_WORDS = re.compile(r"SALES TAX|GRATUITY", re.IGNORECASE)

# (code, weight of one sign, pattern); the first of equal sums wins.
_SIGNS: tuple[tuple[str, int, re.Pattern[str]], ...] = (
    ("MYR", 2, re.compile(r"\(RM\)|\bMYR\b|\bRM\b|\bRM\s?[0-9]")),
    ("MYR", 2, re.compile(r"SDN\.?\s?BHD|\bS/B\b|SELANGOR|JOHOR|KUALA|\bJALAN\b|\bJLN\b", re.IGNORECASE)),
    ("EUR", 2, re.compile(r"€|\bEUR\b|\bEURO\b")),
    ("EUR", 2, re.compile(r"GmbH|MwSt|\bUSt\b|Summe\b|UID.?Nr", re.IGNORECASE)),
    ("GBP", 2, re.compile(r"£|\bGBP\b")),
    ("GBP", 1, re.compile(r"\bVAT\b")),
    ("IDR", 2, re.compile(r"\bRp\.?\s?[0-9]|\bIDR\b|\bPPN\b|\bPB1\b|TUNAI|KEMBALI")),
    ("SGD", 3, re.compile(r"\bSGD\b|S\$|SINGAPORE")),
    ("CHF", 3, re.compile(r"\bCHF\b")),
    ("JPY", 2, re.compile(r"¥|\bJPY\b|円")),
    ("INR", 2, re.compile(r"₹|\bINR\b|\bCGST\b|\bGSTIN\b")),
    ("USD", 1, re.compile(r"\$\s?[0-9]")),
    ("USD", 3, re.compile(r"\bUSD\b")),
    ("USD", 2, _US_ZIP),
    ("USD", 1, _US_WORDS),
)


def find_currency(rows: Sequence[Row]) -> str | None:
    """The ISO 4217 code with most signs on the receipt, or ``None`` where there is no sign at all."""
    text = "\n".join(row.text for row in rows)
    points: dict[str, int] = {}
    for code, weight, pattern in _SIGNS:
        points[code] = points.get(code, 0) + weight * len(pattern.findall(text))
    code = max(points, key=lambda code: points[code])
    return code if points[code] else None


def is_american(rows: Sequence[Row], currency: str | None) -> bool:
    """Whether strong signs say the receipt is from the USA, where dates put the month first.

    The dollar sign alone is not enough: many countries that use it put the day first.
    """
    text = "\n".join(row.text for row in rows)
    return currency == "USD" and bool(_US_ZIP.search(text) or _US_WORDS.search(text))
