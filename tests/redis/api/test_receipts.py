"""Receipts over HTTP: handed in, listed, shown."""

from __future__ import annotations

import re
import stat
from datetime import date
from decimal import Decimal

import httpx
import pytest

from pantry_queue.receipts.store import MAX_ID, ExtractedItem, Extraction
from tests.redis.api.conftest import DAY, Api, picture, problem

READ = Extraction(
    merchant_name="Bäckerei \N{BREAD}",
    purchase_date=date(2026, 11, 20),
    total_amount=Decimal("24.2"),
    currency="EUR",
    confidence=0.93,
    items=(ExtractedItem("Milk", Decimal(2), Decimal("1.1"), Decimal("2.20"), "EUR", 0.9), ExtractedItem("?")),
    ocr_text="TOTAL 24.20",
    errors=("items do not add up",),
)


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif")])
def test_an_upload_is_kept_privately_and_waits(api: Api, kind: str, suffix: str) -> None:
    content = picture(kind)
    answer = api.upload(content, user_id="7")
    assert answer.status_code == 201
    assert answer.json() == {
        "id": 1,
        "user_id": 7,
        "purchase_date": DAY,
        "status": "uploaded",
        "ocr_status": "pending",
    }
    assert answer.headers["location"] == "/receipts/1"
    receipt = api.store.get(1)
    assert (receipt.user_id, receipt.ocr_status, receipt.purchase_date) == (7, "pending", date(2026, 11, 24))
    (path,) = api.kept()
    assert (str(path), path.read_bytes()) == (receipt.image_path, content)
    assert re.fullmatch(rf"[0-9a-f]{{32}}\.{suffix}", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_user_is_the_first_one_unless_told_otherwise(api: Api) -> None:
    assert api.upload().json()["user_id"] == 1


def test_a_receipt_is_shown_with_its_items(api: Api) -> None:
    api.upload()
    api.store.save_extraction(1, READ)
    shown = api.http.get("/receipts/1").json()
    item = shown["items"][0]
    assert {name: item[name] for name in ("item_name", "quantity", "unit_price", "total_price", "currency")} == {
        "item_name": "Milk",
        "quantity": "2",
        "unit_price": "1.10",
        "total_price": "2.20",
        "currency": "EUR",
    }
    assert [item["item_name"] for item in shown["items"]] == ["Milk", "?"]
    assert (shown["merchant_name"], shown["total_amount"], shown["purchase_date"]) == (
        "Bäckerei \N{BREAD}",
        "24.20",
        "2026-11-20",
    )
    assert (shown["ocr_status"], shown["ocr_text"]) == ("completed", "TOTAL 24.20")
    assert shown["extraction_errors"] == ["items do not add up"]
    assert shown["parsed_at"].endswith("Z")
    assert "image_path" not in shown


def test_pages_cover_everything_once_newest_first(api: Api) -> None:
    for number in range(5):
        api.store.add_receipt(f"/{number}.jpg", 1)
    api.store.add_receipt("/other.jpg", 2)
    api.store.save_extraction(2, READ)
    pages = [api.http.get("/receipts", params={"user_id": 1, "limit": 2, "offset": n}).json() for n in (0, 2, 4, 6)]
    assert [[row["id"] for row in page["receipts"]] for page in pages] == [[5, 4], [3, 2], [1], []]
    assert [page["total"] for page in pages] == [5] * 4
    assert (pages[1]["limit"], pages[1]["offset"]) == (2, 2)
    assert api.http.get("/receipts").json()["total"] == 6
    read = api.http.get("/receipts", params={"ocr_status": "completed"}).json()
    assert ([row["id"] for row in read["receipts"]], read["total"]) == ([2], 1)
    assert api.http.get("/receipts?user_id=3").json()["receipts"] == []


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/receipts?user_id=0", "query.user_id"),
        ("/receipts?user_id=anna", "query.user_id"),
        (f"/receipts?user_id={MAX_ID + 1}", "query.user_id"),
        ("/receipts?limit=0", "query.limit"),
        ("/receipts?limit=201", "query.limit"),
        ("/receipts?offset=-1", "query.offset"),
        ("/receipts?offset=99999999999999999999", "query.offset"),
        ("/receipts?ocr_status=lost", "query.ocr_status"),
        ("/receipts/none", "path.receipt_id"),
        ("/receipts/0", "path.receipt_id"),
        ("/receipts/1%00", "path.receipt_id"),
        ("/receipts/ocr/queue-status?receipt_id=x", "query.receipt_id"),
    ],
)
def test_a_bad_question_is_told_what_is_wrong_with_it(api: Api, address: str, field: str) -> None:
    body = problem(api.http.get(address), 422, "bad_request")
    assert field in str(body["detail"])
    assert isinstance(body["errors"], list)
    assert [one["field"] for one in body["errors"]] == [field]


@pytest.mark.parametrize("receipt_id", [1, MAX_ID])
def test_an_unknown_receipt_is_not_found(api: Api, receipt_id: int) -> None:
    body = problem(api.http.get(f"/receipts/{receipt_id}"), 404, "not_found")
    assert body["detail"] == f"There is no receipt {receipt_id}."


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/", 404, "no_such_endpoint"),
        ("GET", "/receipts/1/items", 404, "no_such_endpoint"),
        ("DELETE", "/receipts/1", 405, "method_not_allowed"),
        ("PUT", "/receipts", 405, "method_not_allowed"),
    ],
)
def test_what_there_is_not_is_said_in_the_same_shape(
    api: Api, method: str, address: str, status: int, code: str
) -> None:
    problem(api.http.request(method, address), status, code)


def test_the_documentation_is_served_without_any_other_server(api: Api) -> None:
    page = api.http.get("/docs").text
    for source in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert api.http.get(source).status_code == 200, source
        assert not source.startswith("http")
    paths = api.http.get("/openapi.json").json()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == {
        "POST /receipts",
        "GET /receipts",
        "GET /receipts/{receipt_id}",
        "POST /receipts/ocr/process-all",
        "GET /receipts/ocr/queue-status",
        "GET /receipts/ocr/job/{job_id}",
        "POST /receipts/{receipt_id}/ocr/retry",
        "GET /health",
        "GET /ready",
    }


def test_a_page_of_another_site_cannot_make_a_browser_send_anything(api: Api) -> None:
    def ask(site: str) -> httpx.Response:
        return api.http.post("/receipts/ocr/process-all", headers={"Sec-Fetch-Site": site})

    problem(ask("cross-site"), 403, "cross_site")
    assert [ask(site).status_code for site in ("same-origin", "same-site", "none")] == [200] * 3
    assert api.http.get("/receipts", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
