"""What becomes of job and receipt, for every answer an agent can give."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from rq import Retry

from pantry_queue.receipts.store import ReceiptStore
from tests.redis.task.agent import Reply, ScriptedAgent, receipt_answer
from tests.redis.task.stage import Stage

KINDS = ("ours", "stock", "stock-simple")
#: Answer, and what an operator must be able to read in the job's error.
FINAL = {
    "/400.jpg": (Reply(400, {"error_code": "bad_path", "error_message": "bad image_path"}), "400 bad_path"),
    "/403.jpg": (Reply(403, {"error_code": "path_outside"}), "put the image under a folder the agent is allowed"),
    "/404.jpg": (Reply(404, {"error_code": "not_found"}), "the agent finds no image at '/404.jpg'"),
    "/413.jpg": (Reply(413, {"error_code": "too_large"}), "make it smaller"),
    "/415.jpg": (Reply(415, {"error_code": "unsupported_image"}), "upload a JPEG, PNG, WebP or TIFF"),
    "/422.jpg": (Reply(422, b"<html>no json</html>"), "not one the agent can read (422)"),
    "/401.jpg": (Reply(401, {}), "set its AGENT_TOKEN for the worker too"),
    "/302.jpg": (Reply(302, {}, {"location": "/elsewhere"}), "answered 302"),
    "/no.jpg": (Reply(200, {"success": False, "error_code": "no_text", "error_message": "blank\x1b[2J"}), "no_text"),
    "/html.jpg": (Reply(200, b"<html>welcome</html>"), "it is no JSON"),
    "/list.jpg": (Reply(200, [1, 2]), "no JSON object"),
    "/half.jpg": (Reply(200, {"success": True, "items": []}), "metadata is no object"),
    "/other.jpg": (Reply(200, receipt_answer(999_999)), "speaks of receipt 999999"),
    "/money.jpg": (Reply(200, receipt_answer(1, total_amount="a lot") | {"receipt_id": None}), "total_amount"),
    "/nan.jpg": (Reply(200, b'{"success": true, "metadata": {"total_amount": NaN}, "items": []}'), "no JSON"),
}
PASSING = (429, 500, 502, 503, 504)


@pytest.mark.parametrize("kind", KINDS)
def test_a_receipt_is_read_stored_and_summed_up(
    kind: str, stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    receipt_id = store.add_receipt("/shop.jpg", 1)
    job = stage.enqueue(receipt_id, "/shop.jpg")
    stage.burst(kind)

    result = job.return_value()
    assert agent.calls == [{"receipt_id": receipt_id, "image_path": "/shop.jpg", "user_id": 1}]
    assert {**result, "processing_time_ms": 0} == {
        "receipt_id": receipt_id,
        "status": "completed",
        "processing_time_ms": 0,
        "result": {
            "merchant_name": "Corner Shop",
            "purchase_date": "2026-11-20",
            "total_amount": "24.23",
            "currency": "EUR",
            "confidence": 0.93,
            "items": 2,
            "notes": 1,
        },
    }
    assert isinstance(result["processing_time_ms"], int)
    receipt = store.get(receipt_id)
    assert (receipt.ocr_status, receipt.status, receipt.total_amount) == ("completed", "processed", Decimal("24.23"))
    assert (receipt.purchase_date, receipt.extraction_errors) == (date(2026, 11, 20), ("items do not add up",))
    assert [(item.item_name, item.unit_price, item.total_price, item.quantity) for item in receipt.items] == [
        ("item 0", Decimal("1.10"), Decimal("2.20"), Decimal(2)),
        ("item 1", Decimal("1.10"), Decimal("2.20"), Decimal(2)),
    ]
    assert receipt.parsed_at is not None
    assert datetime.now(UTC) - receipt.parsed_at < timedelta(minutes=5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_pass_fails_at_once_on_any_worker(
    kind: str, stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    jobs = {}
    for path, (reply, _) in FINAL.items():
        agent.script[path] = [reply]
        receipt_id = store.add_receipt(path, 1)
        jobs[path] = (receipt_id, stage.enqueue(receipt_id, path, retry=Retry(max=3, interval=0)))
    stage.burst(kind)

    for path, (_, words) in FINAL.items():
        receipt_id, job = jobs[path]
        error = stage.error(job)
        assert (path, stage.status(receipt_id), agent.calls_for(path)) == (path, "failed", 1)
        assert error.startswith("pantry_queue.tasks.errors."), error
        assert f"receipt {receipt_id}: " in error, error
        assert words in error, error
        assert error.isprintable(), error
        receipt = store.get(receipt_id)
        assert (receipt.ocr_status, receipt.status, receipt.items) == ("failed", "uploaded", ())
        assert words in receipt.extraction_errors[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_pass_is_tried_again_and_then_failed(
    kind: str, stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    jobs = {}
    for status in PASSING:
        agent.script[f"/{status}.jpg"] = [Reply(status, {"error_code": "later"})]
        receipt_id = store.add_receipt(f"/{status}.jpg", 1)
        jobs[status] = (receipt_id, stage.enqueue(receipt_id, f"/{status}.jpg", retry=Retry(max=2, interval=0)))
    stage.burst(kind)

    for status, (receipt_id, job) in jobs.items():
        assert (status, agent.calls_for(f"/{status}.jpg"), stage.status(receipt_id)) == (status, 3, "failed")
        assert f"({status} later)" in stage.error(job)
        assert store.get(receipt_id).ocr_status == "failed"
        assert f"({status} later)" in store.get(receipt_id).extraction_errors[0]


def test_an_agent_that_does_not_answer_is_given_up_before_the_job_is(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/slow.jpg"] = [Reply(delay=30)]
    job = stage.enqueue(1, "/slow.jpg", retry=Retry(max=1), job_timeout=4)
    stage.burst()
    assert agent.calls_for("/slow.jpg") == 2
    assert "AgentSlow: receipt 1: the agent at" in stage.error(job)
    assert store.get(1).ocr_status == "failed"


def test_an_agent_that_refuses_twice_is_asked_a_third_time(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/twice.jpg"] = [Reply(503, {}), Reply(502, {}), Reply()]
    job = stage.enqueue(7, "/twice.jpg", retry=Retry(max=3, interval=0))
    stage.burst()
    assert agent.calls_for("/twice.jpg") == 3
    assert job.return_value()["status"] == "completed"
    assert store.get(7).ocr_status == "completed"
    assert store.get(7).extraction_errors == ("items do not add up",)


def test_a_receipt_the_database_does_not_know_is_made(stage: Stage, store: ReceiptStore) -> None:
    stage.enqueue(4711, "/new.jpg")
    stage.burst()
    receipt = store.get(4711)
    assert (receipt.user_id, receipt.image_path, receipt.ocr_status) == (1, "/new.jpg", "completed")
    assert store.add_receipt("/next.jpg", 2) == 4712


def test_running_again_replaces_fields_and_items(stage: Stage, agent: ScriptedAgent, store: ReceiptStore) -> None:
    agent.script["/again.jpg"] = [
        Reply(body=receipt_answer(5, items=40)),
        Reply(body=receipt_answer(5, items=1, merchant_name="Other Shop", purchase_date=None)),
    ]
    stage.enqueue(5, "/again.jpg")
    stage.burst()
    assert len(store.get(5).items) == 40
    stage.enqueue(5, "/again.jpg")
    stage.burst()
    receipt = store.get(5)
    assert [item.item_name for item in receipt.items] == ["item 0"]
    assert receipt.merchant_name == "Other Shop"
    assert receipt.purchase_date == date(2026, 11, 20), "a date that was not read anew is kept"


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"receipt_id": "x\n1", "image_path": "/a.jpg", "user_id": 1}, "receipt_id is 'x"),
        ({"receipt_id": 3, "image_path": "", "user_id": 1}, "names no image"),
        ({"receipt_id": 3, "image_path": "/a.jpg", "user_id": None}, "user_id is None"),
        ({"receipt_id": 2**70, "image_path": "/a.jpg", "user_id": 1}, "positive whole number"),
    ],
)
def test_a_job_that_makes_no_sense_fails_at_once(
    kwargs: dict[str, object], words: str, stage: Stage, agent: ScriptedAgent
) -> None:
    from rq import Queue

    from tests.redis.task.stage import TASK

    queue = Queue(stage.settings.queue_name, connection=stage.redis)
    job = queue.enqueue(TASK, kwargs=kwargs, retry=Retry(max=3, interval=0))
    stage.burst("stock-simple")
    assert words in stage.error(job)
    assert job.get_status(refresh=True) == "failed"
    assert agent.calls == []
