"""One operation as Redis keeps it: what was done, so that it can be undone, and its place in the audit.

Under `pantry:trash` a sorted set names the operations that can be undone, each with the time it expires at. Of an
operation there are, all with the same expiry, so nothing has to be cleaned up:

    pantry:trash:<operation>              hash: action, kind, prefix, at, selection, reason, total, done, left, counts
    pantry:trash:<operation>:jobs         list: what undo needs of each job, many in a line (`records.py`)
    pantry:trash:<operation>:<kind>:<id>  a deleted job's own keys, renamed: job, results, dependents, dependencies
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pantry_queue.control import audit
from pantry_queue.control.actions import Action
from pantry_queue.control.lua import Scripts

KEEP_SECONDS = 24 * 3600


@dataclass(slots=True)
class Operation:
    """An operation under way.

    Attributes:
        action: of the table.
        actor: for the audit.
        facts: selection, reason and number of jobs, for audit and trash.
        keep_seconds: how long it can be undone.
        of: the operation this one undoes.
        name: what intent, outcome and trash have in common.
        turn: calls made so far.
        announced: the audit holds its intent.
    """

    action: Action
    actor: audit.Actor
    facts: Mapping[str, str | int]
    keep_seconds: int = KEEP_SECONDS
    of: str = ""
    name: str = field(default_factory=lambda: secrets.token_hex(6))
    turn: int = 0
    announced: bool = False

    def next_turn(self, scripts: Scripts, iso: str) -> dict[str, Any]:
        """The options that a script keeps the operation by (`scripts/bulk.lua`); the first ones announce it."""
        self.turn += 1
        keys = scripts.keys
        about: dict[str, Any] = {
            "key": keys.operation(self.name),
            "name": self.name,
            "turn": self.turn,
            "keep": self.keep_seconds,
        }
        if self.announced:
            return {"operation": about}
        if self.action.undo:
            about["trash"] = keys.trash
        about["audit"] = {"key": keys.audit, "most": audit.KEPT_ENTRIES, "fields": _flat(self.intent())}
        said: dict[str, str | int] = {
            "action": self.action.name,
            "kind": self.action.undo,
            "prefix": keys.prefix,
            "at": iso,
            "turn": 0,
        }
        kept = {name: value for name, value in self.facts.items() if value != ""}
        return {"operation": about, "about": _flat({**said, **kept, "user": self.actor.user})}

    def intent(self) -> dict[str, str | int]:
        """The entry of the audit before anything is changed."""
        return audit.fields(self.name, "intent", self.action.name, self.actor, self._facts({}))

    def announce(self, scripts: Scripts) -> None:
        """Record the intent by itself, for what is not done by a script.

        Raises:
            redis.exceptions.RedisError: it cannot be recorded; then it must not be done.
        """
        audit.record(
            scripts.connection, scripts.keys, self.name, "intent", self.action.name, self.actor, self._facts({})
        )
        self.announced = True

    def look_again(self, scripts: Scripts) -> None:
        """After a call that failed: whether it had announced the operation before it did."""
        self.announced = bool(scripts.connection.exists(scripts.keys.operation(self.name)))

    def close(self, scripts: Scripts, outcome: Mapping[str, str | int], *, undoable: bool) -> None:
        """Record the outcome; what cannot be undone leaves nothing behind."""
        key = scripts.keys.operation(self.name)
        with scripts.connection.pipeline() as pipe:
            audit.record(pipe, scripts.keys, self.name, "outcome", self.action.name, self.actor, self._facts(outcome))
            if undoable:
                pipe.hset(key, items=_flat(outcome))
                pipe.hdel(key, "reply")
            else:
                pipe.unlink(key, f"{key}:jobs")
                pipe.zrem(scripts.keys.trash, self.name)
            pipe.execute()

    def _facts(self, outcome: Mapping[str, str | int]) -> dict[str, str | int]:
        return {**({"of": self.of} if self.of else {}), **(outcome or self.facts)}


def _flat(values: Mapping[str, str | int]) -> list[str | int]:
    return [part for pair in values.items() for part in pair]
