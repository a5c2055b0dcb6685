"""Who did what to how many, when and why: a stream under `pantry:audit`, newest last.

What changes many jobs is announced here before it starts (and does not start if that fails), and its outcome is
added at the end; both carry the id of the operation.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis

#: Entries kept, about: the oldest go first.
KEPT_ENTRIES = 20_000

Event = Literal["intent", "outcome"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        user: of the operating system.
        host: this machine.
        via: what was used: `service`, `cli` or `tui`.
        ssh: the address the user is logged in from, empty for a local one.
    """

    user: str
    host: str
    via: str
    ssh: str = ""


def whoami(via: str) -> Actor:
    """The user of this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return Actor(user, socket.gethostname(), via, os.environ.get("SSH_CONNECTION", "").partition(" ")[0])


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
        facts: selection, counts, reason: short text and numbers only, never payloads.
    """
    fields: dict[Any, Any] = {
        "operation": operation,
        "event": event,
        "action": action,
        "user": actor.user,
        "host": actor.host,
        "via": actor.via,
        "ssh": actor.ssh,
        **facts,
    }
    connection.xadd(keys.audit, fields, maxlen=KEPT_ENTRIES, approximate=True)
