"""Enqueueing, each job once: new jobs as RQ writes them, in chunks, one atomic step a chunk.

Sending a chunk again changes nothing, so a lost reply cannot make a job run twice. The fields of the hash are those
of `rq.job.Job.to_dict` in RQ 3.0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pantry_queue.control.lua import Argument, Scripts
from pantry_queue.errors import Refused
from pantry_queue.text import safe

Mode = Literal["once", "unique"]

#: About 10 ms of server time each: large enough that round trips do not count, too short to be felt by others.
CHUNK_JOBS = 1000
CHUNK_BYTES = 1 << 20

#: A worker of stock RQ that listens to several queues takes a job some milliseconds before it registers it. Only a
#: job that is in no list for longer is lost.
GRACE_SECONDS = 1.0

#: Fields that RQ always writes, empty until a worker fills them.
BLANK: Mapping[str, Argument] = {
    "success_callback_name": "",
    "failure_callback_name": "",
    "stopped_callback_name": "",
    "started_at": "",
    "ended_at": "",
    "last_heartbeat": "",
    "worker_name": "",
    "group_id": "",
    "status": "queued",
}


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is different in each job of one submission.

    Attributes:
        data: the call as RQ stores it, compressed.
        description: one line for people.
        at_front: next in its queue instead of last.
    """

    id: str
    queue: str
    data: bytes
    description: str
    at_front: bool = False


def stamp(moment: datetime) -> str:
    """A time as RQ writes it (`rq.utils.utcformat`)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp_now() -> str:
    """Now, as RQ writes it."""
    return stamp(datetime.now(UTC))


def submit(
    scripts: Scripts, jobs: Iterable[NewJob], fields: Mapping[str, Argument], *, mode: Mode = "once", ttl: int = 0
) -> list[str]:
    """Enqueue jobs unless they wait or run already.

    A job that has ended, or claims to wait but is held by no list (it was lost), is enqueued afresh: nothing of
    its earlier life stays, except the jobs that wait for it.

    Args:
        scripts: where.
        jobs: read as they are sent; an id that comes twice is enqueued once.
        fields: of the hash, the same in all of them; `created_at` and `enqueued_at` are set here.
        mode: `unique` leaves alone any job that exists at all, as RQ's `unique=True` does.
        ttl: seconds after which a job that nobody took is dropped; 0 is never.

    Returns:
        The ids, in the order of `jobs`.

    Raises:
        Refused: `unique` and it exists, or another kind of key stands under the name of a job. The jobs before it
            and after it in its chunk are enqueued.
    """
    return _submit(scripts, jobs, fields, mode, ttl, None)[0]


def submit_new(
    scripts: Scripts, jobs: Iterable[NewJob], fields: Mapping[str, Argument], *, most: int | None = None
) -> list[str]:
    """Enqueue jobs as `submit` does, and tell which this call put into a queue.

    Args:
        scripts, jobs, fields: as `submit` takes them.
        most: how many are put into a queue at most, 1 or more; the rest is left alone and need not be read. None is
            all of them.

    Returns:
        The ids of the jobs that neither waited nor ran before. Of several calls at once, one has each id.
    """
    return _submit(scripts, jobs, fields, "once", 0, most)[1]


def _submit(
    scripts: Scripts, jobs: Iterable[NewJob], fields: Mapping[str, Argument], mode: Mode, ttl: int, most: int | None
) -> tuple[list[str], list[str]]:
    """The ids of all jobs that were looked at, and of those that are new in their queue."""
    ids: list[str] = []
    new: dict[str, None] = {}  # a set that keeps its order
    lost: list[NewJob] = []

    def send(chunk: list[NewJob], mode: str = mode) -> str:
        left = -1 if most is None else most - len(new)
        return _send(scripts, chunk, fields, mode, ttl, left)

    for chunk, letters in _one_ahead(send, _chunks(jobs)):
        _refuse(chunk, letters)
        lost += _with(chunk, letters, "l")
        ids += [job.id for job in chunk]
        new |= dict.fromkeys(job.id for job in _with(chunk, letters, "n"))
        if len(new) == most:
            break
    if lost and len(new) != most:
        time.sleep(GRACE_SECONDS)
        for chunk in _chunks(lost):
            new |= dict.fromkeys(job.id for job in _with(chunk, send(chunk, "repair"), "n"))
    return ids, list(new)


def _with(chunk: list[NewJob], letters: str, wanted: str) -> list[NewJob]:
    return [job for job, letter in zip(chunk, letters, strict=True) if letter == wanted]


def _one_ahead(
    send: Callable[[list[NewJob]], str], chunks: Iterator[list[NewJob]]
) -> Iterator[tuple[list[NewJob], str]]:
    """Send chunks in their order; while the server works on one, the next one is made here."""
    chunk = next(chunks, None)
    following = next(chunks, None)
    if chunk is None:
        return
    if following is None:
        yield chunk, send(chunk)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "enqueue") as sender:
        while chunk is not None:
            answer = sender.submit(send, chunk)
            following = following if following is not None else next(chunks, None)
            yield chunk, answer.result()
            chunk, following = following, None


def _chunks(jobs: Iterable[NewJob]) -> Iterator[list[NewJob]]:
    chunk: list[NewJob] = []
    size = 0
    for job in jobs:
        chunk.append(job)
        size += len(job.data) + len(job.description)
        if len(chunk) == CHUNK_JOBS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _send(scripts: Scripts, chunk: list[NewJob], fields: Mapping[str, Argument], mode: str, ttl: int, most: int) -> str:
    stamp = stamp_now()
    shared: list[Argument] = []
    for name, value in {**fields, "created_at": stamp, "enqueued_at": stamp}.items():
        shared += (name, value)
    each: list[Argument] = []
    for job in chunk:
        each += (job.id, job.queue, int(job.at_front), job.data, job.description)
    letters: bytes = scripts.run("enqueue", stamp, mode, ttl, most, len(shared), *shared, *each)
    return letters.decode("ascii")


def _refuse(chunk: list[NewJob], letters: str) -> None:
    for job, letter in zip(chunk, letters, strict=True):
        if letter == "d":
            raise Refused(f"Job {safe(job.id)} exists already: give another job_id, or leave out unique.")
        if letter == "b":
            raise Refused(
                f"Job {safe(job.id)} cannot be stored, since a key of another kind has its name: delete that key first."
            )
