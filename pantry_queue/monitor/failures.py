"""Failed jobs grouped by what they have in common, streamed and bounded; a second look reads only what is new."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, jobs, rows, wire
from pantry_queue.monitor.each import NAME, Ahead, ask_each
from pantry_queue.monitor.failure_groups import Failure, Groups, Turn
from pantry_queue.monitor.merge import Source, queue_names
from pantry_queue.monitor.model import FailureReport, SearchChunk
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.signature import Cause, Told, told
from pantry_queue.monitor.stream import Stream
from pantry_queue.monitor.wire import Command, ask, name_of, server_time

if TYPE_CHECKING:
    from redis import Redis

#: Failures looked at unless more are asked for.
SCAN = 200_000
_FIELDS = ("description", "status")
#: Failures asked about at once: their answer should fit into a socket's buffer, so that the server can go on meanwhile.
_STEP = 64
#: Bytes of a stored traceback worth remembering.
_SHORT = 4096


class Progress(NamedTuple):
    """How far a look has come: failures looked at, and how many there are."""

    looked: int
    total: int


class Grouping:
    """Groups of failures, remembered between looks.

    Make one for each connection and set of queues; it holds about a hundred bytes for each failure looked at.
    """

    def __init__(self) -> None:
        self._groups = Groups()
        self._before: list[Any] = []
        self._progress = Progress(0, 0)
        self._at: datetime | None = None

    def look(
        self,
        client: Redis,
        keys: Keys,
        *,
        queues: Sequence[str | bytes] | None = None,
        scan: int = SCAN,
    ) -> Generator[Progress, None, None]:
        """Look at the failures there are now: the first time at all of them, later only at what has changed.

        Args:
            client: a connection that returns bytes.
            keys: names under RQ's prefix.
            queues: names; None for every queue that is registered or listened to.
            scan: failures to look at, at most, the newest first.

        Yields:
            How far it has come, step by step. It may be stopped at any of them, and `report` then tells what is known.

        Raises:
            redis.exceptions.RedisError: the server is away, or a registry may not be read.
        """
        names = [name_of(name) for name in queues] if queues is not None else queue_names(client, keys)
        sources = [Source(keys, "failed", name, newest_first=True) for name in names]
        asked: list[Command] = [question for source in sources for question in (source.length(), source.range(0, 1))]
        clock, *now_there = ask(client, [("TIME",), *asked])
        self._at = server_time(clock)
        if now_there == self._before and asked:
            yield self._progress
            return
        self._before = []
        stream = Stream(client, sources)
        with self._groups.turn() as turn, closing(self._counted(client, keys, turn, stream, scan)) as steps:
            for looked in steps:
                self._progress = Progress(looked, stream.total)
                yield self._progress
            turn.finished()
        self._before = now_there if self._groups.sampled else []
        yield self._progress

    def _counted(self, client: Redis, keys: Keys, turn: Turn, stream: Stream, scan: int) -> Generator[int, None, None]:
        """Count step by step, the server busy with the next step meanwhile; gives how many were looked at."""
        self._progress = Progress(0, stream.total)
        looked = 0
        asked: _Asked | None = None
        new: list[tuple[int, Place]] = []
        try:
            for places in _steps(stream, scan):
                before, asked_before = new, asked
                asked = None
                new = turn.unknown(places)
                asked = _Asked(client, keys, [place for _, place in new])
                if asked_before is not None:
                    turn.add(before, asked_before.failures())
                    yield looked
                looked += len(places)
            if asked is not None:
                last, asked = asked, None
                turn.add(new, last.failures())
                yield looked
        finally:
            if asked is not None:
                asked.abandon()

    def report(self) -> FailureReport:
        """The groups as the last look left them, the largest first."""
        at = self._at or server_time(None)
        return FailureReport(
            groups=self._groups.largest_first(at),
            looked=self._progress.looked,
            total=self._progress.total,
            expired=self._groups.expired,
            at=at,
        )


def groups(
    client: Redis, keys: Keys, *, queues: Sequence[str | bytes] | None = None, scan: int = SCAN
) -> FailureReport:
    """Group the failures there are, once.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        queues: names; None for all.
        scan: failures to look at, at most, the newest first.

    Raises:
        redis.exceptions.RedisError: the server is away, or a registry may not be read.
    """
    grouping = Grouping()
    for _ in grouping.look(client, keys, queues=queues, scan=scan):
        pass
    return grouping.report()


def members(
    client: Redis,
    keys: Keys,
    signatures: Collection[str],
    *,
    queues: Sequence[str | bytes] | None = None,
    scan: int | None = None,
    newest_first: bool = True,
    errors: bool = True,
) -> Iterator[SearchChunk]:
    """The failed jobs of some groups, streamed as `search.search` streams hits.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        signatures: of the groups (`FailureGroup.signature`).
        queues: names; None for all.
        scan: failures to look at, at most; None for all.
        newest_first: order.
        errors: they bear their last error.

    Raises:
        redis.exceptions.RedisError: the server is away, or a registry may not be read.
    """
    names = [name_of(name) for name in queues] if queues is not None else queue_names(client, keys)
    stream = Stream(client, [Source(keys, "failed", name, newest_first) for name in names])
    looked = hits = 0
    for places in _steps(stream, scan):
        looked += len(places)
        found = zip(places, read(client, keys, places), strict=True)
        fitting = [place for place, failure in found if failure and failure.cause.signature in signatures]
        hits += len(fitting)
        yield SearchChunk(jobs.read(client, keys, "failed", fitting, errors=errors), looked, stream.total, hits)
    yield SearchChunk((), looked, stream.total, hits, finished=True)


def _steps(stream: Stream, scan: int | None) -> Iterator[list[Place]]:
    """The entries of a stream in small steps, `scan` of them at most."""
    left = stream.total if scan is None else scan
    for chunk in stream.chunks():
        for start in range(0, len(chunk), _STEP):
            places = chunk[start : start + min(_STEP, left)]
            left -= len(places)
            yield places
            if left <= 0 and scan is not None:
                return


def read(client: Redis, keys: Keys, places: Sequence[Place]) -> list[Failure | None]:
    """What is known of failed jobs; None for those whose hash is gone."""
    return _Asked(client, keys, places).failures()


class _Asked:
    """Failed jobs that were asked about; the answer is taken later."""

    def __init__(self, client: Redis, keys: Keys, places: Sequence[Place]) -> None:
        self._client, self._keys, self._places = client, keys, places
        questions: list[Command] = [
            ("HMGET", keys.job(NAME), *_FIELDS),
            ("XLEN", keys.results(NAME)),
            ("XREVRANGE", keys.results(NAME), "+", "-", "COUNT", 1),
        ]
        self._ahead = Ahead(client, questions, [place.job_id for place in places])

    def abandon(self) -> None:
        """The answer is not wanted any more."""
        self._ahead.abandon()

    def failures(self) -> list[Failure | None]:
        """What is known of each; None for those whose hash is gone."""
        replies = self._ahead.replies()
        newest = [_newest(reply[2]) for reply in replies]
        old_style = _old_style(self._client, self._keys, self._places, newest)
        functions = _functions(self._client, self._keys, self._places, replies)
        found: list[Failure | None] = []
        for index, ((stored, length, _), (at, encoded)) in enumerate(zip(replies, newest, strict=True)):
            if isinstance(stored, list) and not any(stored):
                found.append(None)
                continue
            ended, said = at, _told(encoded)
            if index in old_style:
                ended, said = old_style[index][0] or at, told(old_style[index][1])
            description = stored[0] if isinstance(stored, list) and stored[0] else b""
            func = rows.func(description, functions.get(index))
            cause = Cause(func, said.exception, said.message, said.where)
            found.append(Failure(cause, said.line, ended, wire.number(length) > 1))
        return found


def _newest(reply: Any) -> tuple[float | None, bytes]:
    """When the newest result was written, and its traceback as it is stored."""
    if not isinstance(reply, list) or not reply:
        return None, b""
    try:
        entry_id, values = reply[0]
        at = int(entry_id.partition(b"-")[0]) / 1000 or None
    except (TypeError, ValueError):
        return None, b""
    where = values.index(b"exc_string") if b"exc_string" in values else -1
    return at, values[where + 1] if where >= 0 and not where % 2 else b""


def _told(encoded: bytes) -> Told:
    return _told_again(encoded) if len(encoded) <= _SHORT else told(fields.traceback_text(encoded) or b"")


@lru_cache(maxsize=512)
def _told_again(encoded: bytes) -> Told:
    """Many failures leave the very same traceback."""
    return told(fields.traceback_text(encoded) or b"")


def _old_style(
    client: Redis, keys: Keys, places: Sequence[Place], newest: Sequence[tuple[float | None, bytes]]
) -> dict[int, tuple[float | None, bytes]]:
    """Of jobs whose results hold no traceback, by index: when they ended, and the traceback in their hash."""
    wanted = [index for index, (_, encoded) in enumerate(newest) if not encoded]
    ids = [places[index].job_id for index in wanted]
    questions: list[Command] = [("HSTRLEN", keys.job(NAME), "exc_info"), ("HGET", keys.job(NAME), "ended_at")]
    sizes = ask_each(client, questions, ids)
    ended = {index: fields.when(wire.blob(at)) for index, (_, at) in zip(wanted, sizes, strict=True)}
    small = [index for index, (size, _) in zip(wanted, sizes, strict=True) if rows.worth_loading(size)]
    values = ask_each(client, [("HGET", keys.job(NAME), "exc_info")], [places[index].job_id for index in small])
    texts = {index: fields.inflate(wire.blob(value) or b"")[0] for index, (value,) in zip(small, values, strict=True)}
    return {index: (at.timestamp() if at else None, texts.get(index, b"")) for index, at in ended.items()}


def _functions(
    client: Redis, keys: Keys, places: Sequence[Place], replies: Sequence[Sequence[Any]]
) -> dict[int, bytes]:
    """By index, the payloads of jobs whose description does not tell the function."""
    wanted = [
        index
        for index, (stored, *_) in enumerate(replies)
        if isinstance(stored, list) and not rows.called(stored[0] or b"")
    ]
    sizes = ask_each(client, [("HSTRLEN", keys.job(NAME), "data")], [places[index].job_id for index in wanted])
    small = [index for index, (size,) in zip(wanted, sizes, strict=True) if rows.worth_loading(size)]
    values = ask_each(client, [("HGET", keys.job(NAME), "data")], [places[index].job_id for index in small])
    return {index: value for index, (value,) in zip(small, values, strict=True) if isinstance(value, bytes)}
