"""What several processes do to one database at the same time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from typing import Any

from pantry_queue.receipts.store import ExtractedItem, Extraction, Overtaken, ReceiptStore


def crowd(work: Callable[..., None], count: int, *arguments: Any) -> list[int | None]:
    """Run `work(number, barrier, *arguments)` in so many fresh processes; their exit codes."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count)
    processes = [context.Process(target=work, args=(number, barrier, *arguments)) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
        if process.is_alive():
            process.kill()
            process.join()
    return [process.exitcode for process in processes]


def use_first(_number: int, barrier: Barrier, urls: Sequence[str]) -> None:
    """Be the first to use a database, all at once, one database after the other."""
    for url in urls:
        store = ReceiptStore(url)
        barrier.wait(60)
        store.add_receipt("/x.jpg", 1)
        store.close()


def add_and_adopt(number: int, barrier: Barrier, url: str, rounds: int) -> None:
    """Add receipts of our own and such whose id came from outside."""
    store = ReceiptStore(url)
    barrier.wait(60)
    for turn in range(rounds):
        store.add_receipt("/own.jpg", 1 + number)
        store.mark_processing(turn * 7 + number + 3, image_path="/foreign.jpg", user_id=10 + number + turn)
    store.close()


def replace(number: int, barrier: Barrier, url: str, receipt_id: int, rounds: int) -> None:
    """Save readings that tell who made them, over and over; a run that another one overtakes stores nothing."""
    store = ReceiptStore(url)
    mine = tuple(ExtractedItem(f"of {number}") for _ in range(number + 1))
    barrier.wait(60)
    for _ in range(rounds):
        fence = store.mark_processing(receipt_id, image_path="/x.jpg", user_id=1, holder=str(number))
        with suppress(Overtaken):
            store.save_extraction(receipt_id, Extraction(merchant_name=str(number), items=mine), fence=fence)
    store.close()
