"""The scripts that change jobs: each is one atomic step on the server, checked and written in `scripts/*.lua`.

Every script can be sent twice, since the client repeats a command whose reply it lost (redis-py does by itself).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pantry_queue.config import Settings
from pantry_queue.connection import translated
from pantry_queue.keys import Keys
from pantry_queue.monitor.wire import name_of, raw_of

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script

#: What a script takes as an argument.
Argument = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Turn:
    """What one call of a script that acts on many jobs did.

    Attributes:
        looked: entries it looked at.
        done: jobs it changed.
        emptied: entries that were no jobs, taken out of where they stood.
        skipped: jobs it left alone, each with the reason: `missing`, `broken`, `running`, `starting` (a worker has
            just taken it), `changed` (since it was seen), or the state that stood in the way.
        refused: jobs that Redis would not let it change, each with Redis' words.
    """

    looked: int
    done: int
    emptied: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def joined(turns: Sequence[Turn]) -> Turn:
    """What several calls did together."""
    return Turn(
        looked=sum(turn.looked for turn in turns),
        done=sum(turn.done for turn in turns),
        emptied=sum(turn.emptied for turn in turns),
        skipped=tuple(pair for turn in turns for pair in turn.skipped),
        refused=tuple(pair for turn in turns for pair in turn.refused),
    )


@cache
def source(name: str) -> str:
    """The text of a script with what it shares with others before it."""
    folder = files("pantry_queue.control") / "scripts"
    text = (folder / f"{name}.lua").read_text("utf-8")
    shared = ("common", "bulk", "places") if text.startswith("-- with: bulk") else ("common",)
    return "\n".join([*((folder / f"{part}.lua").read_text("utf-8") for part in shared), text])


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
            return self.send(name, *arguments)

    def send(self, name: str, *arguments: Argument) -> Any:
        """As `run`, but errors are redis-py's own."""
        script = self._loaded.get(name)
        if script is None:
            script = self._loaded[name] = self.connection.register_script(source(name))
        return script(args=[self.keys.prefix, *arguments])

    def bulk(self, name: str, options: Mapping[str, Any], ids: Sequence[str] = ()) -> Turn:
        """Run a script that acts on many jobs (`scripts/bulk.lua` tells its options).

        Raises:
            redis.exceptions.RedisError: Redis does not answer, or refuses; a script that was refused changed nothing.
        """
        text = raw_of(json.dumps(options, ensure_ascii=False))
        looked, done, emptied, *left = json.loads(name_of(self.send(name, text, *map(raw_of, ids))))
        skipped, refused = (tuple(zip(flat[::2], flat[1::2], strict=True)) if flat else () for flat in left)
        return Turn(looked, done, emptied, skipped, refused)


def word_list(words: tuple[str, ...]) -> tuple[Argument, ...]:
    """Words as the scripts read a set of them: their number first."""
    return (len(words), *words)
