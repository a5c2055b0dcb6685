"""Shops, goods and forms of four countries, all invented, for sample receipts.

Plain ASCII only: Pillow's own font has no other letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Locale:
    """How receipts of one country look. ``goods`` are names with prices in cents; ``tax_rate`` is added on top."""

    currency: str
    sign: str
    comma: bool
    shops: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[str, ...]
    telephone: str
    goods: tuple[tuple[str, int], ...]
    date_label: str
    date_forms: tuple[str, ...]
    number_label: str
    total_labels: tuple[str, ...]
    cash_label: str
    change_label: str
    thanks: str
    tax_label: str = ""
    tax_rate: Decimal = Decimal(0)
    titles: tuple[str, ...] = ()

    def money(self, amount: Decimal, *, sign: bool = False) -> str:
        """``amount`` as this country prints it."""
        text = f"{amount:,.2f}"
        if self.comma:
            text = text.translate(str.maketrans(",.", ".,"))
        return self.sign + text if sign else text


_US = Locale(
    currency="USD",
    sign="$",
    comma=False,
    shops=("HARBOR STREET CAFE", "BLUE OAK MARKET", "NORTHSIDE HARDWARE CO.", "MAPLE LEAF GROCERY INC"),
    streets=("214 Main Street", "88 Harbor Avenue", "1502 Oak Blvd"),
    towns=("Portland, OR 97205", "Austin, TX 78701"),
    telephone="Tel (503) 555-0142",
    goods=(
        ("Blueberry Muffin", 350),
        ("Whole Milk 1gal", 459),
        ("Bananas", 129),
        ("Sourdough Loaf", 625),
        ("LED Bulb 60W", 549),
        ("Turkey Club", 1195),
        ("Caesar Salad", 1050),
        ("Paper Towels", 675),
        ("Orange Juice", 489),
    ),
    date_label="Date: ",
    date_forms=("%m/%d/%Y", "%b %d, %Y"),
    number_label="Receipt # ",
    total_labels=("TOTAL", "Total Due", "AMOUNT DUE"),
    cash_label="Cash",
    change_label="Change",
    thanks="Thank you for your visit",
    tax_label="Sales Tax 8.25%",
    tax_rate=Decimal("0.0825"),
)
_GB = Locale(
    currency="GBP",
    sign="GBP ",
    comma=False,
    shops=("THE COPPER KETTLE CAFE", "HARTLEY STORES LTD", "MILL LANE BAKERY", "ASHFORD BOOKS LTD"),
    streets=("12 High Street", "7 Mill Road"),
    towns=("Leeds LS1 4AP", "Bath BA1 1RL"),
    telephone="Tel 0113 496 0157",
    goods=(
        ("Flat White", 340),
        ("Cheese Toastie", 575),
        ("Skimmed Milk", 155),
        ("Crumpets", 95),
        ("Chicken Thighs", 425),
        ("Tea Bags", 310),
        ("Cheddar", 380),
        ("Paperback", 899),
    ),
    date_label="Date: ",
    date_forms=("%d/%m/%Y", "%d %b %Y"),
    number_label="Receipt # ",
    total_labels=("TOTAL", "Total to pay", "BALANCE DUE"),
    cash_label="Cash",
    change_label="Change",
    thanks="Thank you for your visit",
)
_DE = Locale(
    currency="EUR",
    sign="",
    comma=True,
    shops=("FEINKOST SOMMER GmbH", "MARKTHALLE NORD GmbH", "Buchhandlung Vogel GmbH", "BAUMARKT KRAUSE GmbH"),
    streets=("Hauptstrasse 14", "Lindenstrasse 3"),
    towns=("33098 Paderborn", "20095 Hamburg"),
    telephone="Tel. 05251 555013",
    goods=(
        ("Vollkornbrot", 345),
        ("Butter", 229),
        ("Apfelsaft", 149),
        ("Bio Eier", 319),
        ("Gouda jung", 279),
        ("Zahncreme", 95),
        ("Kaffee", 649),
        ("Laugenbrezel", 45),
    ),
    date_label="Datum: ",
    date_forms=("%d.%m.%Y", "%d.%m.%y"),
    number_label="Bon-Nr. ",
    total_labels=("SUMME EUR", "ZU ZAHLEN EUR", "Gesamtbetrag EUR"),
    cash_label="Bar",
    change_label="Rueckgeld",
    thanks="Vielen Dank und auf Wiedersehen!",
)
_MY = Locale(
    currency="MYR",
    sign="",
    comma=False,
    shops=("KEDAI RUNCIT MAJU SDN BHD", "RESTORAN SRI BAYU SDN BHD", "BUNGA RAYA TRADING"),
    streets=("NO 23, JALAN MERPATI 4", "LOT 8, JALAN BUNGA RAYA"),
    towns=("81100 JOHOR BAHRU, JOHOR", "43000 KAJANG, SELANGOR"),
    telephone="TEL: 07-555 0198",
    goods=(
        ("TEH TARIK", 220),
        ("NASI LEMAK AYAM", 850),
        ("PVC PIPE", 1280),
        ("MILO 400G", 1090),
        ("CABLE TIE", 450),
        ("MEE GORENG", 750),
        ("ROTI CANAI", 180),
    ),
    date_label="Date: ",
    date_forms=("%d/%m/%Y", "%d-%m-%Y"),
    number_label="Receipt # ",
    total_labels=("TOTAL RM", "Grand Total (RM)", "Total Amount RM"),
    cash_label="Cash",
    change_label="Change",
    thanks="THANK YOU, PLEASE COME AGAIN",
    tax_label="GST 6%",
    tax_rate=Decimal("0.06"),
    titles=("TAX INVOICE",),
)

LOCALES = (_US, _GB, _DE, _MY)
