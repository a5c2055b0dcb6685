"""The words around a total in English, German, Malay and Indonesian, with the misreadings seen on real receipts."""

from __future__ import annotations

import re

from .patterns import CURRENCY_SIGN, any_of

# They hold a total of something else: items, tax, savings; or an amount before tax.
NOT_A_TOTAL = any_of(
    r"included\s+gst|gst\s+included|tax\s+included|included\s+tax|incl\.?\s+of\s+[0-9]+%",
    r"sub\s?-?\.?t[o0]ta|subttl|zwischensumme",
    r"t[o0]tal\s*(qty|quant|item|it[eo]m|no\b|count|pcs|disc|sav|point|poin|gst|tax|vat|cash|chang|tender|payment|"
    r"paid|product|unit)",
    r"(qty|item|tax|gst|vat|discount|savings?|points?)\s*t[o0]ta",
    r"tota[li1]\s?\(?(exc|w/o|before)|exclud|exclusive|\bexcl\b|\bexc\b|before tax|without",
    r"total\s*[0-9]+(\.[0-9]+)?\s*%|summe\s*mwst|mwst|netto|nettobetrag",
    r"deposit|t[o0]tal\s*saved|you saved|gesamtrabatt|preisvorteil",
)

_WEIGHTED = (
    (
        10.0,
        any_of(
            r"grand\s*t[o0]ta[l1i]|t[o0]tal\s*(due|payable|amount\s*(due|payable)|after)",
            r"(amount|amt|balance)\s*(due|payable)|^\W*due\b|(nett?|final|bill)\s*(total|amount|amt)",
            r"am(oun)?t\.?\s*paid|zu\s*zahlen|gesamtbetrag|gesamtsumme|zahlbetrag|endbetrag|total\s*a\s*pagar",
            r"(round(ed|ing)?)\s*t[o0]tal|t[o0]tal\s*round",
        ),
    ),
    (9.0, any_of(r"t[o0]ta[l1i]\s*(sales?|saies|amount|amt|price|bill)?\s*[(\[]?\s*(inc|with gst|w/ gst)")),
    (8.0, any_of(r"t[o0]ta[l1i]\s*(sales?|saies|amount|amt|bill|rm|\(rm|rm\)|eur|incl|inc\b)")),
    (8.0, any_of(r"^\W*(s\s?u\s?m\s?m\s?e|gesamt|betrag|total)\b")),
    (
        7.0,
        any_of(
            r"\bt\s?[o0]\s?t\s?a\s?[l1i]\b|\bsumme\b|\bgesamt\b|\bjumlah\b|\bttl\b|\btot\b",
            r"\btot.?l\b|\bt.tal\b|\btota\b|\botal\b",
        ),
    ),
    (2.0, any_of(r"\bsale\b|\bpurchase\b|\bamount\b|\bbetrag\b")),
)

PAYMENT = any_of(
    r"\bcash\b|tunai|\bbar\b|gegeben|tender|\bpaid\b|\bvisa\b|master\s?card|\bmaestro\b|girocard",
    r"ec-?cash|ec-karte|kartenzahlung|debit|credit|amex|\bcard\b|payment|\bbank\b|kredit",
)
CARD_WITH_TOTAL = any_of("total|summe|due")
ROUNDING = any_of("round|rouding|rndg|adj")
TOTAL_WORD = any_of("total")
TAX_SUMMARY = any_of(
    r"(gst|tax|vat|sst)\s*(summary|analysis|detail|rate|code)|summary|mwst\s*%|\btax\s*\(rm\)|amt\s*\(rm\)|steuer"
)
TOTAL_INCLUDING = any_of(r"total\s*(sales|amount)?\s*\(?inc")

_CURRENCY = re.compile(CURRENCY_SIGN, re.IGNORECASE)
_A_WORD = re.compile(r"[a-z]{3,}")


def word_weight(low: str) -> float:
    """How strongly the row (in lower case) names the amount to pay: 10 "grand total" ... 2 "amount", 0 not at all."""
    for weight, pattern in _WEIGHTED:
        if pattern.search(low):
            return weight
    return 0.0


def is_only_an_amount(low: str) -> bool:
    """Whether the row (in lower case) has no word beside a currency."""
    return not _A_WORD.search(_CURRENCY.sub("", low))
