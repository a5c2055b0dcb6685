"""The call of a job with other arguments, for a copy of it. Nothing of what is stored is ever loaded or run."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pantry_queue.control.call import MAX_PAYLOAD_BYTES, pickled, shorten
from pantry_queue.errors import NotFound, PayloadError
from pantry_queue.keys import Keys
from pantry_queue.monitor import fields
from pantry_queue.monitor.payload import NotPlain, plain
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True, slots=True)
class Call:
    """What a job calls, where that can be written as JSON.

    Attributes:
        args, kwargs: as JSON has them: lists, numbers, text, booleans, null, objects.
        format: how the job stores it, and its copy will.
    """

    func: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    format: Literal["pickle", "json"]


def call_of(client: Redis, keys: Keys, job_id: str) -> Call:
    """What a job calls.

    Raises:
        NotFound: there is no such job.
        PayloadError: its arguments are more than JSON can hold, or it calls a method of an object.
    """
    stored = client.hget(keys.job(job_id), "data")
    if stored is None:
        raise NotFound(f"There is no job {safe(raw_of(job_id))}: it may have expired.")
    data = stored.encode() if isinstance(stored, str) else stored
    try:
        func, instance, args, kwargs = plain(data)
        if instance is not None or not isinstance(func, str) or not isinstance(kwargs, dict):
            raise NotPlain
        whole = json.loads(json.dumps([list(args), kwargs], allow_nan=False))
        if whole != [_listed(list(args)), _listed(kwargs)]:
            raise NotPlain
    except (NotPlain, TypeError, ValueError):
        raise PayloadError(
            f"The arguments of job {safe(raw_of(job_id))} hold more than JSON can (dates, bytes, sets, objects): "
            "it can be copied as it is only."
        ) from None
    head = fields.inflate(data)[0][:1]
    return Call(func, tuple(whole[0]), whole[1], "pickle" if head == b"\x80" else "json")


def parsed(args: str | None, kwargs: str | None) -> tuple[Sequence[Any] | None, dict[str, Any] | None]:
    """Arguments as people type them, in JSON; None stays as the job has it.

    Raises:
        PayloadError: it is no JSON, or not a list and an object.
    """
    try:
        new_args = None if args is None else json.loads(args)
        new_kwargs = None if kwargs is None else json.loads(kwargs)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"The arguments are not JSON: {error}.") from None
    if not isinstance(new_args, list | None) or not isinstance(new_kwargs, dict | None):
        raise PayloadError("Arguments should be a JSON list, and named ones a JSON object.")
    return new_args, new_kwargs


def edited(
    client: Redis, keys: Keys, job_id: str, arguments: tuple[Sequence[Any] | None, dict[str, Any] | None]
) -> tuple[bytes, str]:
    """What the copy of a job holds when it has other arguments.

    Args:
        arguments: the new ones, named ones second; None stays as it is.

    Returns:
        `data` and `description` as RQ stores them, for `plan.Options.call`.

    Raises:
        NotFound: there is no such job.
        PayloadError: its arguments are more than JSON can hold, or the new ones are too large.
    """
    call = call_of(client, keys, job_id)
    args, kwargs = arguments
    return stored(
        replace(call, args=call.args if args is None else tuple(args), kwargs=call.kwargs if kwargs is None else kwargs)
    )


def stored(call: Call) -> tuple[bytes, str]:
    """A call as RQ stores it: `data` and `description`.

    Raises:
        PayloadError: its arguments are too large.
    """
    if call.format == "pickle":
        raw = pickled((call.func, None, call.args, call.kwargs))
    else:
        raw = json.dumps([call.func, None, list(call.args), call.kwargs]).encode()
        if len(raw) > MAX_PAYLOAD_BYTES:
            raise PayloadError(f"The arguments take {len(raw):,} bytes, more than {MAX_PAYLOAD_BYTES:,}.")
    shown = [repr(value) for value in call.args] + [f"{name}={value!r}" for name, value in sorted(call.kwargs.items())]
    return zlib.compress(raw), shorten(f"{call.func}({', '.join(shown)})")


def _listed(value: Any) -> Any:
    """With tuples as lists, which is what JSON makes of them."""
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return {name: _listed(item) for name, item in value.items()} if isinstance(value, dict) else value
