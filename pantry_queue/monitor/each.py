"""The same questions about each of many names, in one round trip.

Packing a command, and reading its reply, costs a client more than the command costs the server. So a read-only
script (`EVAL_RO`, Redis 7 on) asks them on the server's side where scripts may be run, some hundred commands a call
so that nobody waits for it. Elsewhere the parts of a command that are alike are packed once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pantry_queue.monitor.wire import Command, Waiting, exchange, packed, raise_for_server, raw_of

if TYPE_CHECKING:
    from redis import Redis

#: Questions, and the names to ask them about.
Batch = tuple[Sequence[Command], Sequence[str | bytes]]

#: Stands for the name in questions; RQ allows no such character in a prefix.
NAME = "\x00"

#: Commands of one call of the script: about two milliseconds of the server's time.
_COMMANDS_A_CALL = 800
#: The names of a call are its arguments after the questions. A refused command has its error as reply, in its place.
_SCRIPT = """
local questions = cjson.decode(ARGV[1])
local replies = {}
for index = 2, #ARGV do
  local name = ARGV[index]
  for _, question in ipairs(questions) do
    local words = question.words
    for _, slot in ipairs(question.slots) do
      words[slot[1]] = slot[2] .. name .. slot[3]
    end
    replies[#replies + 1] = redis.pcall(unpack(words))
  end
end
return replies
"""
#: Connection pools whose server would not run it: refused once, it is not asked again.
_refused: WeakSet[Any] = WeakSet()


def ask_each(client: Redis, questions: Sequence[Command], names: Sequence[str | bytes]) -> list[list[Any]]:
    """Ask about each name.

    Args:
        client: a connection that returns bytes.
        questions: commands in whose words `NAME` stands for the name.
        names: as the monitor holds them, or as bytes.

    Returns:
        For each name one reply a question, as `wire.ask` gives them.

    Raises:
        redis.exceptions.RedisError: the server is away, or refuses everything.
    """
    return ask_all(client, (), [(questions, names)])[1][0] if questions else [[] for _ in names]


class Ahead:
    """`ask_each` in two steps: the server works on the answer while the caller does on something else.

    Either `replies` or `abandon` has to be called.
    """

    def __init__(self, client: Redis, questions: Sequence[Command], names: Sequence[bytes]) -> None:
        self._again = (client, questions, names)
        self._waiting: Waiting | None = None
        if not names:
            return
        if client.connection_pool in _refused:
            sent, count = _packed(questions, names), len(questions) * len(names)
        else:
            sent = list(map(packed, _calls(questions, names)))
            count = len(sent)
        self._scripted = client.connection_pool not in _refused
        self._waiting = Waiting(client, sent, count)

    def replies(self) -> list[list[Any]]:
        """What `ask_each` returns; may raise what it raises."""
        if self._waiting is None:
            return []
        client, questions, names = self._again
        replies = _checked(self._waiting.replies())
        if not self._scripted:
            return _grouped(replies, questions)
        if any(isinstance(reply, Exception) for reply in replies):
            return ask_each(client, questions, names)
        return _grouped(chain.from_iterable(replies), questions)

    def abandon(self) -> None:
        """The answer is not wanted any more."""
        if self._waiting is not None:
            self._waiting.abandon()


def ask_all(client: Redis, others: Sequence[Command], batches: Sequence[Batch]) -> tuple[list[Any], list[list[Any]]]:
    """`wire.ask` for `others` and `ask_each` for every batch, all in one round trip.

    Returns:
        The replies to `others`, and for each batch what `ask_each` returns.
    """
    raw = [(questions, list(map(raw_of, names))) for questions, names in batches]
    sent = list(map(packed, others))
    found = _scripted(client, sent, raw)
    if found is not None:
        return found
    counts = [len(questions) * len(names) for questions, names in raw]
    sent += [command for questions, names in raw for command in _packed(questions, names)]
    replies = iter(exchange(client, sent, len(others) + sum(counts)) if sent else ())
    answers = _checked(list(islice(replies, len(others))))
    return answers, [_grouped(islice(replies, count), batch[0]) for count, batch in zip(counts, raw, strict=True)]


def run(client: Redis, calls: Sequence[Command], others: Sequence[bytes] = ()) -> list[Any] | None:
    """The replies to `others`, which are packed, and to calls of a read-only script, all in one round trip.

    Returns:
        None where such a script may not be run; refused once, it is not tried again.

    Raises:
        redis.exceptions.RedisError: the server is away, or refuses everything.
    """
    if client.connection_pool in _refused:
        return None
    sent = [*others, *map(packed, calls)]
    replies = _checked(exchange(client, sent, len(sent)) if sent else [])
    if any(isinstance(reply, Exception) for reply in replies[len(others) :]):
        _refused.add(client.connection_pool)
        return None
    return replies


def _scripted(
    client: Redis, others: list[bytes], batches: Sequence[tuple[Sequence[Command], list[bytes]]]
) -> tuple[list[Any], list[list[Any]]] | None:
    """`ask_all` by the script; None where it may not be run."""
    calls = [list(_calls(questions, names)) for questions, names in batches]
    replies = run(client, [call for batch in calls for call in batch], others)
    if replies is None:
        return None
    answers = iter(replies[len(others) :])
    found = [
        _grouped(chain.from_iterable(islice(answers, len(batch))), questions)
        for batch, (questions, _) in zip(calls, batches, strict=True)
    ]
    return replies[: len(others)], found


def _grouped(replies: Iterable[Any], questions: Sequence[Command]) -> list[Any]:
    flat, size = _checked(list(replies)), len(questions)
    return [flat[start : start + size] for start in range(0, len(flat), size)]


def _checked(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise_for_server(reply)
    return replies


def _calls(questions: Sequence[Command], names: Sequence[bytes]) -> Iterator[Command]:
    form = json.dumps([_question(question) for question in questions])
    step = max(1, _COMMANDS_A_CALL // len(questions))
    for start in range(0, len(names), step):
        yield ("EVAL_RO", _SCRIPT, 0, form, *names[start : start + step])


def _question(question: Command) -> dict[str, Any]:
    words = [word.decode() if isinstance(word, bytes) else str(word) for word in question]
    slots = [(index, *word.split(NAME)) for index, word in enumerate(words, start=1) if NAME in word]
    return {"words": words, "slots": slots}


def _packed(questions: Sequence[Command], names: Sequence[bytes]) -> list[bytes]:
    """The commands as the protocol has them, what is alike packed once."""
    parts: list[bytes | tuple[bytes, bytes]] = []
    for question in questions:
        parts.append(b"*%d\r\n" % len(question))
        for word in question:
            text = raw_of(word) if isinstance(word, (str, bytes)) else str(word).encode()
            before, mark, after = text.partition(NAME.encode())
            parts.append((before, after) if mark else b"$%d\r\n%b\r\n" % (len(text), text))
    return [b"".join(_filled(parts, name)) for name in names]


def _filled(parts: Sequence[bytes | tuple[bytes, bytes]], name: bytes) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        else:
            word = part[0] + name + part[1]
            yield b"$%d\r\n%b\r\n" % (len(word), word)
