"""Schemathesis asks the API what its schema allows and what it does not: no 5xx, no answer off the schema."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.receipts.api import create_app
from pantry_queue.receipts.store import ReceiptStore
from tests.redis.api.conftest import picture

fuzz = hypothesis_settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def schema(settings: Settings, tmp_path: Path) -> schemathesis.BaseSchema:
    """The API's own schema, in the process, over receipts in every state."""
    here = replace(settings, database_url=f"sqlite:///{tmp_path}/r.db", receipts_dir=str(tmp_path / "uploads"))
    store, queue = ReceiptStore(here.store_url), QueueClient(here)
    for number in range(4):
        store.add_receipt(f"/{number}.jpg", 1, purchase_date=date(2026, 11, 24))
    store.mark_failed(2, "unreadable")
    queue.enqueue_ocr_task(3, "/2.jpg", 1)
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(here, store, queue))


lazy = schemathesis.pytest.from_fixture("schema")


@lazy.parametrize()
@fuzz
@pytest.mark.timeout(300)
def test_every_answer_is_one_the_schema_promises(case: Case) -> None:
    case.call_and_validate(checks=CHECKS)


@lazy.include(path="/receipts", method="POST").parametrize()
@fuzz
def test_an_image_with_any_fields_around_it(case: Case) -> None:
    response = case.call(files={"file": ("r.jpg", picture())})
    case.validate_response(response, checks=CHECKS)
