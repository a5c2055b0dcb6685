"""Words of company names, kinds of shops, and of what else stands at the head of a receipt."""

from __future__ import annotations

import re

from .patterns import any_of

COMPANY_SUFFIX = any_of(
    r"\bsdn\.?\s*bhd\b|\bs/b\b|\bbhd\b|\bgmbh\b|\bco\.?\s*kg\b|\bkg\b|\be\.?k\.?\b|\bltd\b|\bllc\b|\binc\b",
    r"\bcorp\b|\bplc\b|\bpte\b|\bco\b\.?|\benterprise\b|\btrading\b|\bperniagaan\b|\bsyarikat\b",
    r"\bholdings?\b|\bindustries\b|\bgroup\b|\bcompany\b",
)

COMPANY_REST = re.compile(
    r"^(co\.?)?\s*[(\[]?\s*(m|malaysia)?\s*[)\]]?\s*(sdn\.?\s*bhd|bhd|enterprise|trading|s/b|ltd|llc|inc|gmbh|plc)\b",
    re.IGNORECASE,
)

SHOP_KIND = any_of(
    r"restaurant|restoran|\bcafe\b|café|coffee|kopitiam|bistro|bakery|bakeri|\bmart\b|market|markt|store|\bshop\b",
    r"pharma|farmasi|apotheke|hardware|stationer|supermarket|hotel|petrol|station|book|\bkedai\b|kitchen",
    r"\bgrill\b|\bpizza|burger|chicken|seafood|electr|machinery|motor|\bdiy\b|d\.i\.y|clinic|klinik|parking",
    r"hypermarket|home deco|gift|drogerie|baumarkt|starbucks|mcdonald|\bkfc\b|aeon|tesco|giant|lidl|aldi",
)

HEAD_MATTER = any_of(
    r"tax\s*invoice|invoice|receipt|\btel\b|\bfax\b|phone|gst\s*(id|no|reg)|\bgst\b|reg\.?\s*no|\bco\.?\s*(reg|no)",
    r"welcome|thank|cash\s*bill|www\.|http|@|\bdate\b|\btime\b|table|cashier|order|guest",
    r"^\W*(copy|original|reprint|cash|bill)\W*$|duplicate|roc\s*no|company\s*no|ust-?id|steuer|öffnungs",
    r"mo\s?-\s?(fr|sa)|\bbill\s*to\b|server|\bpos\b|customer|hotline|formerly|owned by|operated by",
)

# Chains that print their name as a logo, which the recogniser does not read; found by their web address or a slogan.
CHAINS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ALDI", any_of(r"\baldi(-?(nord|sued))?\.(de|com)\b", r"\baldi\b")),
    ("LIDL", any_of(r"\blidl\.de\b", r"\blidl\b")),
    ("Marktkauf", any_of(r"\bmarktkauf\b")),
    ("EDEKA", any_of(r"\bedeka\.de\b", r"\bedeka\b")),
    ("REWE", any_of(r"\brewe\.de\b", r"\brewe markt\b")),
    ("dm-drogerie markt", any_of(r"\bdm\.de\b", r"\bdm-drogerie\b", r"\bpayback.{0,20}\bdm\b")),
    ("ROSSMANN", any_of(r"\brossmann\b")),
    ("toom Baumarkt", any_of(r"\btoom\b")),
    ("OBI", any_of(r"\bobi\.de\b")),
    ("Kaufland", any_of(r"\bkaufland\b")),
    ("PENNY", any_of(r"\bpenny\.de\b", r"\bpenny markt\b")),
    ("NETTO", any_of(r"\bnetto-online\.de\b", r"\bnetto marken-discount\b")),
    ("IKEA", any_of(r"\bikea\.(de|com)\b")),
)
