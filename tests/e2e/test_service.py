"""A service that lacks this package, the real agent, and both kinds of worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue

from console.stack import Stack
from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.receipts.samples import BLANK, NOT_AN_IMAGE, Sample, draw_demo
from pantry_queue.receipts.store import ReceiptStore

from .conftest import until

TASK = "pantry_queue.tasks.ocr_tasks.process_receipt_ocr"


class Service:
    """A running stack without workers, and the samples its agent may read."""

    def __init__(self, stack: Stack, settings: Settings, samples: dict[str, Sample]) -> None:
        self.stack = stack
        self.settings = settings
        self.samples = samples
        self.client = QueueClient(settings)
        self.store = ReceiptStore(settings.store_url)
        self.redis = connect(settings)

    def work(self, *command: str) -> str:
        """Run a worker until the queues are empty; its output."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            env=self.stack.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Valkey and the agent, for all tests here."""
    folder = tmp_path_factory.mktemp("service")
    samples = {sample.path.name: sample for sample in draw_demo(folder / "samples", 2, seed=11)}
    store_url = f"sqlite:///{folder / 'receipts.db'}"
    with Stack(folder, {"IMAGE_ROOTS": str(folder / "samples"), "DATABASE_URL": store_url}) as stack:
        server = stack.start_valkey()
        stack.environment["AGENT_URL"] = stack.start_agent("pantry_queue.receipts.agent", [])
        settings = replace(Settings(), redis_url=server.url, database_url=store_url)
        yield Service(stack, settings, samples)


def test_a_stock_worker_runs_what_a_stock_client_enqueued(service: Service) -> None:
    sample = service.samples["receipt-001.jpg"]
    queue = Queue("pantry-pilot", connection=service.redis)
    job = queue.enqueue(TASK, receipt_id=101, image_path=str(sample.path), user_id=5)
    service.work("rq", "worker", "--burst", "--url", str(service.settings.redis_url), "pantry-pilot")
    status = service.client.get_job_status(job.id)
    assert status["status"] == "finished"
    assert set(status["result"]) == {"receipt_id", "status", "processing_time_ms", "result"}
    receipt = service.store.get(101)
    assert (receipt.ocr_status, receipt.total_amount, receipt.user_id) == ("completed", sample.total, 5)
    assert receipt.purchase_date == sample.purchase_date
    assert sum(item.total_price or 0 for item in receipt.items) > 0


def test_our_worker_takes_high_first_and_low_last(service: Service) -> None:
    path = str(service.samples["receipt-002.jpg"].path)
    for number, priority in ((201, "low"), (202, "default"), (203, "high")):
        assert service.client.enqueue_ocr_task(number, path, 1, priority) == f"ocr-{number}"
    output = service.work("pantry-console", "workers", "run", "--burst")
    order = [output.index(f"ocr-{number}") for number in (203, 202, 201)]
    assert order == sorted(order)
    ended = [service.client.get_job_status(f"ocr-{number}") for number in (201, 202, 203)]
    assert [status["status"] for status in ended] == ["finished"] * 3


def test_what_cannot_be_read_fails_at_once_with_a_reason(service: Service) -> None:
    names = {301: NOT_AN_IMAGE, 302: BLANK, 303: "missing.jpg", 304: "../../../etc/passwd"}
    folder = service.samples["receipt-001.jpg"].path.parent
    service.client.enqueue_batch_ocr((number, str(folder / name), 1) for number, name in names.items())
    service.work("pantry-console", "workers", "run", "--burst")
    for number in names:
        status = service.client.get_job_status(f"ocr-{number}")
        assert status["status"] == "failed"
        assert f"receipt {number}" in status["error"]
        receipt = service.store.get(number)
        assert receipt.ocr_status == "failed"
        assert receipt.extraction_errors
    assert service.client.clear_failed_jobs() == len(names)
    assert {service.client.get_job_status(f"ocr-{number}")["status"] for number in names} == {"not_found"}


def test_a_worker_told_to_stop_finishes_its_receipt_first(service: Service) -> None:
    service.client.enqueue_ocr_task(401, str(service.samples["receipt-001.jpg"].path), 1)
    worker = subprocess.Popen(
        [sys.executable, "-m", "pantry_queue.workers.worker"],
        env=service.stack.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: service.client.get_job_status("ocr-401")["status"] == "started")
    worker.terminate()
    assert worker.wait(60) == 0
    assert service.client.get_job_status("ocr-401")["status"] == "finished"
    assert service.client.get_queue_info()["workers"] == 0


def test_several_workers_in_the_foreground_share_a_burst(service: Service) -> None:
    path = str(service.samples["receipt-002.jpg"].path)
    ids = service.client.enqueue_batch_ocr((number, path, 1) for number in range(501, 505))
    service.work("pantry-console", "workers", "run", "--burst", "--count", "2")
    ended = [service.client.get_job_status(job_id)["status"] for job_id in ids]
    assert ended == ["finished"] * 4
