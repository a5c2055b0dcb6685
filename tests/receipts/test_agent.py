"""The agent over real HTTP, reading real images with the real engine."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pantry_queue.receipts.agent.requests import MAX_BODY_BYTES
from pantry_queue.receipts.samples import BLANK, NOT_AN_IMAGE, REFUSED_TWICE, Sample

if TYPE_CHECKING:
    from tests.receipts.conftest import AgentProcess


FIELDS = [
    *("receipt_id", "metadata", "items", "raw_text", "validation", "processing_time_ms"),
    *("engine", "image_sha256", "success"),
    *("error_message", "error_code"),
]
METADATA = ["merchant_name", "purchase_date", "total_amount", "currency", "confidence"]
ITEM = ["item_name", "quantity", "unit_price", "total_price", "currency", "confidence"]
VALIDATION = ["valid", "errors", "warnings", "confidence"]


def checked(response: httpx.Response) -> dict[str, Any]:
    """The body, which has one shape whatever happened."""
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    assert list(body) == FIELDS
    assert list(body["metadata"]) == METADATA
    assert list(body["validation"]) == VALIDATION
    assert all(list(item) == ITEM for item in body["items"])
    assert body["success"] is (body["error_code"] is None) is (body["error_message"] is None)
    return body


def test_a_receipt_is_read(agent: AgentProcess, samples: list[Sample]) -> None:
    sample = samples[0]
    response = agent.extract(str(sample.path), receipt_id=17)
    assert response.status_code == 200
    body = checked(response)
    assert body["receipt_id"] == 17
    assert body["success"] is True
    assert body["metadata"] == {
        "merchant_name": sample.merchant,
        "purchase_date": sample.purchase_date.isoformat() if sample.purchase_date else None,
        "total_amount": str(sample.total),
        "currency": sample.currency,
        "confidence": body["metadata"]["confidence"],
    }
    assert 0.5 < body["metadata"]["confidence"] <= 1
    assert body["items"]
    for item in body["items"]:
        for name in ("unit_price", "total_price"):
            assert Decimal(item[name]).as_tuple().exponent == -2
        assert Decimal(item["quantity"]) > 0
    assert body["validation"]["valid"] is True
    assert str(sample.merchant) in body["raw_text"]
    assert body["processing_time_ms"] > 0
    assert body["engine"].startswith("rapidocr ")
    assert body["image_sha256"] == hashlib.sha256(sample.path.read_bytes()).hexdigest()
    assert [part.partition(";")[0] for part in response.headers["server-timing"].split(", ")] == [
        *("load", "wait", "decode", "ocr", "parse")
    ]


@pytest.mark.parametrize(
    ("file", "merchant", "day", "total", "currency", "item"),
    [
        ("my_sroie_594.jpg", "99 SPEED MART S/B", "2018-05-03", "19.90", "MYR", None),
        ("de_apotheke_23042020_01_01990.jpg", "APOTHEKE", "2020-04-23", "19.90", "EUR", ("2", "9.95", "19.90")),
        ("my_sroie_148.jpg", "Gerbang Alaf Restaurants Sdn Bhd", "2018-03-18", "13.10", "MYR", None),
    ],
)
def test_real_receipts_are_read_as_before(
    agent: AgentProcess,
    shared_receipts: Path,
    file: str,
    merchant: str,
    day: str,
    total: str,
    currency: str,
    item: tuple[str, str, str] | None,
) -> None:
    body = checked(agent.extract(str((shared_receipts / file).resolve())))
    found = body["metadata"]
    assert (found["merchant_name"], found["purchase_date"], found["total_amount"], found["currency"]) == (
        *(merchant, day, total, currency),
    )
    if item is not None:
        assert [tuple(i[name] for name in ("quantity", "unit_price", "total_price")) for i in body["items"]] == [item]


def test_a_blank_page_has_no_text(agent: AgentProcess, samples: list[Sample]) -> None:
    response = agent.extract(BLANK)
    assert response.status_code == 200
    body = checked(response)
    assert (body["success"], body["error_code"], body["raw_text"]) == (False, "no_text", "")
    assert body["validation"]["valid"] is False
    assert body["metadata"] == {**dict.fromkeys(METADATA), "confidence": 0.0}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (NOT_AN_IMAGE, 422, "bad_image"),
        ("no-such-image.jpg", 404, "not_found"),
        ("/etc/passwd", 403, "path_outside"),
        ("../../../../etc/passwd", 403, "path_outside"),
        ("file:///etc/passwd", 403, "path_outside"),
        ("a\0b", 400, "bad_path"),
        ("\ud800", 400, "bad_path"),
        ("gopher://x/y", 400, "bad_scheme"),
        ("http://127.0.0.1:9/x", 403, "http_off"),
        ("s3://bucket/key", 403, "objects_off"),
    ],
)
def test_what_may_not_or_cannot_be_read_is_refused(
    agent: AgentProcess, samples: list[Sample], path: str, status: int, code: str
) -> None:
    response = agent.extract(path)
    body = checked(response)
    assert (response.status_code, body["error_code"], body["receipt_id"]) == (status, code, "r-1")
    assert body["validation"]["errors"] == [body["error_message"]]
    assert "passwd" not in response.text


def post(agent: AgentProcess, content: bytes, content_type: str = "application/json") -> httpx.Response:
    response: httpx.Response = agent.client.post("/extract", content=content, headers={"Content-Type": content_type})
    return response


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"[" * 30_000, b'{"receipt_id": ' + b"9" * 5000]
)
def test_what_is_no_json_object_is_a_bad_request(agent: AgentProcess, content: bytes) -> None:
    response = post(agent, content)
    assert (response.status_code, checked(response)["error_code"]) == (400, "bad_json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"image_path": "x"}, "receipt_id"),
        ({"receipt_id": None, "image_path": "x"}, "receipt_id"),
        ({"receipt_id": True, "image_path": "x"}, "receipt_id"),
        ({"receipt_id": "", "image_path": "x"}, "receipt_id"),
        ({"receipt_id": "x" * 201, "image_path": "x"}, "receipt_id"),
        ({"receipt_id": {"a": 1}, "image_path": "x"}, "receipt_id"),
        ({"receipt_id": "r"}, "image_path"),
        ({"receipt_id": "r", "image_path": ""}, "image_path"),
        ({"receipt_id": "r", "image_path": 5}, "image_path"),
        ({"receipt_id": "r", "image_path": ["x"]}, "image_path"),
        ({"receipt_id": "r", "image_path": "x" * 2049}, "image_path"),
        ({"receipt_id": "r", "image_path": "x", "user_id": [1]}, "user_id"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(agent: AgentProcess, body: dict[str, Any], field: str) -> None:
    response = post(agent, json.dumps(body).encode())
    answer = checked(response)
    assert (response.status_code, answer["error_code"]) == (422, "bad_request")
    assert field in answer["error_message"]


def test_a_body_that_is_too_large_is_cut_off_even_without_a_length(agent: AgentProcess) -> None:
    large = b'{"image_path": "' + b"x" * MAX_BODY_BYTES + b'"}'
    assert post(agent, large).status_code == 413
    chunks = (large[at : at + 8192] for at in range(0, len(large), 8192))
    response = agent.client.post("/extract", content=chunks, headers={"Content-Type": "application/json"})
    assert (response.status_code, checked(response)["error_code"]) == (413, "body_too_large")


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_only_json_is_taken_so_that_no_web_page_can_ask(agent: AgentProcess, content_type: str) -> None:
    response = post(agent, b'{"receipt_id": "r", "image_path": "x"}', content_type)
    assert (response.status_code, checked(response)["error_code"]) == (415, "bad_content_type")


def test_other_endpoints_and_methods_answer_in_the_same_shape(agent: AgentProcess) -> None:
    wrong = agent.client.get("/extract")
    assert (wrong.status_code, checked(wrong)["error_code"], wrong.headers["allow"]) == (
        *(405, "method_not_allowed", "POST"),
    )
    missing = agent.client.get("/nothing")
    assert (missing.status_code, checked(missing)["error_code"]) == (404, "no_such_endpoint")


def test_health_and_readiness(agent: AgentProcess) -> None:
    assert agent.client.get("/health").json() == {"status": "ok"}
    ready = agent.client.get("/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)


def test_the_drill_refuses_twice_and_then_lets_through(agent: AgentProcess, samples: list[Sample]) -> None:
    path = str(next(sample.path for sample in samples if sample.path.name == REFUSED_TWICE))
    for _ in range(2):
        refused = agent.extract(path)
        assert (refused.status_code, checked(refused)["error_code"]) == (503, "drill")
        assert refused.headers["retry-after"] == "1"
    read = agent.extract(path)
    assert (read.status_code, checked(read)["success"]) == (200, True)


def test_a_full_waiting_room_says_when_to_come_back_and_health_still_answers(
    agent: AgentProcess, samples: list[Sample]
) -> None:
    path = str(samples[0].path)
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(agent.extract, path, f"r-{number}") for number in range(12)]
        assert agent.client.get("/health").status_code == 200
        answers = [answer.result() for answer in asked]
    read = [answer for answer in answers if answer.status_code == 200]
    full = [answer for answer in answers if answer.status_code == 429]
    assert len(read) + len(full) == 12
    assert len(read) >= 5
    assert full
    for answer in full:
        assert checked(answer)["error_code"] == "busy"
        assert int(answer.headers["retry-after"]) >= 1
    assert {checked(answer)["receipt_id"] for answer in answers} == {f"r-{number}" for number in range(12)}
    assert len({answer.json()["metadata"]["total_amount"] for answer in read}) == 1
    assert agent.client.get("/ready").json()["busy"] == 0
