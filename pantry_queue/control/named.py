"""Plans for what is named and is no job: queues, workers, operations in the trash."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pantry_queue.control import trash
from pantry_queue.control.plan import Group, Plan
from pantry_queue.errors import NotFound
from pantry_queue.keys import Keys
from pantry_queue.monitor.wire import ask, blob, name_of, raw_of
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis


def plan(client: Redis, keys: Keys, empty: Plan) -> Plan:
    """The plan with what it will be done to.

    Raises:
        NotFound: a worker, or an operation of the trash, is not there.
    """
    action, selection = empty.action, empty.selection
    if action.noun == "queues":
        return replace(empty, scope=_listed("queue", selection.queues))
    if action.noun == "workers":
        scope = _listed("worker", selection.ids)
        return replace(empty, scope=scope, groups=_lives(client, keys, selection.ids) if _ends(empty) else ())
    if action.noun == "alerts":
        return replace(empty, scope=_listed("alert", selection.ids))
    if action.noun == "trash":
        return replace(empty, scope=_held(client, keys, empty))
    return replace(empty, scope=SafeText("all workers"))


def _ends(plan: Plan) -> bool:
    return plan.action.verb == "shutdown"


def _listed(noun: str, names: tuple[str, ...]) -> SafeText:
    return safe(raw_of(f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"))


def _lives(client: Redis, keys: Keys, names: tuple[str, ...]) -> tuple[Group, ...]:
    """Workers by when they were born: one of the same name that was started later is another one."""
    births = [blob(reply) for reply in ask(client, [("HGET", keys.worker(name), "birth") for name in names])]
    for name, birth in zip(names, births, strict=True):
        if birth is None:
            raise NotFound(
                f"There is no worker {safe(raw_of(name))}: pantry-console workers list shows those there are."
            )
    return tuple(Group(name_of(birth or b""), (name,)) for name, birth in zip(names, births, strict=True))


def _held(client: Redis, keys: Keys, empty: Plan) -> SafeText:
    names = empty.selection.ids or tuple(trash.held_names(client, keys))
    jobs = trash.jobs_of(client, keys, names)
    held = f"operation {safe(raw_of(names[0]))}" if len(names) == 1 else f"{len(names):,} operations"
    return safe(f"{jobs:,} job{'' if jobs == 1 else 's'} of {held} in the trash")
