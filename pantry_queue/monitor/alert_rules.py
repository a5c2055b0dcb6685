"""Pure: what an operator wants to be told of, as limits with sensible defaults, and how a config file says so.

Limits are written as `check` takes them: `WARN:CRIT`, either of which may be empty, one number alone is CRIT, and
`QUEUE=WARN:CRIT` for one queue. A list holds several of them. `off` is no limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from pantry_queue.monitor.limits import Limit, amount, parse

_TIME = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PERCENT = {"%": 1.0}

#: A value that has passed its limit counts as beyond it until it has come back by this share.
EASED = 0.1
OFF = Limit(None, None)
#: The code of an alert about a kind of failure that was not known.
NEW_FAILURE = "new-failure"

#: What an alert can be about (`alerts.Alert.code`); those that have no limit can still be muted.
CODES = (
    "depth",
    "age",
    "failures",
    "failure-rate",
    "no-worker",
    "stalled",
    "grows",
    "overdue",
    "overdue-no-scheduler",
    "memory",
    "evicts",
    "replica",
    "quarantine",
    "suspended",
    "paused",
    "orphans",
    "worker-gone",
    "worker-deaf",
    "worker-late",
    NEW_FAILURE,
    "redis-away",
    "breaker",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """When something needs an operator. A limit is passed by what is greater.

    Attributes:
        depth: jobs that wait in a queue. No limit unless one is given: what is much differs from queue to queue.
        age: seconds the next job of a queue has waited while workers listen and it is not paused.
        failures: jobs that failed within five minutes; below the limit they are a note, without it nothing.
        rate: the failed in percent of the jobs that ended within five minutes, if those were 20 or more.
        stall: seconds for which jobs wait while none runs and none ends.
        growth: jobs per second by which a queue grows that will not drain.
        overdue: jobs past their time although a scheduler serves the queue.
        memory: what Redis uses, in percent of its limit.
        no_worker: tell when jobs wait and no worker listens.
        new_failure: seconds for which a kind of failure that was not known before is told; None is never.
        hold: seconds an alert must last before it is told to people who do not look, and be over before that is told.
        muted: codes that are not told at all.
        queues: limits of one queue by name, in place of those above: field -> queue -> limit.
    """

    depth: Limit = OFF
    age: Limit = Limit(3600.0, None)
    failures: Limit = OFF
    rate: Limit = Limit(25.0, 50.0)
    stall: Limit = Limit(None, 15.0)
    growth: Limit = Limit(0.05, None)
    overdue: Limit = Limit(100.0, None)
    memory: Limit = Limit(80.0, 95.0)
    no_worker: bool = True
    new_failure: float | None = 900.0
    hold: float = 30.0
    muted: frozenset[str] = frozenset()
    queues: Mapping[str, Mapping[str, Limit]] = field(default_factory=dict)

    def tells(self, code: str) -> bool:
        """Whether an alert of this code is told at all."""
        return code not in self.muted and (code != NEW_FAILURE or self.new_failure is not None)

    def limit(self, rule: str, queue: str = "") -> Limit:
        """The limit of a rule for a queue by its name in Redis."""
        found: Limit = self.queues.get(rule, {}).get(queue) or getattr(self, rule)
        return found


DEFAULT = Rules()
#: Endings the numbers of a limit may have, by rule.
_UNITS: dict[str, Mapping[str, float]] = {
    "depth": {},
    "age": _TIME,
    "failures": {},
    "rate": _PERCENT,
    "stall": _TIME,
    "growth": {"/s": 1.0},
    "overdue": {},
    "memory": _PERCENT,
}
_OF_SERVER = ("memory",)
NAMES = (*(one.name for one in fields(Rules) if one.name not in ("queues", "muted")), "mute")


def understood(table: Mapping[str, Any], beside: Sequence[str] = ()) -> Rules:
    """Rules from a table of a config file; what is not said stays as it is by default.

    Args:
        beside: what else such a table may hold, which is no rule.

    Raises:
        ValueError: one sentence without its stop that names the rule.
    """
    changed: dict[str, Any] = {}
    queues: dict[str, dict[str, Limit]] = {}
    for name, value in table.items():
        if name in beside:
            continue
        try:
            if name in _UNITS:
                for queue, limit in _limits(name, value):
                    if queue:
                        queues.setdefault(name, {})[queue] = limit
                    else:
                        changed[name] = limit
            elif name in _READ:
                changed[_READ[name][0]] = _READ[name][1](value)
            else:
                raise ValueError(f"is unknown; known are {', '.join([*NAMES, *beside])}")
        except ValueError as error:
            raise ValueError(f"rule {name!r}: {error}" if name in NAMES else f"rule {name!r} {error}") from None
    return Rules(**changed, queues=queues)


def _limits(name: str, value: Any) -> Iterator[tuple[str, Limit]]:
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, bool) or not isinstance(text, (str, int, float)):
            raise ValueError('should be "WARN:CRIT", a number, "off", or a list of them')
        queue, _, bound = str(text).rpartition("=")
        if queue and name in _OF_SERVER:
            raise ValueError("is about Redis and takes no queue")
        yield queue, OFF if bound.strip() == "off" else parse(bound, _UNITS[name])


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("should be true or false")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("should be a time such as 30s or 15m")
    return amount(str(value), _TIME)


def _lasting(value: Any) -> float | None:
    return None if value == "off" else _seconds(value)


def _codes(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise ValueError("should be a list of names")
    wrong = [code for code in value if code not in CODES]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no alert; there are {', '.join(CODES)}")
    return frozenset(value)


#: Other fields by their name in the file: the field of `Rules`, and how it is read.
_READ: dict[str, tuple[str, Any]] = {
    "no_worker": ("no_worker", _switch),
    "new_failure": ("new_failure", _lasting),
    "hold": ("hold", _seconds),
    "mute": ("muted", _codes),
}
