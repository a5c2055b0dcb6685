"""The queue over HTTP: every pending receipt is put in once, and each can be asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pantry_queue.keys import Keys
from pantry_queue.receipts.reconcile import reconcile
from pantry_queue.receipts.store import Extraction
from tests.redis.api.conftest import Api, add_many, problem

if TYPE_CHECKING:
    from redis import Redis


def waiting(api: Api, redis: Redis) -> list[str]:
    """The ids in the queue, next one first."""
    return [job.decode() for job in redis.lrange(Keys().queue(api.settings.queue_name), 0, -1)]


def test_all_pending_receipts_of_the_user_are_queued(api: Api, redis_client: Redis) -> None:
    for number in range(4):
        api.store.add_receipt(f"/{number}.jpg", 1)
    api.store.add_receipt("/other.jpg", 2)
    api.store.save_extraction(2, Extraction())
    api.store.mark_failed(3, "unreadable")
    answer = api.http.post("/receipts/ocr/process-all", params={"user_id": 1})
    assert answer.json() == {
        "status": "queued",
        "queued": 2,
        "job_ids": ["ocr-1", "ocr-4"],
        "user_id": 1,
        "limit": None,
    }
    assert waiting(api, redis_client) == ["ocr-1", "ocr-4"]
    assert api.http.post("/receipts/ocr/process-all").json()["queued"] == 0
    assert waiting(api, redis_client) == ["ocr-1", "ocr-4"]


def test_a_limit_takes_the_oldest_that_do_not_wait_yet(api: Api, redis_client: Redis) -> None:
    add_many(api, 12)

    def ask() -> list[str]:
        body = api.http.post("/receipts/ocr/process-all?user_id=1&limit=5").json()
        assert (body["status"], body["queued"], body["limit"]) == ("queued", len(body["job_ids"]), 5)
        return [str(job_id) for job_id in body["job_ids"]]

    asked = [ask()]
    assert reconcile(api.settings, api.store, api.queue, grace=0).enqueued == 0, "the rest is held back"
    assert waiting(api, redis_client) == asked[0]
    asked += [ask(), ask(), ask()]
    assert [len(job_ids) for job_ids in asked] == [5, 5, 2, 0]
    assert waiting(api, redis_client) == [f"ocr-{number}" for number in range(1, 13)]


def test_ten_thousand_are_queued_by_one_request(api: Api, redis_client: Redis) -> None:
    add_many(api, 10_000)
    body = api.http.post("/receipts/ocr/process-all?user_id=1").json()
    every = [f"ocr-{number}" for number in range(1, 10_001)]
    assert (body["queued"], body["job_ids"]) == (10_000, every)
    assert waiting(api, redis_client) == every
    assert api.http.post("/receipts/ocr/process-all?user_id=1&limit=1").json()["queued"] == 0


def test_requests_at_once_queue_each_receipt_once(api: Api, redis_client: Redis) -> None:
    add_many(api, 3000)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.http.post("/receipts/ocr/process-all").json(), range(4)))
    every = [f"ocr-{number}" for number in range(1, 3001)]
    assert sorted(job_id for body in answers for job_id in body["job_ids"]) == sorted(every)
    assert sum(body["queued"] for body in answers) == 3000
    assert sorted(waiting(api, redis_client)) == sorted(every)


@pytest.mark.parametrize("query", ["user_id=0", "user_id=x", "limit=0", "limit=-1", "limit=5.5", "limit=all"])
def test_a_bad_request_queues_nothing(api: Api, redis_client: Redis, query: str) -> None:
    add_many(api, 2)
    problem(api.http.post(f"/receipts/ocr/process-all?{query}"), 422, "bad_request")
    assert waiting(api, redis_client) == []


def test_the_queue_is_told_as_the_client_tells_it(api: Api) -> None:
    add_many(api, 3)
    api.http.post("/receipts/ocr/process-all")
    status = api.http.get("/receipts/ocr/queue-status").json()
    assert status == {"available": True, **api.queue.get_queue_info()}
    assert status["count"] == 3


def test_a_receipts_job_is_told_also_when_there_is_none(api: Api) -> None:
    add_many(api, 2)
    api.http.post("/receipts/ocr/process-all?limit=1")
    first, second = (api.http.get(f"/receipts/ocr/queue-status?receipt_id={number}").json() for number in (1, 2))
    assert first == {"available": True, "receipt_id": 1, **api.queue.get_job_status("ocr-1")}
    assert (first["status"], first["position"]) == ("queued", 0)
    assert second == {"available": True, "receipt_id": 2, "job_id": "ocr-2", "status": "not_found"}


def test_a_job_is_told_and_an_unknown_one_is_not_found(api: Api) -> None:
    job_id = api.queue.enqueue("tests.redis.control.jobs.add", 1, 2)
    assert api.http.get(f"/receipts/ocr/job/{job_id}").json() == api.queue.get_job_status(job_id)
    for unknown in ("ocr-99", "ocr:1", "%00", "\N{BREAD}", "x" * 900):
        body = problem(api.http.get(f"/receipts/ocr/job/{unknown}"), 404, "not_found")
        assert body["status"] == "not_found"


def test_a_result_that_is_no_text_is_still_told(api: Api, redis_client: Redis) -> None:
    from rq import Queue, SimpleWorker

    queue = Queue(api.settings.queue_name, connection=redis_client)
    job = queue.enqueue("tests.redis.api.answers.lone_surrogate")
    SimpleWorker([queue], connection=redis_client).work(burst=True)
    body = api.http.get(f"/receipts/ocr/job/{job.id}").json()
    assert (body["status"], body["result"]) == ("finished", {"text": "\ud800"})


def test_a_failed_receipt_is_tried_again(api: Api, redis_client: Redis) -> None:
    add_many(api, 1)
    api.store.mark_failed(1, "unreadable")
    answer = api.http.post("/receipts/1/ocr/retry").json()
    assert answer == {"status": "queued", "queued": 1, "job_id": "ocr-1", "receipt_id": 1}
    assert (api.store.get(1).ocr_status, waiting(api, redis_client)) == ("pending", ["ocr-1"])
    assert api.http.post("/receipts/1/ocr/retry").json()["queued"] == 0
    assert waiting(api, redis_client) == ["ocr-1"]


def test_a_receipt_that_runs_is_left_alone_and_a_read_one_stays_read(api: Api, redis_client: Redis) -> None:
    add_many(api, 2)
    api.store.mark_processing(1, image_path="", user_id=1)
    api.store.save_extraction(2, Extraction(merchant_name="Corner Shop"))
    assert api.http.post("/receipts/1/ocr/retry").json()["queued"] == 1  # its worker is gone: nothing runs
    assert api.store.get(1).ocr_status == "processing"
    problem(api.http.post("/receipts/2/ocr/retry"), 409, "already_read")
    problem(api.http.post("/receipts/3/ocr/retry"), 404, "not_found")
    assert waiting(api, redis_client) == ["ocr-1"]
    assert api.store.get(2).ocr_status == "completed"
