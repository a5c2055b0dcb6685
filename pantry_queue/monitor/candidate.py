"""A job as a filter sees it: the fields the filter looks at, each made readable only when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, payload, rows, wire
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import Command
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: Field of the hash an attribute of `query.Subject` is read from.
_STORED = {
    "state": "status",
    "func": "description",
    "description": "description",
    "worker": "worker_name",
    "created_at": "created_at",
    "enqueued_at": "enqueued_at",
    "started_at": "started_at",
    "ended_at": "ended_at",
    "retries_left": "retries_left",
}
_NOTHING = SafeText("")


class Candidate:
    """A job that may fit a filter (`query_terms.Subject`)."""

    __slots__ = ("_data", "_error", "_found", "_wants_args", "listed", "place")

    def __init__(self, place: Place, listed: SafeText, found: dict[str, bytes], *, wants_args: bool) -> None:
        self.place = place
        self.listed = listed
        self._found = found
        self._data: bytes | None = None
        self._error: SafeText | None = None
        self._wants_args = wants_args

    @property
    def id(self) -> SafeText:
        """Its id."""
        return safe(self.place.job_id)

    @property
    def raw_queue(self) -> bytes:
        """The queue in whose list it stands."""
        return wire.raw_of(self.place.queue)

    @property
    def queue(self) -> SafeText:
        """The same, readable."""
        return safe(self.raw_queue)

    @property
    def state(self) -> SafeText:
        """What its hash says."""
        return fields.line(self._found.get("status"), 40) or self.listed

    @property
    def func(self) -> SafeText:
        """Its function."""
        return rows.func(self._found.get("description", b""), self._data)

    @property
    def description(self) -> SafeText:
        """Its description."""
        return fields.line(self._found.get("description"))

    @property
    def worker(self) -> SafeText | None:
        """Who runs or ran it."""
        return fields.line(self._found.get("worker_name"), 200) or None

    @property
    def error(self) -> SafeText | None:
        """The last line of its last failure."""
        return self._error

    @property
    def args(self) -> SafeText | None:
        """Its arguments as text, where they were read."""
        if not self._wants_args or self._data is None:
            return None
        found = payload.payload(self._data)
        named = [f"{item.name}={item.value}" for item in found.kwargs]
        return SafeText(", ".join([*(item.value for item in found.args), *named]))

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return fields.when(self._found.get("created_at"))

    @property
    def enqueued_at(self) -> datetime | None:
        """When it came into its queue."""
        return fields.when(self._found.get("enqueued_at"))

    @property
    def started_at(self) -> datetime | None:
        """When it last started."""
        return fields.when(self._found.get("started_at"))

    @property
    def ended_at(self) -> datetime | None:
        """When it last ended."""
        return fields.when(self._found.get("ended_at"))

    @property
    def retries_left(self) -> int | None:
        """Retries that are left."""
        return fields.whole(self._found.get("retries_left"))


def candidates(
    client: Redis, keys: Keys, state: str, places: Sequence[Place], reads: Collection[str]
) -> list[Candidate]:
    """The jobs at these places, with what is named in `reads` and no more.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    listed = SafeText(state)
    stored = tuple(sorted({_STORED[name] for name in reads if name in _STORED}))
    questions: list[Command] = [("HMGET", keys.job(NAME), *stored)] if stored else []
    if "error" in reads:
        questions += rows.error_questions(keys, NAME)
    replies = ask_each(client, questions, [place.job_id for place in places])
    found = [
        Candidate(place, listed, wire.fields(reply[0], stored) if stored else {}, wants_args="args" in reads)
        for place, reply in zip(places, replies, strict=True)
    ]
    if "error" in reads:
        _read_errors(client, keys, found, [reply[-rows.ERROR_REPLIES :] for reply in replies])
    if "func" in reads or "args" in reads:
        _read_data(client, keys, found, all_of_them="args" in reads)
    return found


def _read_errors(client: Redis, keys: Keys, found: Sequence[Candidate], replies: Sequence[Sequence[Any]]) -> None:
    old_style = []
    for candidate, reply in zip(found, replies, strict=True):
        candidate._error = rows.error_of(reply[0])
        if candidate._error is None and rows.worth_loading(reply[1]):
            old_style.append(candidate)
    values = ask_each(client, [("HGET", keys.job(NAME), "exc_info")], [one.place.job_id for one in old_style])
    for candidate, (value,) in zip(old_style, values, strict=True):
        if isinstance(value, bytes):
            candidate._error = fields.last_line(fields.inflate(value)[0])


def _read_data(client: Redis, keys: Keys, found: Sequence[Candidate], *, all_of_them: bool) -> None:
    """Payloads of jobs whose description does not tell the function, or of all; none that is large."""
    wanted = [one for one in found if all_of_them or not rows.called(one._found.get("description", b""))]
    sizes = ask_each(client, [("HSTRLEN", keys.job(NAME), "data")], [one.place.job_id for one in wanted])
    wanted = [one for one, (size,) in zip(wanted, sizes, strict=True) if rows.worth_loading(size)]
    values = ask_each(client, [("HGET", keys.job(NAME), "data")], [one.place.job_id for one in wanted])
    for one, (value,) in zip(wanted, values, strict=True):
        one._data = value if isinstance(value, bytes) else None
