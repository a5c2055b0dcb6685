"""The scripts of the worker: each one atomic step on the server, told at the head of `scripts/*.lua`.

Every one may be sent again, since a connection repeats a command whose reply it lost.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script

Argument = str | bytes | int | float


@cache
def source(name: str) -> str:
    """The text of a script with what all share before it."""
    folder = files("pantry_queue.workers") / "scripts"
    return "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in ("common", name))


class WorkerScripts:
    """Runs the scripts on one connection.

    Args:
        connection: where.
        keys: names under the prefix in use.
    """

    def __init__(self, connection: Redis, keys: Keys) -> None:
        self.connection = connection
        self.keys = keys
        self._loaded: dict[str, Script] = {}

    def __call__(self, name: str, *arguments: Argument) -> Any:
        """Run `scripts/<name>.lua`.

        Raises:
            redis.exceptions.RedisError: Redis does not answer, or refuses.
        """
        script = self._loaded.get(name)
        if script is None:
            script = self._loaded[name] = self.connection.register_script(source(name))
        return script(args=[self.keys.prefix, self.keys.own, *arguments])
