"""Waiting for a busy agent, passing over a dead one, and ends nobody planned: time-outs, kills, a locked database."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from rq import Retry
from rq.command import send_kill_horse_command
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty

from pantry_queue.errors import StoreUnavailable
from pantry_queue.receipts.store import ReceiptStore
from pantry_queue.tasks.errors import AgentAway, AgentBusy, ImageRefused
from pantry_queue.tasks.ocr_tasks import process_receipt_ocr
from tests.redis.task.agent import Reply, ScriptedAgent, free_port, until
from tests.redis.task.stage import Stage

BUSY = Reply(429, {"error_code": "busy"}, {"retry-after": "1"})


@pytest.fixture
def here(agent: ScriptedAgent, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The test's own process is set up as a worker is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENT_URL", agent.url)
    monkeypatch.setenv("DATABASE_URL", database_url)


def test_a_busy_agent_is_waited_for_without_using_up_a_try(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/busy.jpg"] = [BUSY, Reply(503, {}, {"retry-after": "1"}), BUSY, Reply()]
    job = stage.enqueue(3, "/busy.jpg", retry=Retry(max=1, interval=[60]))
    stage.redis.hset(job.key, "retries_left", 0)
    stage.worker()
    until(lambda: stage.status(3) == "scheduled", "the job waits")
    assert store.get(3).ocr_status == "pending"
    assert "asks to come back later (429 busy)" in store.get(3).extraction_errors[0]
    until(lambda: stage.status(3) == "finished", "the agent has time")
    job.refresh()
    assert (job.retries_left, job.number_of_retries) == (0, 3)
    assert store.get(3).ocr_status == "completed"


def test_a_busy_agent_counts_as_a_failed_try_in_the_end(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/busy.jpg"] = [BUSY]
    job = stage.enqueue(3, "/busy.jpg", retry=Retry(max=1, interval=[60]))
    stage.redis.hset(job.key, mapping={"number_of_retries": 200, "retries_left": 0})
    stage.burst("stock")
    assert stage.status(3) == "failed"
    assert "AgentBusy: receipt 3: the agent at" in stage.error(job)
    assert store.get(3).ocr_status == "failed"


def test_a_dead_agent_is_passed_over_and_taken_up_again(
    stage: Stage, agent: ScriptedAgent, other_agent: ScriptedAgent
) -> None:
    stage.env["AGENT_URL"] = f"{agent.url},{other_agent.url}"
    agent.stop()
    for receipt_id in range(1, 9):
        stage.enqueue(receipt_id, f"/{receipt_id}.jpg")
    stage.burst("stock-simple")
    assert [stage.status(receipt_id) for receipt_id in range(1, 9)] == ["finished"] * 8
    assert len(other_agent.calls) == 8
    agent.start()
    for receipt_id in range(11, 51):
        stage.enqueue(receipt_id, f"/{receipt_id}.jpg")
    stage.burst("stock-simple")
    assert len(agent.calls) + len(other_agent.calls) == 48
    assert len(agent.calls) >= 5, "work is shared out again"
    assert len(other_agent.calls) >= 13


def test_a_busy_agent_is_passed_over_for_an_idle_one(
    stage: Stage, agent: ScriptedAgent, other_agent: ScriptedAgent
) -> None:
    stage.env["AGENT_URL"] = f"{agent.url},{other_agent.url}"
    for receipt_id in range(1, 9):
        agent.script[f"/{receipt_id}.jpg"] = [BUSY]
        stage.enqueue(receipt_id, f"/{receipt_id}.jpg")
    stage.burst("stock-simple")
    assert [stage.status(receipt_id) for receipt_id in range(1, 9)] == ["finished"] * 8
    assert len(other_agent.calls) == 8


def test_without_a_job_every_trouble_is_final(here: None, agent: ScriptedAgent, store: ReceiptStore) -> None:
    agent.script["/busy.jpg"] = [BUSY]
    agent.script["/bad.jpg"] = [Reply(415, {})]
    with pytest.raises(AgentBusy):
        process_receipt_ocr(1, "/busy.jpg", 1)
    with pytest.raises(ImageRefused):
        process_receipt_ocr(2, "/bad.jpg", 1)
    agent.stop()
    with pytest.raises(AgentAway, match=r"receipt 3: no agent answers at http://127\.0\.0\.1"):
        process_receipt_ocr(3, "/x.jpg", 1)
    assert [store.get(receipt_id).ocr_status for receipt_id in (1, 2, 3)] == ["failed"] * 3


def test_the_agents_token_is_sent_along(here: None, agent: ScriptedAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    process_receipt_ocr(1, "/x.jpg", 1)
    monkeypatch.setenv("AGENT_TOKEN", "Sesam öffne dich")
    process_receipt_ocr(1, "/x.jpg", 1)
    assert agent.authorizations == [None, "Bearer Sesam öffne dich".encode().decode("latin-1")]


def test_ids_may_come_as_text(here: None, store: ReceiptStore) -> None:
    assert process_receipt_ocr("17", "/x.jpg", "4")["status"] == "completed"  # type: ignore[arg-type,index]
    assert store.get(17).user_id == 4


def test_a_job_that_runs_out_of_time_leaves_no_receipt_in_processing(
    here: None, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/slow.jpg"] = [Reply(delay=20)]
    with pytest.raises(JobTimeoutException), UnixSignalDeathPenalty(1, JobTimeoutException):
        process_receipt_ocr(1, "/slow.jpg", 1)
    assert store.get(1).ocr_status == "failed"
    assert "took longer than the job may take" in store.get(1).extraction_errors[0]


def test_an_answer_that_trickles_is_given_up_before_the_job_is(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    import socket

    listener = socket.create_server(("127.0.0.1", free_port()))
    stage.env["AGENT_URL"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
    over = threading.Event()

    def trickle() -> None:
        link, _ = listener.accept()
        link.recv(65536)
        link.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
        while not over.wait(0.2):
            try:
                link.sendall(b" ")
            except OSError:
                return

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    job = stage.enqueue(1, "/x.jpg", job_timeout=4)
    stage.burst()
    over.set()
    thread.join()
    listener.close()
    assert "AgentSlow: receipt 1: the agent at" in stage.error(job)
    assert store.get(1).ocr_status == "failed"


def test_a_reading_killed_half_way_is_done_again_and_stored_once(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/kill.jpg"] = [Reply(delay=60), Reply()]
    stage.worker()
    stage.enqueue(1, "/kill.jpg", retry=Retry(max=1))
    until(lambda: agent.calls, "the agent is asked")
    assert store.get(1).ocr_status == "processing"
    (key,) = stage.redis.smembers("rq:workers")
    send_kill_horse_command(stage.redis, key.decode().removeprefix("rq:worker:"))
    until(lambda: stage.status(1) == "finished", "the second run")
    assert len(store.get(1).items) == 2
    assert store.get(1).ocr_status == "completed"


def test_two_jobs_for_one_receipt_at_once_leave_one_result(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    from rq import Queue

    from tests.redis.task.stage import TASK

    agent.script["/same.jpg"] = [Reply(delay=0.3)]
    queue = Queue(stage.settings.queue_name, connection=stage.redis)
    jobs = [queue.enqueue(TASK, receipt_id=1, image_path="/same.jpg", user_id=1) for _ in range(8)]
    workers = [stage.worker("ours", "--burst") for _ in range(4)]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert [job.get_status() for job in jobs] == ["finished"] * 8
    assert len(store.get(1).items) == 2
    assert store.counts() == {"pending": 0, "processing": 0, "completed": 1, "failed": 0}


def test_four_workers_write_into_one_sqlite_file(stage: Stage, store: ReceiptStore) -> None:
    receipts = [store.add_receipt(f"/{number}.jpg", 1 + number % 3) for number in range(40)]
    for receipt_id in receipts:
        stage.enqueue(receipt_id, store.get(receipt_id).image_path)
    workers = [stage.worker("stock-simple", "--burst") for _ in range(4)]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    assert store.counts()["completed"] == 40
    assert {len(store.get(receipt_id).items) for receipt_id in receipts} == {2}


def test_a_locked_database_is_tried_again(stage: Stage, agent: ScriptedAgent, store: ReceiptStore) -> None:
    store.add_receipt("/x.jpg", 1)
    stage.env["DATABASE_URL"] += "?timeout=0.2"
    job = stage.enqueue(1, "/x.jpg", retry=Retry(max=3, interval=[1, 1, 30]))
    other = sqlite3.connect(store.where, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    stage.worker()
    until(lambda: stage.status(1) == "scheduled", "the first try has failed")
    assert agent.calls == [], "nothing is read that cannot be stored"
    other.rollback()
    other.close()
    until(lambda: stage.status(1) == "finished", "the lock is gone")
    assert job.return_value()["status"] == "completed"


def test_a_database_locked_for_good_fails_the_job(
    here: None, monkeypatch: pytest.MonkeyPatch, store: ReceiptStore
) -> None:
    store.add_receipt("/x.jpg", 1)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{store.where}?timeout=0.1")
    other = sqlite3.connect(store.where, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"receipt 1: The receipt store .* is locked by another program"):
        process_receipt_ocr(1, "/x.jpg", 1)
    other.close()


def test_a_receipt_deleted_while_it_is_read_stays_deleted(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    store.add_receipt("/x.jpg", 1)
    agent.script["/x.jpg"] = [Reply(delay=3)]
    job = stage.enqueue(1, "/x.jpg", retry=Retry(max=3))
    worker = stage.worker("ours", "--burst")
    until(lambda: agent.calls, "the agent is asked")
    with sqlite3.connect(store.where) as other:
        other.execute("DELETE FROM receipts")
    other.close()
    assert worker.wait(60) == 0
    assert "deleted while it was read" in stage.error(job)
    assert (len(agent.calls), store.list()) == (1, ())
