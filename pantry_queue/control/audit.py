"""Who did what to how many, when and why: a stream under `pantry:audit`, newest last.

What changes many jobs is announced here in the same step as its first change (and does not start if that fails),
and its outcome is added at the end; both carry the id of the operation.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pantry_queue.connection import held_as
from pantry_queue.keys import Keys
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: Entries kept, about: the oldest go first.
KEPT_ENTRIES = 20_000
_PAGE = 500

Event = Literal["intent", "outcome"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        user: of the operating system.
        host: this machine.
        via: what was used: `service`, `cli` or `tui`.
        ssh: the address the user is logged in from, empty for a local one.
        alias: who it is in truth, where several share a user; as they say.
        profile: the named connection that was used.
    """

    user: str
    host: str
    via: str
    ssh: str = ""
    alias: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One line of the audit.

    Attributes:
        id: of the stream, to go on reading behind it.
        facts: everything else that was written down: selection, counts, reason.
    """

    id: str
    at: datetime
    operation: SafeText
    event: SafeText
    action: SafeText
    user: SafeText
    host: SafeText
    via: SafeText
    facts: tuple[tuple[SafeText, SafeText], ...]


def whoami(via: str, *, alias: str = "", profile: str = "") -> Actor:
    """The user of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    ssh = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return Actor(user, socket.gethostname(), via, ssh, alias, profile)


def fields(
    operation: str, event: Event, action: str, actor: Actor, facts: Mapping[str, str | int]
) -> dict[str, str | int]:
    """An entry as it is stored: short text and numbers only, never payloads; what is empty is left out."""
    who = {name: value for name, value in asdict(actor).items() if value}
    said = {name: value for name, value in facts.items() if value != ""}
    return {"operation": operation, "event": event, "action": action, **who, **said}


def record(
    connection: Redis,
    keys: Keys,
    operation: str,
    event: Event,
    action: str,
    actor: Actor,
    facts: Mapping[str, str | int],
) -> None:
    """Add an entry.

    Args:
        connection: or a pipeline, so that it is one transaction with the work.
        operation: id that intent, outcome and trash have in common.
        action: its name in the table of actions.
        facts: selection, counts, reason.
    """
    entry: dict[Any, Any] = dict(fields(operation, event, action, actor, facts))
    with held_as(keys.audit, "stream"):
        connection.xadd(keys.audit, entry, maxlen=KEPT_ENTRIES, approximate=True)


def newest(connection: Redis, keys: Keys, count: int) -> list[Entry]:
    """The last entries, oldest first."""
    with held_as(keys.audit, "stream"):
        found: Any = connection.xrevrange(keys.audit, count=count)
    return [_entry(name, values) for name, values in reversed(found)]


def following(connection: Redis, keys: Keys, after: str, seconds: float) -> Iterator[Entry]:
    """Entries behind one, waiting for at most so many seconds if there are none.

    Args:
        after: id of an entry; `$` is none that exist already.
    """
    with held_as(keys.audit, "stream"):
        reply: Any = connection.xread({keys.audit: after}, count=_PAGE, block=max(1, int(seconds * 1000)))
    # A mapping under RESP3, pairs under RESP2.
    streams = reply.values() if isinstance(reply, dict) else [entries for _, entries in reply or ()]
    for entries in streams:
        for page in [entries] if entries and isinstance(entries[0], tuple) else entries:
            yield from (_entry(name, values) for name, values in page)


_NAMED = ("operation", "event", "action", "user", "host", "via")


def _entry(name: bytes, values: Mapping[bytes, bytes]) -> Entry:
    shown = {str(safe(field, 50)): safe(value) for field, value in (values or {}).items()}
    at = datetime.fromtimestamp(int(name.split(b"-")[0]) / 1000, UTC)
    named = {field: shown.pop(field, SafeText("")) for field in _NAMED}
    facts = tuple((SafeText(field), value) for field, value in shown.items())
    return Entry(id=name.decode("ascii"), at=at, facts=facts, **named)
