"""From OCR lines to a receipt: the rules, and any text at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantry_queue.receipts.extract import Extraction, OcrLine, extract, mean_confidence

TODAY = date(2026, 11, 24)
Printed = Callable[..., list[OcrLine]]

MALAYSIAN = [
    "KEDAI RUNCIT MAJU SDN BHD (123456-X)",
    "NO 23, JALAN MERPATI 4",
    "81100 JOHOR BAHRU",
    "TAX INVOICE",
    "Date: 16/04/2018 | 16:28",
    "TEH TARIK | 2.20",
    "NASI LEMAK AYAM | 17.00",
    "2 x 8.50",
    "Subtotal | 19.20",
    "GST 6% | 1.13",
    "Total (RM) | 20.33",
    "Rounding | 0.02",
    "Total after rounding | 20.35",
    "Cash | 50.00",
    "Change | 29.65",
]


def read(lines: list[OcrLine], **options: str) -> Extraction:
    currency = options.get("default_currency")
    return extract(lines, today=TODAY, default_currency=currency)


def total_of(lines: list[OcrLine]) -> str:
    return str(read(lines).metadata.total_amount)


def test_a_whole_receipt(printed: Printed) -> None:
    read_receipt = read(printed(MALAYSIAN))
    found = read_receipt.metadata
    assert found.merchant_name == "KEDAI RUNCIT MAJU SDN BHD"
    assert found.purchase_date == date(2018, 4, 16)
    assert found.total_amount == Decimal("20.35")
    assert found.currency == "MYR"
    assert [(item.item_name, item.quantity, item.unit_price, item.total_price) for item in read_receipt.items] == [
        ("TEH TARIK", Decimal(1), Decimal("2.20"), Decimal("2.20")),
        ("NASI LEMAK AYAM", Decimal(2), Decimal("8.50"), Decimal("17.00")),
    ]
    assert read_receipt.validation.valid
    assert read_receipt.validation.errors == read_receipt.validation.warnings == ()
    assert read_receipt.raw_text.splitlines()[5] == "TEH TARIK 2.20"


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        (["SHOP GmbH", "Brot | 3,45", "SUMME EUR | 3,45", "MwSt 7% | 0,23", "Netto | 3,22"], "3.45"),
        (["SHOP", "Cake | 9.00", "Subtotal | 9.00", "Total Qty | 12.00", "TOTAL | 9.50"], "9.50"),
        (["SHOP", "Cake | 9.00", "You saved | 99.00", "Amount due | 9.00"], "9.00"),
        (["SHOP", "Cake | 9.00", "Cash | 20.00", "Change | 11.00"], "9.00"),
        (["SHOP", "Cake | 9.00", "TOTAL", "9.00", "Thank you"], "9.00"),
        (["SHOP", "Total RM | 9.98", "Rounding adj | 0.02", "Nett | 10.00", "SDN BHD"], "10.00"),
        (["SHOP GmbH", "Summe EUR | 9,98", "Rundung round | 0,02", "Bar | 10,00"], "9.98"),
        (["SHOP", "Tea | 4.00", "Cake | 9.00", "4.00"], "4.00"),
        (["Toko", "Nasi | 25.000", "Teh | 8.000", "TOTAL Rp 33.000", "TUNAI | 50.000", "KEMBALI | 17.000"], "33000.00"),
    ],
)
def test_words_and_arithmetic_find_the_amount_to_pay(printed: Printed, rows: list[str], total: str) -> None:
    assert total_of(printed(rows)) == total


def test_a_refund_is_found_and_is_not_valid(printed: Printed) -> None:
    refund = read(printed(["SHOP LTD", "Cake | -9.00", "TOTAL | -9.00"]))
    assert refund.metadata.total_amount == Decimal("-9.00")
    assert refund.validation.errors == ("total_amount -9.00 is not positive",)
    assert not refund.validation.valid


def test_no_total_is_an_error_and_what_else_lacks_a_warning(printed: Printed) -> None:
    empty = read(printed(["hello there"]))
    assert empty.validation.errors == ("total_amount was not found",)
    assert "purchase_date was not found" in empty.validation.warnings
    assert "currency was not found" in empty.validation.warnings
    assert empty.items == ()


def test_no_lines_at_all_give_an_empty_result() -> None:
    nothing = read([])
    assert nothing.raw_text == ""
    assert nothing.metadata.confidence == 0
    assert not nothing.validation.valid


def test_items_that_do_not_add_up_are_a_warning_only(printed: Printed) -> None:
    result = read(printed(["SHOP LTD", "Date: 01/02/2020 10:00", "Cake | 9.00", "Tea | 2.00", "TOTAL GBP | 13.00"]))
    assert result.validation.valid
    assert result.validation.warnings == ("the sum of the items 11.00 differs from the total 13.00",)


def test_print_that_is_hard_to_read_is_a_warning(printed: Printed) -> None:
    result = read(printed(["SHOP LTD", "Cake | 9.00", "TOTAL | 9.00"], 0.7))
    assert "the text was hard to read (confidence 0.70)" in result.validation.warnings


@pytest.mark.parametrize(
    ("rows", "merchant"),
    [
        (["TAX INVOICE", "AEON CO. (M) BHD (126926-H)", "Jalan Besar"], "AEON CO. (M) BHD"),
        (["welcome to", "HARTLEY STORES", "LTD", "12 High Street"], "HARTLEY STORES LTD"),
        (["GERBANG ALAF", "RESTAURANTS SDN BHD", "Level 6, Plaza 1"], "RESTAURANTS SDN BHD"),
        (["FIVE STAR CASH &", "CARRY", "No 1 Jalan"], "FIVE STAR CASH & CARRY"),
        (["handschrift", "BUCHHANDLUNG VOGEL", "50667 Hamburg"], "BUCHHANDLUNG VOGEL"),
        (["x@# ;", "Mo - Sa 8-20", "www.marktkauf.de"], "Marktkauf"),
        (["HARDWÀRE TRADING", "JALAN BESAR"], "HARDWARE TRADING"),
    ],
)
def test_the_seller_is_found_in_the_head(printed: Printed, rows: list[str], merchant: str) -> None:
    found = read(printed([*rows, "Date: 01/02/2020", "Cake | 9.00", "TOTAL RM | 9.00"]))
    assert found.metadata.merchant_name == merchant


@pytest.mark.parametrize(
    ("row", "currency"),
    [
        ("TOTAL RM | 9.00", "MYR"),
        ("TOTAL EUR | 9,00", "EUR"),
        ("TOTAL | £9.00", "GBP"),
        ("TOTAL | $9.00", "USD"),
        ("TOTAL SGD | 9.00", "SGD"),
        ("TOTAL CHF | 9.00", "CHF"),
        ("TOTAL | 9.00", None),
    ],
)
def test_the_currency_is_what_is_printed(printed: Printed, row: str, currency: str | None) -> None:
    assert read(printed(["SHOP", row])).metadata.currency == currency


def test_the_default_currency_is_for_receipts_that_show_none(printed: Printed) -> None:
    assert read(printed(["SHOP", "TOTAL | 9.00"]), default_currency="NZD").metadata.currency == "NZD"
    assert read(printed(["SHOP", "TOTAL | £9.00"]), default_currency="NZD").metadata.currency == "GBP"


def test_the_month_comes_first_only_on_receipts_that_are_clearly_american(printed: Printed) -> None:
    american = ["CAFE LLC", "Portland, OR 97205", "03/04/2026", "TOTAL | $9.00"]
    canadian = ["CAFE LTD", "Toronto, ON M5V 2T6", "03/04/2026", "TOTAL | $9.00"]
    assert read(printed(american)).metadata.purchase_date == date(2026, 3, 4)
    assert read(printed(canadian)).metadata.purchase_date == date(2026, 4, 3)
    turned = extract(printed(canadian), today=TODAY, date_order="MDY")
    assert turned.metadata.purchase_date == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("row", "item"),
    [
        ("3 x 2.00 Coffee | 6.00", ("Coffee", "3", "2.00", "6.00")),
        ("3  Coffee | 6.00", ("Coffee", "3", "2.00", "6.00")),
        ("Coffee 3 @ 2.00 | 6.00", ("Coffee", "3", "2.00", "6.00")),
        ("Coffee 2.00 | 6.00", ("Coffee", "3", "2.00", "6.00")),
        ("Bananas 0,258 kg x 2,00 | 0,52", ("Bananas", "0.258", "2.00", "0.52")),
        ("12345678 Coffee SR | 6.00", ("Coffee", "1", "6.00", "6.00")),
        ("EGGS FROM FARM | 6.00", ("EGGS FROM FARM", "1", "6.00", "6.00")),
        ("EGGS FROM FARM RM 6.00", ("EGGS FROM FARM", "1", "6.00", "6.00")),
        ("Voucher | -1.50", ("Voucher", "1", "-1.50", "-1.50")),
    ],
)
def test_counts_and_prices_of_an_item(printed: Printed, row: str, item: tuple[str, ...]) -> None:
    items = read(printed(["SHOP LTD", "Date: 01/02/2020", row, "TOTAL | 99.00"])).items
    assert [(i.item_name, str(i.quantity), str(i.unit_price), str(i.total_price)) for i in items] == [item]


def test_prices_left_of_the_price_column_are_no_items(printed: Printed) -> None:
    rows = ["SHOP LTD", "Coffee | 4.00", "Cake | 9.00", "Bread | 2.00", "weighed at 1.50 per loaf", "TOTAL | 15.00"]
    assert [item.item_name for item in read(printed(rows)).items] == ["Coffee", "Cake", "Bread"]


def test_items_may_add_up_with_the_tax(printed: Printed) -> None:
    rows = ["SHOP LTD", "Date: 01/02/2020 10:00", "Tea | 4.00", "Cake | 9.00", "VAT 20% | 2.60", "TOTAL GBP | 15.60"]
    assert read(printed(rows)).validation.warnings == ()


def test_a_name_below_the_address_is_less_likely(printed: Printed) -> None:
    rows = ["Blau und Weiss", "Hauptstrasse 1", "BIG MARKET", "Cake | 9.00", "TOTAL | 9.00"]
    assert read(printed(rows)).metadata.merchant_name == "Blau und Weiss"


def test_a_tilted_page_reads_like_a_straight_one(printed: Printed) -> None:
    straight = printed(MALAYSIAN)
    slope = 0.09

    def tilted(line: OcrLine) -> OcrLine:
        first, second, third, fourth = ((x - slope * y, y + slope * x) for x, y in line.quad)
        return OcrLine(line.text, line.confidence, (first, second, third, fourth))

    assert extract([tilted(line) for line in straight], today=TODAY) == extract(straight, today=TODAY)


def test_the_order_of_the_lines_does_not_matter(printed: Printed) -> None:
    lines = printed(MALAYSIAN)
    assert extract(lines[::-1], today=TODAY) == extract(lines, today=TODAY)


def test_mean_confidence_weighs_long_lines_more(printed: Printed) -> None:
    assert mean_confidence([*printed(["a"], 0.0), *printed(["b" * 9], 1.0)]) == pytest.approx(0.9)
    assert mean_confidence([]) == 0


WORDS = st.sampled_from(
    [
        *("TOTAL", "Subtotal", "SUMME EUR", "Cash", "Change", "Rounding", "GST 6%", "MwSt", "Qty", "Item", "Price"),
        *("RM", "$", "€", "SDN BHD", "GmbH", "Date:", "valid until", "x", "@", "2 x 3.00", "3,00 x 2", "0 x 1.00"),
        *("16/04/2018", "03/04/26", "2 Mac 2018", "12:30", "9.99", "1.234,56", "-5.00", "58,000", ".40", "0.00"),
        *("Milk", "ſep", "\ud800", "\x00", "\u202e", "\N{ARABIC-INDIC DIGIT THREE}", "S8.20", "(123456-X)"),
    ]
)
ROWS = st.lists(WORDS | st.text(max_size=12), min_size=1, max_size=6).map(" ".join)
PLACE = st.floats(min_value=-50, max_value=900) | st.sampled_from([float("nan"), float("inf"), 1e300])
POINT = st.tuples(PLACE, PLACE)
LINES = st.lists(
    st.builds(OcrLine, ROWS, st.floats(min_value=0, max_value=1), st.tuples(POINT, POINT, POINT, POINT))
    | st.builds(
        lambda text, y: OcrLine.from_box(text, 0.9, (0, y, 10.0 * len(text), y + 20)),
        ROWS,
        st.integers(min_value=0, max_value=900),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(LINES, st.sampled_from([None, "MYR", "IDR", "USD"]))
def test_any_text_gives_a_result_that_can_be_stored(lines: list[OcrLine], currency: str | None) -> None:
    result = extract(lines, today=TODAY, default_currency=currency)
    found, verdict = result.metadata, result.validation
    money = [found.total_amount, *(p for item in result.items for p in (item.unit_price, item.total_price))]
    assert all(value is None or value.as_tuple().exponent == -2 for value in money)
    assert all(value is None or abs(value) < Decimal("1e14") for value in money)
    assert all(item.quantity > 0 for item in result.items)
    assert found.purchase_date is None or found.purchase_date <= TODAY + timedelta(days=2)
    assert 0 <= found.confidence <= 1
    assert 0 <= verdict.confidence <= 1
    assert verdict.valid is not bool(verdict.errors)
    texts = [result.raw_text, found.merchant_name, *(item.item_name for item in result.items), *verdict.warnings]
    for text in filter(None, texts):
        assert "\0" not in text
        text.encode()
    assert len(found.merchant_name or "") <= 200


def test_a_page_of_endless_text_is_cut(printed: Printed) -> None:
    lines = printed([f"{'9' * 5000} {number}.00" for number in range(3000)])
    result = extract(lines, today=TODAY)
    assert len(result.raw_text.splitlines()) == 2000
    assert max(map(len, result.raw_text.splitlines())) <= 300
