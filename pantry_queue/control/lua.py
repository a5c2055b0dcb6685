"""The scripts that change jobs: each is one atomic step on the server, checked and written in `scripts/*.lua`.

Every script can be sent twice, since the client repeats a command whose reply it lost (redis-py does by itself).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import translated
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script

#: What a script takes as an argument.
Argument = str | bytes | int | float


@cache
def source(name: str) -> str:
    """The text of a script with what all of them share before it."""
    folder = files("pantry_queue.control") / "scripts"
    return "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in ("common", name))


class Scripts:
    """Runs the scripts of this package on one connection.

    Args:
        connection: where.
        keys: RQ's names under the prefix in use.
        settings: where that is, for the sentences of errors.
    """

    def __init__(self, connection: Redis, keys: Keys, settings: Settings) -> None:
        self.connection = connection
        self.keys = keys
        self.settings = settings
        self._loaded: dict[str, Script] = {}

    def run(self, name: str, *arguments: Argument) -> Any:
        """Run `scripts/<name>.lua`; what it takes and answers is told at its head.

        Raises:
            RedisUnavailable: Redis does not answer, or refuses.
        """
        with translated(self.settings):
            script = self._loaded.get(name)
            if script is None:
                script = self._loaded[name] = self.connection.register_script(source(name))
            return script(args=[self.keys.prefix, *arguments])


def word_list(words: tuple[str, ...]) -> tuple[Argument, ...]:
    """Words as the scripts read a set of them: their number first."""
    return (len(words), *words)
