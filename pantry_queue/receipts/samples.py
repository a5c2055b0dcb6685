"""Sample receipts with exact truth, drawn with Pillow and its own font: the same everywhere, no font to install.

For demonstrations and tests of the whole way. They are too easy to say anything of accuracy; real receipts do that.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path

from PIL import Image

from .sample_drawing import Line, draw_receipt
from .sample_looks import LOOKS
from .sample_words import LOCALES, Locale

CENT = Decimal("0.01")
# The demonstration has the agent refuse this file twice before it answers.
REFUSED_TWICE = "refused-twice.jpg"
NOT_AN_IMAGE = "not-an-image.jpg"
BLANK = "blank.jpg"

_FIRST_DAY = date(2023, 1, 1)
_DAYS = 1050
_MAX_ITEMS = 7


class Expectation(StrEnum):
    """What must become of a sample when it is processed."""

    READ = "read"
    READ_AFTER_REFUSALS = "read after refusals"
    NOT_AN_IMAGE = "not an image"
    NO_TEXT = "no text"

    @property
    def is_read(self) -> bool:
        """Whether the receipt must end as completed, with the right total."""
        return self in (Expectation.READ, Expectation.READ_AFTER_REFUSALS)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what is printed on it; the facts are ``None`` for a file that is no receipt.

    ``total`` has two places, ``currency`` is an ISO 4217 code.
    """

    path: Path
    merchant: str | None
    purchase_date: date | None
    total: Decimal | None
    currency: str | None
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class _Position:
    name: str
    quantity: int
    unit_price: Decimal

    @property
    def price(self) -> Decimal:
        return self.unit_price * self.quantity


def draw_samples(out_dir: Path, count: int, seed: int) -> list[Sample]:
    """Draw ``count`` good receipts as ``receipt-001.jpg`` and on, in changing countries, layouts and looks.

    The same ``seed`` gives the same receipts. ``out_dir`` is made if needed; files of these names are replaced.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    return [_draw(out_dir / f"receipt-{number:03}.jpg", seed, number) for number in range(1, count + 1)]


def draw_demo(out_dir: Path, count: int, seed: int) -> list[Sample]:
    """Draw what a demonstration needs: ``count`` good receipts, one more to be refused twice, and two bad files.

    The bad ones are a text file named as an image and a blank page.
    """
    samples = draw_samples(out_dir, count, seed)
    refused = _draw(out_dir / REFUSED_TWICE, seed, 0, Expectation.READ_AFTER_REFUSALS)
    not_an_image = out_dir / NOT_AN_IMAGE
    not_an_image.write_text("This is a text file that somebody renamed.\n", encoding="utf-8")
    blank = out_dir / BLANK
    Image.new("RGB", (600, 900), (250, 249, 246)).save(blank, quality=85)
    return [
        *samples,
        refused,
        Sample(not_an_image, None, None, None, None, Expectation.NOT_AN_IMAGE),
        Sample(blank, None, None, None, None, Expectation.NO_TEXT),
    ]


def _draw(path: Path, seed: int, number: int, expectation: Expectation = Expectation.READ) -> Sample:
    # A generator of its own for each receipt, so that more receipts do not change the first ones.
    chance = random.Random(f"{seed}/{number}")
    locale = LOCALES[number % len(LOCALES)]
    merchant = locale.shops[(number // len(LOCALES) + seed) % len(locale.shops)]
    day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
    positions = _positions(chance, locale)
    subtotal = sum((position.price for position in positions), Decimal("0.00"))
    tax = (subtotal * locale.tax_rate).quantize(CENT, ROUND_HALF_UP)
    total = subtotal + tax
    lines = [
        *_head(chance, locale, merchant, day),
        *_body(chance, locale, positions),
        *_foot(chance, locale, subtotal, tax, total),
    ]
    picture = LOOKS[number % len(LOOKS)](draw_receipt(lines, chance), chance)
    picture.save(path, quality=chance.choice([70, 80, 90]))
    return Sample(path, merchant, day, total, locale.currency, expectation)


def _positions(chance: random.Random, locale: Locale) -> list[_Position]:
    count = chance.randint(1, min(_MAX_ITEMS, len(locale.goods)))
    return [
        _Position(name, chance.choice([1, 1, 1, 1, 2, 3, 5]), Decimal(cents) / 100)
        for name, cents in chance.sample(locale.goods, count)
    ]


def _head(chance: random.Random, locale: Locale, merchant: str, day: date) -> list[Line]:
    time = f"{chance.randint(7, 21):02}:{chance.randint(0, 59):02}"
    return [
        Line.centred(merchant, large=True),
        Line.centred(chance.choice(locale.streets)),
        Line.centred(chance.choice(locale.towns)),
        Line.centred(locale.telephone),
        Line.gap(),
        *(Line.centred(title) for title in locale.titles),
        Line.pair(locale.date_label + day.strftime(chance.choice(locale.date_forms)), time),
        Line.pair(f"{locale.number_label}{chance.randint(1000, 99999)}"),
        Line.rule(),
    ]


def _body(chance: random.Random, locale: Locale, positions: list[_Position]) -> list[Line]:
    layout = chance.choice(["count first", "count after", "count below"])
    lines = []
    for item in positions:
        unit, price = locale.money(item.unit_price), locale.money(item.price)
        if layout == "count below" and item.quantity > 1:
            lines += [Line.pair(item.name), Line.pair(f"   {item.quantity} x {unit}", price)]
        elif layout == "count first":
            lines.append(Line.pair(f"{item.quantity}  {item.name}", price))
        elif item.quantity > 1:
            lines.append(Line.pair(f"{item.name}  {item.quantity} @ {unit}", price))
        else:
            lines.append(Line.pair(item.name, price))
    return [*lines, Line.rule()]


def _foot(chance: random.Random, locale: Locale, subtotal: Decimal, tax: Decimal, total: Decimal) -> list[Line]:
    lines = []
    if locale.tax_rate:
        lines += [Line.pair("Subtotal", locale.money(subtotal)), Line.pair(locale.tax_label, locale.money(tax))]
    total_text = locale.money(total, sign=True)
    lines.append(Line.pair(chance.choice(locale.total_labels), total_text, large=True))
    if chance.random() < 0.5:
        paid = (total / 10).to_integral_value(ROUND_HALF_UP) * 10 + 10
        lines.append(Line.pair(locale.cash_label, locale.money(paid)))
        lines.append(Line.pair(locale.change_label, locale.money(paid - total)))
    else:
        lines.append(Line.pair(f"Visa ************{chance.randint(1000, 9999)}", locale.money(total)))
    return [*lines, Line.gap(), Line.centred(locale.thanks)]
