"""The job that reads a receipt, made from what a service hands over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pantry_queue.config import Settings
from pantry_queue.control.call import describe_call, payload
from pantry_queue.control.lua import Argument
from pantry_queue.control.submission import BLANK, NewJob
from pantry_queue.errors import PayloadError
from pantry_queue.text import safe

#: The task by name: services enqueue it without having it.
TASK = "pantry_queue.tasks.ocr_tasks.process_receipt_ocr"
RETRIES = 3
RETRY_INTERVALS = (10, 30, 60)
PRIORITIES = ("high", "default", "low")

_NAMES = ("receipt_id", "image_path", "user_id", "priority")
_ID_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_MAX_NAME = 200
_MAX_NUMBER: int = 10**30
_MAX_PATH = 4096


def ocr_fields(settings: Settings) -> dict[str, Argument]:
    """The fields all jobs of receipts have in common, as RQ writes `Retry(max=3, interval=[10, 30, 60])`."""
    return {
        **BLANK,
        "timeout": settings.default_timeout,
        "result_ttl": settings.result_ttl,
        "failure_ttl": settings.failure_ttl,
        "retries_left": RETRIES,
        "retry_intervals": str(list(RETRY_INTERVALS)),
    }


def ocr_jobs(settings: Settings, tasks: Iterable[Mapping[str, Any] | Sequence[Any]]) -> Iterator[NewJob]:
    """One job for each task, made as it is asked for.

    Raises:
        PayloadError: a task cannot be used; the sentence tells which.
    """
    for number, task in enumerate(tasks, start=1):
        try:
            yield _job(settings, *_arguments(task))
        except PayloadError as error:
            raise PayloadError(f"Receipt {number} cannot be enqueued: {error}") from None


def _job(settings: Settings, receipt_id: Any, image_path: Any, user_id: Any, priority: Any = "default") -> NewJob:
    _check(receipt_id, image_path, user_id, priority)
    call = {"receipt_id": receipt_id, "image_path": image_path, "user_id": user_id}
    return NewJob(
        id=f"ocr-{receipt_id}",
        queue=settings.low_queue_name if priority == "low" else settings.queue_name,
        data=payload(TASK, (), call),
        description=describe_call(TASK, call),
        at_front=priority == "high",
    )


def _arguments(task: Any) -> Sequence[Any]:
    if isinstance(task, Mapping):
        unknown = [name for name in task if name not in _NAMES]
        if not unknown:
            return [*(task.get(name) for name in _NAMES[:3]), task.get("priority", "default")]
    elif isinstance(task, Sequence) and not isinstance(task, str | bytes) and 3 <= len(task) <= 4:
        return task
    else:
        unknown = [task]
    raise PayloadError(
        f"{_shown(unknown[0])} is not what a task consists of, which is receipt_id, image_path, user_id and, "
        "if wanted, priority, as a mapping or in this order."
    )


def _check(receipt_id: Any, image_path: Any, user_id: Any, priority: Any) -> None:
    """Raises `PayloadError` with what is wrong and what it should be."""
    if not _is_name(receipt_id) or not _ID_CHARS.issuperset(str(receipt_id)):
        wrong, value, expected = "receipt_id", receipt_id, f"1 to {_MAX_NAME} letters, digits, _ and -"
    elif not _is_text(image_path, _MAX_PATH):
        wrong, value, expected = "image_path", image_path, f"text of 1 to {_MAX_PATH} characters"
    elif not _is_name(user_id):
        wrong, value, expected = "user_id", user_id, f"text of 1 to {_MAX_NAME} characters, or a number"
    elif priority not in PRIORITIES:
        wrong, value, expected = "priority", priority, "high, default or low"
    else:
        return
    raise PayloadError(f"{wrong} is {_shown(value)}; it should be {expected}.")


def _shown(value: Any) -> str:
    try:
        return safe(repr(value), 60)
    except ValueError:  # Python refuses to write out a number of thousands of digits
        return f"a huge {type(value).__name__}"


def _is_name(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return -_MAX_NUMBER < value < _MAX_NUMBER
    return _is_text(value, _MAX_NAME)


def _is_text(value: Any, limit: int) -> bool:
    """Text that can be sent and is stored whole: a NUL ends a path for the operating system."""
    try:
        return isinstance(value, str) and 0 < len(value) <= limit and b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
