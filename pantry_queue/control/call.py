"""A call as RQ stores it: function, arguments, and the line that describes it.

Written without RQ, whose import costs a service more than all of this package; a test compares every byte with
RQ's own.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from pantry_queue.errors import PayloadError

#: Larger arguments belong into a store, and their key into the job: each reader of the queue carries them about.
MAX_PAYLOAD_BYTES = 64 * 1024
#: What RQ keeps of one argument in a description (`rq.job.Job.get_call_string`).
_ARGUMENT_CHARS = 75
_DESCRIPTION_CHARS = 1000


def payload(func: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bytes:
    """The `data` field: compressed pickle of the call (`rq.job.Job.data`, `rq.serializers.DefaultSerializer`).

    Args:
        func: dotted path of the function.

    Raises:
        PayloadError: the arguments cannot be pickled, or are larger than `MAX_PAYLOAD_BYTES`.
    """
    return zlib.compress(pickled((func, None, args, kwargs)))


class WriteOnly:
    """RQ's pickle serializer without its dangerous half: what is stored is never loaded.

    RQ reads a job that another one depends on, and would run whatever its meta says.
    """

    @staticmethod
    def dumps(value: Any) -> bytes:
        """As `pickled`."""
        return pickled(value)

    @staticmethod
    def loads(data: bytes) -> Any:
        """Raises `PayloadError`; RQ keeps the bytes as they are then."""
        raise PayloadError("Stored values are not loaded here: read them with pantry_queue.monitor instead.")


def pickled(value: Any) -> bytes:
    """A value as RQ pickles it.

    Raises:
        PayloadError: it cannot be pickled, or is larger than `MAX_PAYLOAD_BYTES`.
    """
    try:
        raw = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise PayloadError(f"The job's arguments cannot be stored ({error}): pass plain data or ids instead.") from None
    if len(raw) > MAX_PAYLOAD_BYTES:
        raise PayloadError(
            f"The job's arguments take {len(raw):,} bytes, more than {MAX_PAYLOAD_BYTES:,}: store them elsewhere and "
            "pass their place."
        )
    return raw


def describe_call(func: str, kwargs: Mapping[str, Any]) -> str:
    """The description RQ makes by itself (`rq.utils.get_call_string`)."""
    return f"{func}({', '.join(sorted(f'{name}={_short(repr(value))}' for name, value in kwargs.items()))})"


def shorten(description: str) -> str:
    """A description of bearable length: many small arguments make RQ's own a megabyte."""
    if len(description) <= _DESCRIPTION_CHARS:
        return description
    return description[: _DESCRIPTION_CHARS - 1] + "…"


def _short(text: str) -> str:
    return text if len(text) <= _ARGUMENT_CHARS else f"{text[:_ARGUMENT_CHARS]}..."
