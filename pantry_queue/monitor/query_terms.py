"""The terms of the filter language: what each field means, matched against a job. Pure.

A job is anything with the attributes of `model.JobRow`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from pantry_queue.text import safe


class Subject(Protocol):
    """What a filter looks at; `model.JobRow` is one."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def listed(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def raw_queue(self) -> bytes: ...
    @property
    def func(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def args(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def worker(self) -> str | None: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def enqueued_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def retries_left(self) -> int | None: ...


#: Words a job's hash may hold beside the name of the list it stands in (`rq.job.JobStatus`, 3.0).
_OTHER_WORDS = {"failed": ("stopped",), "ready": ("ready_to_enqueue",), "deferred": ("created", "rate_limited")}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the language.

    Attributes:
        kind: `name` is compared as a whole, `text` is searched in, `duration` and `number` are compared by size.
        help: one line for suggestions.
        texts: what a job holds under it.
        amount: its size at a moment, for durations and numbers.
        reads: attributes of `Subject` it looks at.
    """

    kind: str
    help: str
    reads: tuple[str, ...]
    texts: Callable[[Subject], Sequence[str | None]] | None = None
    amount: Callable[[Subject, datetime], float | None] | None = None


@lru_cache(maxsize=4096)
def _name(raw: bytes) -> str:
    return safe(raw)


def queue_of(job: Subject) -> str:
    """The queue in whose list it stands; what its hash says where it was not read out of one."""
    return _name(job.raw_queue) if job.raw_queue else job.queue


def _states(job: Subject) -> Sequence[str]:
    if not job.listed:
        return (job.state,)
    return (job.listed, job.state) if job.state in _OTHER_WORDS.get(job.listed, ()) else (job.listed,)


def _age(job: Subject, now: datetime) -> float | None:
    return _between(job.enqueued_at or job.created_at, now)


def _runtime(job: Subject, now: datetime) -> float | None:
    return _between(job.started_at, job.ended_at or (now if (job.listed or job.state) == "started" else None))


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None


FIELDS: dict[str, Field] = {
    "state": Field("name", "list it stands in: state:failed", ("state",), _states),
    "queue": Field("name", "queue: queue:high,low", ("queue",), lambda job: (queue_of(job),)),
    "func": Field("text", "function: func:send_mail", ("func",), lambda job: (job.func,)),
    "id": Field("name", "job id: id:ocr-*", ("id",), lambda job: (job.id,)),
    "error": Field("text", "last line of its failure: error:timeout", ("error",), lambda job: (job.error,)),
    "args": Field("text", "arguments: args:receipt-17", ("args",), lambda job: (job.args,)),
    "worker": Field("name", "worker that runs or ran it: worker:host1*", ("worker",), lambda job: (job.worker,)),
    "description": Field("text", "its description", ("description",), lambda job: (job.description,)),
    "age": Field("duration", "since it was enqueued: age>2h", ("enqueued_at", "created_at"), amount=_age),
    "runtime": Field("duration", "how long it ran: runtime>=30s", ("started_at", "ended_at"), amount=_runtime),
    "wait": Field(
        "duration",
        "how long it waited: wait>5m",
        ("enqueued_at", "started_at"),
        amount=lambda job, now: _between(job.enqueued_at, job.started_at),
    ),
    "ended": Field(
        "duration", "since it ended: ended<1h", ("ended_at",), amount=lambda job, now: _between(job.ended_at, now)
    ),
    "retries": Field(
        "number", "retries that are left: retries:0", ("retries_left",), amount=lambda job, now: job.retries_left
    ),
}
#: Words without a field are searched for in these.
_FREE = ("id", "func", "description", "error")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One value to look for, upper and lower case alike.

    Attributes:
        text: as it was written, without quotes.
        quoted: wildcards in it are characters.
    """

    text: str
    quoted: bool = False

    @property
    def wild(self) -> bool:
        return not self.quoted and ("*" in self.text or "?" in self.text)

    def test(self, *, whole: bool) -> Callable[[str], bool]:
        """A test of one text; `whole` asks for the text from end to end, as wildcards always do."""
        wanted = self.text.casefold()
        if self.wild:
            # Square brackets are no wildcards here. fnmatch's expressions never try the same text twice.
            found = re.compile(fnmatch.translate(wanted.replace("[", "[[]"))).match
            return lambda text: found(text.casefold()) is not None
        if whole:
            return lambda text: text.casefold() == wanted
        return lambda text: wanted in text.casefold()

    def __str__(self) -> str:
        return f"“{safe(self.text)}”" if self.quoted else str(safe(self.text))


@dataclass(frozen=True, slots=True)
class Words:
    """A field with values of which one must fit, or words without a field."""

    field: str
    values: tuple[Pattern, ...]
    exact: bool = False

    @property
    def reads(self) -> frozenset[str]:
        return frozenset(name for field in self._fields() for name in FIELDS[field].reads)

    def _fields(self) -> tuple[str, ...]:
        return (self.field,) if self.field else _FREE

    def compiled(self) -> Callable[[Subject, datetime], bool]:
        """The test of a job."""
        whole = self.exact or (bool(self.field) and FIELDS[self.field].kind == "name")
        tests = [value.test(whole=whole) for value in self.values]
        by_last_part = [value.test(whole=whole) for value in self.values if value.wild] if self.field == "func" else []
        getters = [getter for name in self._fields() if (getter := FIELDS[name].texts)]

        def matches(job: Subject, now: datetime) -> bool:
            for getter in getters:
                for text in getter(job):
                    if text is None:
                        continue
                    if any(test(text) for test in tests):
                        return True
                    if by_last_part and any(test(text.rpartition(".")[2]) for test in by_last_part):
                        return True
            return False

        return matches

    def possible(self, state: str, queue: str) -> bool | None:
        """Whether entries of this list can fit; None where that depends on the job."""
        if self.field == "queue":
            return any(value.test(whole=True)(queue) for value in self.values)
        if self.field == "state":
            tests = [value.test(whole=True) for value in self.values]
            if any(test(state) for test in tests):
                return True
            others = _OTHER_WORDS.get(state, ())
            return None if any(test(word) for test in tests for word in others) else False
        return None

    def __str__(self) -> str:
        values = " or ".join(map(str, self.values))
        if not self.field:
            return f"text contains {values}"
        if any(value.wild for value in self.values):
            return f"{self.field} matches {values}"
        whole = self.exact or FIELDS[self.field].kind == "name"
        return f"{self.field} {'is' if whole else 'contains'} {values}"


_COMPARED: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    ">": ("over", lambda found, limit: found > limit),
    ">=": ("at least", lambda found, limit: found >= limit),
    "<": ("under", lambda found, limit: found < limit),
    "<=": ("at most", lambda found, limit: found <= limit),
    "=": ("exactly", lambda found, limit: found == limit),
    "!=": ("other than", lambda found, limit: found != limit),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field whose size is compared. A job that has no such size never fits.

    Attributes:
        text: the limit as it was written.
        limit: in seconds for durations.
    """

    field: str
    operator: str
    text: str
    limit: float

    @property
    def reads(self) -> frozenset[str]:
        return frozenset(FIELDS[self.field].reads) | ({"state"} if self.field == "runtime" else frozenset())

    def compiled(self) -> Callable[[Subject, datetime], bool]:
        """The test of a job."""
        amount, compare, limit = FIELDS[self.field].amount, _COMPARED[self.operator][1], self.limit
        assert amount is not None

        def matches(job: Subject, now: datetime) -> bool:
            found = amount(job, now)
            return found is not None and compare(found, limit)

        return matches

    def possible(self, state: str, queue: str) -> bool | None:
        """Never known before the job is."""
        return None

    def __str__(self) -> str:
        what = "retries left" if self.field == "retries" else self.field
        return f"{what} {_COMPARED[self.operator][0]} {self.text}"
