"""Words and forms of item rows, of what stands above and below them, and the cleaning of item names."""

from __future__ import annotations

import re

from .amounts import AMOUNT, WHOLE_AMOUNT
from .patterns import CURRENCY_SIGN, any_of

MAX_NAME_LENGTH = 200

HEADER_WORD = any_of(r"\b(item|it[eo]m|desc|description|qty|quantity|price|amount|amt|artikel|menge)\b")
THE_END = any_of(
    r"sub\s?-?\.?t[o0]ta|subttl|\bt[o0]ta[l1]\b|\bsumme\b|zwischensumme|zu\s*zahlen|\bcash\b|\bchange\b",
    r"\brounding|gst\s*summ|total\s*qty|amount due|balance|\btendered?\b|\bmwst\b|gesamt",
)
PAID_WORD = any_of(r"\bcash\b|\bchange\b")
NOT_AN_ITEM = any_of(
    r"item\(s\)|\bqty\s?\(?s?\)?\s?:|\btel\b|telefon|invoice|\bdate\b|gst\s*(id|no|reg)|table|cashier|receipt",
    r"\btime\b|\buhr\b|ust-?id|st\.?-?nr|steuernummer|\bfax\b|www\.|kassenbon|filiale|\bmo\.?\s?-|öffnungs",
)
UNIT_PRICE_NOTE = any_of(r"/\s?(kg|stk|st|lb|100g)\b|einzelpreis|unit price")
# A row that begins with a tax is no position, though it has a price.
TAX_ROW = any_of(r"^\W*(sales\s*tax|service\s*(tax|charge)|tax|gst|vat|sst|mwst|ust|ppn|pb1)\b")

COUNT_TIMES_PRICE = re.compile(
    rf"""
    (?<![0-9.,])(?P<count>[0-9]{{1,3}}(?:[.,][0-9]{{1,3}})?)\s*
    (?:rollen?|pack|stk|st|stück|kg|pcs)?\.?\s*
    (?:x|×|@|\*|pcs)\s*
    (?:{CURRENCY_SIGN})?\s*
    (?P<price>[0-9]{{1,6}}[.,][0-9]{{2}})
    """,
    re.IGNORECASE | re.VERBOSE,
)
PRICE_TIMES_COUNT = re.compile(
    rf"""
    (?<![0-9.,])(?:{CURRENCY_SIGN})?\s*
    (?P<price>[0-9]{{1,6}}[.,][0-9]{{2}})\s*
    (?:x|×|\*)\s*
    (?P<count>[0-9]{{1,3}})(?![0-9.,])
    """,
    re.IGNORECASE | re.VERBOSE,
)
LEADING_COUNT = re.compile(r"^\W{0,2}([0-9]{1,2})\s*(?:x|×)?\s+(?=[A-Za-z])", re.IGNORECASE)

_LONE_CURRENCY = re.compile(rf"(?<![A-Za-z]){CURRENCY_SIGN}(?=\s|$)", re.IGNORECASE)
_SPACES = re.compile(r"\s{2,}")
_ARTICLE_NUMBER = re.compile(r"^[0-9]{6,}\s*")
_NUMBERS_AT_END = re.compile(r"(?:\s+[0-9]{1,3})+\s*(?:SR|ZR|S|Z|A|B|T)?$")
_TAX_CODE_AT_END = re.compile(r"\s+\*?(?:SR|ZR|[A-Z≤])$")


def name_in(text: str, *, whole_units: bool) -> str:
    """What is left of a row when its prices and counts are taken out.

    :param whole_units: the currency is printed without cents
    """
    if whole_units:
        text = WHOLE_AMOUNT.sub(" ", text)
    else:
        for pattern in (PRICE_TIMES_COUNT, COUNT_TIMES_PRICE, AMOUNT):
            text = pattern.sub(" ", text)
    return _SPACES.sub(" ", _LONE_CURRENCY.sub(" ", text)).strip(" -:.*|@#")


def clean_item_name(name: str) -> str:
    """``name`` without article numbers, trailing numbers and tax codes."""
    name = _ARTICLE_NUMBER.sub("", name).strip()
    name = _NUMBERS_AT_END.sub("", name).strip()
    return _TAX_CODE_AT_END.sub("", name)[:MAX_NAME_LENGTH].strip()
