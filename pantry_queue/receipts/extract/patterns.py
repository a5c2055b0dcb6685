"""Patterns that more than one subject needs."""

from __future__ import annotations

import re


def any_of(*parts: str) -> re.Pattern[str]:
    """A pattern that matches any of ``parts``, upper and lower case alike."""
    return re.compile("|".join(parts), re.IGNORECASE)


# Currency signs and codes as printed beside amounts; "Rn" is how "RM" is often misread.
CURRENCY_SIGN = r"(?:RM|MYR|R[Mn]\b|\$|US\$|S\$|USD|SGD|EUR|€|£|GBP|Rp\.?|IDR|¥|JPY|CHF|CAD|AUD|₹|INR)"

SUBTOTAL = any_of(r"sub\s?-?\.?t[o0]ta", "subttl", "zwischensumme")
CHANGE = any_of(
    *(r"\bchange\b", r"\bchg\b", "kembali", r"\bbaki\b"),
    *("rückgeld", "ruckgeld", "rueckgeld", "wechselgeld", "zurück", "zurueck"),
)

ADDRESS = any_of(
    r"\bjalan\b",
    r"\bjln\b",
    r"\blot\b",
    r"\bno\.?\s?[0-9]",
    r"\btaman\b",
    r"\btmn\b",
    r"\bstreet\b",
    r"\bst\.?\s*$",
    r"\broad\b",
    r"\bave(nue)?\b",
    r"\bblvd\b",
    r"\bfloor\b",
    r"\blevel\b",
    r"\bbandar\b",
    r"\bselangor\b",
    r"\bjohor\b",
    r"\bkuala\b",
    r"\b[0-9]{5}\b",
    r"\bpersiaran\b",
    r"\blorong\b",
    r"\bstr\.",
    "straße",
    "strasse",
    r"\bblock\b",
    r"\bplaza\b.*[0-9]",
    r"\bseksyen\b",
    r"\bsection\b",
    r"\bkampung\b",
    r"\bground\b",
    r"\bunit\b",
    r"\bwisma\b",
    r"\bmenara\b",
    r"\bbangunan\b",
    r"\bbatu\b",
)


def letters_in(text: str) -> int:
    """How many letters ``text`` has."""
    return sum(mark.isalpha() for mark in text)
