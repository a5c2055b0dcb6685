"""`enqueue_new_ocr` says what it put into a queue: each job once, whoever else asks at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.control.submission import CHUNK_JOBS
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis


def test_what_waits_or_comes_twice_is_not_told_again(settings: Settings) -> None:
    client = QueueClient(settings)
    client.enqueue_ocr_task(2, "/2.jpg", 1)
    tasks = [(number, f"/{number}.jpg", 1) for number in (1, 2, 3, 3, 4, 5)]
    assert client.enqueue_new_ocr(tasks, limit=2) == ["ocr-1", "ocr-3"]
    assert client.enqueue_new_ocr(tasks) == ["ocr-4", "ocr-5"]
    assert client.enqueue_new_ocr(tasks) == []
    assert client.get_queue_info()["count"] == 5


def test_a_limit_passes_over_any_number_that_wait_and_reads_no_further(settings: Settings) -> None:
    client = QueueClient(settings)
    waiting = [(number, "/x.jpg", 1) for number in range(3 * CHUNK_JOBS)]
    client.enqueue_batch_ocr(waiting)
    read = []

    def tasks() -> Iterator[tuple[int, str, int]]:
        for number in range(9 * CHUNK_JOBS):
            read.append(number)
            yield number, "/x.jpg", 1

    first = 3 * CHUNK_JOBS
    assert client.enqueue_new_ocr(tasks(), limit=3) == [f"ocr-{number}" for number in range(first, first + 3)]
    assert len(read) <= 6 * CHUNK_JOBS
    assert client.get_queue_info()["count"] == first + 3


def test_callers_at_once_share_the_jobs(settings: Settings) -> None:
    tasks = [(number, "/x.jpg", 1) for number in range(2500)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.enqueue_new_ocr(tasks), [QueueClient(settings)] * 4))
    told = [job_id for answer in answers for job_id in answer]
    assert sorted(told) == sorted(f"ocr-{number}" for number in range(2500))
    assert QueueClient(settings).get_queue_info()["count"] == 2500


def test_a_job_that_is_in_no_list_is_put_back_and_told(settings: Settings, redis_client: Redis) -> None:
    client = QueueClient(settings)
    client.enqueue_batch_ocr((number, "/x.jpg", 1) for number in range(3))
    redis_client.lrem(Keys().queue(settings.queue_name), 1, "ocr-1")
    assert client.enqueue_new_ocr([(number, "/x.jpg", 1) for number in range(4)]) == ["ocr-3", "ocr-1"]
    assert client.get_queue_info()["count"] == 4
