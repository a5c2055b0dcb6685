"""Money in printed text: finds amounts and makes them exact decimals with two places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from .patterns import CURRENCY_SIGN

CENT = Decimal("0.01")

# Dashes, full-width marks and digits as recognised -> plain ASCII.
_PLAIN = str.maketrans(
    {
        "\N{EM DASH}": "-",
        "\N{EN DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{SINGLE LOW-9 QUOTATION MARK}": ",",
        "\N{FULLWIDTH COMMA}": ",",
        "\N{FULLWIDTH COLON}": ":",
        "\N{FULLWIDTH FULL STOP}": ".",
        "\N{MULTIPLICATION SIGN}": "x",
    }
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)
_LOOK_ALIKES = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "S": "5", "B": "8"})
_MOSTLY_DIGITS = re.compile(r"(?<![A-Za-z])[0-9OolISB][0-9OolISB.,]{2,}(?![A-Za-z])")
_DIGIT_SHARE = 0.6

# 1,234.56 | 1.234,56 | 12.34 | 12,34 | 12. 34 | .40 with a sign before or after. Spaces are no thousands separator:
# "180 108.12" is a number and an amount. At most 13 digits, which NUMERIC columns and Decimal hold with ease.
AMOUNT = re.compile(
    rf"""
    (?<![0-9.,/:\-])
    (?P<minus>-\s?)?
    (?:(?<![A-Za-z]){CURRENCY_SIGN}\s?)?
    (?P<inner_minus>-\s?)?
    (?P<number>
        [0-9]{{1,3}}(?:[.,'][0-9]{{3}}){{1,3}}[.,][0-9]{{2}}
      | [0-9]{{1,7}}\s?[.,]\s?[0-9]{{2}}
      | (?<![0-9.,])[.,][0-9]{{2}}
    )
    (?![0-9])(?![.,/:][0-9])(?!\s?%)
    (?P<trailing_minus>\s?-(?![0-9]))?
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Currencies without cents: a group of three digits must follow ("Rp 58.000", "58,000").
WHOLE_AMOUNT = re.compile(
    rf"""
    (?<![0-9.,/:\-])
    (?P<minus>-\s?)?
    (?:(?<![A-Za-z]){CURRENCY_SIGN}\s?)?
    (?P<number>[0-9]{{1,3}}(?:[.,][0-9]{{3}}){{1,3}})
    (?![.,/:0-9][0-9]?)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount with two places and where it stood in the repaired text."""

    value: Decimal
    start: int
    end: int


def repair_digits(text: str) -> str:
    """``text`` with plain marks, and look-alike letters made digits, but only in words that are mostly digits."""
    return _MOSTLY_DIGITS.sub(_repair_word, text.translate(_PLAIN))


def _repair_word(match: re.Match[str]) -> str:
    word = match.group()
    # "S8.20" is "$8.20" misread, not 58.20.
    head = word[0] if word[0] in "SB" else ""
    rest = word[len(head) :]
    digits = sum("0" <= mark <= "9" for mark in rest)
    marks = len(rest) - rest.count(".") - rest.count(",")
    if digits >= 2 and digits >= marks * _DIGIT_SHARE and marks < len(rest):
        return (" " if head else "") + rest.translate(_LOOK_ALIKES)
    return word


def parse_number(number: str) -> Decimal:
    """The value of a number as :data:`AMOUNT` finds it, with two places: the last two digits are the cents."""
    digits = re.sub(r"[^0-9]", "", number)
    return Decimal(digits).scaleb(-2).quantize(CENT)


def parse_whole_number(number: str) -> Decimal:
    """The value of a number as :data:`WHOLE_AMOUNT` finds it, with two places that are zero."""
    return Decimal(re.sub(r"[^0-9]", "", number)).quantize(CENT)


def find_amounts(text: str, *, whole_units: bool = False) -> list[Amount]:
    """All amounts of ``text`` from left to right, with the sign they are printed with.

    :param whole_units: the currency is printed without cents (IDR, JPY, ...)
    """
    repaired = repair_digits(text)
    if whole_units:
        return [
            _signed(parse_whole_number(match["number"]), match, negative=bool(match["minus"]))
            for match in WHOLE_AMOUNT.finditer(repaired)
        ]
    found = []
    for match in AMOUNT.finditer(repaired):
        negative = any(match[name] for name in ("minus", "inner_minus", "trailing_minus"))
        # In "5-3.20" the dash joins two numbers.
        if match.start() > 0 and repaired[match.start() - 1].isdigit():
            negative = False
        found.append(_signed(parse_number(match["number"]), match, negative=negative))
    return found


def _signed(value: Decimal, match: re.Match[str], *, negative: bool) -> Amount:
    return Amount(-value if negative else value, match.start(), match.end())
