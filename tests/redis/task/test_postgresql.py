"""The whole flow with the receipts in PostgreSQL, also when the server goes away in the middle."""

from __future__ import annotations

import pytest
from rq import Retry

from pantry_queue.receipts.store import ReceiptStore
from tests.redis.store.conftest import postgres
from tests.redis.store.postgres import PostgresServer
from tests.redis.task.agent import Reply, ScriptedAgent, until
from tests.redis.task.stage import Stage

__all__ = ["postgres"]


@pytest.fixture
def database_url(postgres: PostgresServer) -> str:
    """As the rest of the system writes it: `postgresql+asyncpg://...`."""
    return postgres.new_database()


def test_receipts_are_read_refused_and_tried_again(stage: Stage, agent: ScriptedAgent, store: ReceiptStore) -> None:
    agent.script["/2.jpg"] = [Reply(415, {"error_code": "unsupported_image"})]
    agent.script["/3.jpg"] = [Reply(503, {}), Reply()]
    known = store.add_receipt("/1.jpg", 1)
    jobs = [stage.enqueue(number, f"/{number}.jpg", retry=Retry(max=2)) for number in (known, 2, 3)]
    stage.burst()
    assert [job.get_status() for job in jobs] == ["finished", "failed", "finished"]
    assert [store.get(number).ocr_status for number in (1, 2, 3)] == ["completed", "failed", "completed"]
    assert [agent.calls_for(f"/{number}.jpg") for number in (1, 2, 3)] == [1, 1, 2]
    assert len(store.get(3).items) == 2
    assert store.add_receipt("/next.jpg", 1) == 4


@pytest.mark.parametrize("kind", ["ours", "stock-simple"])
def test_four_workers_write_at_once(kind: str, stage: Stage, store: ReceiptStore) -> None:
    receipts = [store.add_receipt(f"/{number}.jpg", 1 + number % 3) for number in range(20)]
    for number in range(1, 41):
        stage.enqueue(number, f"/{number}.jpg")
    workers = [stage.worker(kind, "--burst") for _ in range(4)]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert store.counts() == {"pending": 0, "processing": 0, "completed": 40, "failed": 0}
    assert {len(receipt.items) for receipt in store.list(limit=100)} == {2}
    assert receipts == list(range(1, 21))


def test_a_server_that_goes_away_while_a_receipt_is_read(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore, postgres: PostgresServer
) -> None:
    agent.script["/x.jpg"] = [Reply(delay=2)]
    receipt_id = store.add_receipt("/x.jpg", 1)
    job = stage.enqueue(receipt_id, "/x.jpg", retry=Retry(max=5, interval=[1, 1, 1, 1, 1]))
    stage.worker()
    until(lambda: agent.calls, "the agent is asked")
    postgres.crash()
    try:
        until(lambda: stage.status(receipt_id) == "scheduled", "the result could not be stored")
    finally:
        postgres.start()
    until(lambda: stage.status(receipt_id) == "finished", "the server is back")
    assert len(agent.calls) >= 2
    assert job.return_value()["status"] == "completed"
    receipt = store.get(receipt_id)
    assert (receipt.ocr_status, len(receipt.items), len(store.list())) == ("completed", 2, 1)


def test_a_server_that_crashes_under_four_workers_doubles_and_loses_nothing(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore, postgres: PostgresServer
) -> None:
    store.prepare()
    for number in range(1, 41):
        stage.enqueue(number, f"/{number}.jpg", retry=Retry(max=10, interval=[1] * 10))
    for _ in range(4):
        stage.worker()
    until(lambda: len(agent.calls) > 10, "the work is under way")
    postgres.crash()
    try:
        until(lambda: stage.redis.zcard("rq:scheduled:pantry-pilot") > 2, "jobs wait for another try")
    finally:
        postgres.start()
    until(lambda: stage.redis.zcard("rq:finished:pantry-pilot") == 40, "all are read in the end")
    assert store.counts() == {"pending": 0, "processing": 0, "completed": 40, "failed": 0}
    receipts = store.list(limit=100)
    assert [receipt.id for receipt in receipts] == list(range(40, 0, -1))
    assert {len(receipt.items) for receipt in receipts} == {2}


def test_a_worker_starts_without_its_database_and_waits_for_it(
    stage: Stage, agent: ScriptedAgent, postgres: PostgresServer, store: ReceiptStore
) -> None:
    store.prepare()
    postgres.crash()
    try:
        stage.enqueue(1, "/1.jpg", retry=Retry(max=10, interval=[1] * 10))
        stage.worker()
        until(lambda: stage.status(1) == "scheduled", "the first try has failed")
        assert agent.calls == []
    finally:
        postgres.start()
    until(lambda: stage.status(1) == "finished", "the server is back")
    assert "Receipts wait until it answers" in stage.log()
