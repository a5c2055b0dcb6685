"""Addresses of views: `jobs ocr failed func:send_mail` opens the same list again, on any console. Pure.

    address := "jobs" [queue] [state] [order] [filter] | "queue" queue | "job" id | "why" id | "workers" [name]
             | "overview" [sort] | "failures" | "schedule" [list] | "activity" [list] | "doctor" [list]
             | "functions" [list] [sort]

A queue that looks like a state or like a filter, and each name with blanks in it, goes into double quotes, in which
characters are escaped as in JSON.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from console.tui.present import activity, doctor, functions, queues, schedule
from console.tui.present.states import TABS
from pantry_queue.errors import PantryError
from pantry_queue.monitor.query import parse as parse_filter
from pantry_queue.text import safe

#: Places of their own kind, some with lists to choose from.
PLAIN = ("overview", "failures", "schedule", "activity", "doctor", "functions")
PLACES = ("jobs", "queue", "job", "why", "workers", *PLAIN)
#: Lists of a place.
LISTS: dict[str, tuple[str, ...]] = {
    "schedule": schedule.TABS,
    "activity": activity.TABS,
    "doctor": doctor.TABS,
    "functions": functions.TABS,
}
#: The list of a place that is shown when none is named.
FIRST = {place: names[0] for place, names in LISTS.items()} | {"functions": functions.FIRST}
#: Ways to sort the rows of a place as they are written, the first one taken when none is.
SORTS: dict[str, tuple[str, ...]] = {
    place: tuple("by-" + name.replace(" ", "-") for name in names)
    for place, names in (("overview", queues.SORTS), ("functions", [sort.name for sort in functions.SORTS]))
}
#: The order of a list of jobs, where it is another than that list has by itself.
ORDERS = {"newest-first": True, "oldest-first": False}
#: The list of another place than `jobs` that takes a filter.
_STREAM = ("activity", "events")

_PLAIN_NAME = re.compile(r"[\w./@+-]+")
_WORD = re.compile(r"\S+")


class AddressError(PantryError):
    """Words that are no address."""


@dataclass(frozen=True, slots=True)
class Address:
    """A view.

    Attributes:
        place: one of `PLACES` but `queue`, which is short for the jobs of one.
        state: the list: with jobs one of `console.tui.present.states.TABS`, with others one of `LISTS` but `FIRST`.
        queue: one queue by its name in Redis, all when None; only with jobs.
        where: a filter (`monitor.query`); only with jobs and `activity events`.
        name: of a worker or a job, by its name in Redis; empty for all workers.
        newest_first: the order; None for that which the list has by itself; only with jobs.
        sort: with others than jobs one of `SORTS` but the first.
    """

    place: str
    state: str = ""
    queue: str | None = None
    where: str = ""
    name: str = ""
    newest_first: bool | None = None
    sort: str = ""


def plain_at(place: str, name: str = "", sort: str = "", where: str = "") -> Address:
    """A place of its own kind; what it shows by itself is left out."""
    name = "" if name == FIRST.get(place) else name
    return Address(place, name, where=where, sort="" if sort in SORTS.get(place, ())[:1] else sort)


def jobs_at(
    state: str = TABS[0], queue: str | None = None, where: str = "", newest_first: bool | None = None
) -> Address:
    """A list of jobs; what no filter can hold (control characters) is left out of it."""
    return Address("jobs", state, queue, printable(where).strip(), newest_first=newest_first)


def printable(text: str) -> str:
    """Each character that cannot be printed becomes a blank."""
    return "".join(char if char.isprintable() else " " for char in text)


def words(address: Address) -> str:
    """The address as it is typed; `parse` understands it."""
    if address.place == "jobs":
        queue = [_written(address.queue)] if address.queue is not None else []
        order = [word for word, newest in ORDERS.items() if newest == address.newest_first]
        where = address.where
        if not order and (first := _WORD.match(where)) and first[0] in ORDERS:
            where = f'"{first[0]}"{where[first.end() :]}'
        return " ".join(["jobs", *queue, address.state, *order, *([where] if where else [])])
    if address.name:
        return f"{address.place} {_written(address.name)}"
    return " ".join(word for word in (address.place, address.state, address.sort, address.where) if word)


def parse(text: str) -> Address:
    """Understand an address.

    Raises:
        AddressError: one sentence that says what is wrong and what would do.
        pantry_queue.monitor.query.QueryError: the filter in it cannot be understood.
    """
    place, _, rest = printable(text).strip().partition(" ")
    place, rest = place.lower(), rest.strip()
    if place == "jobs":
        return _jobs(rest)
    if place not in PLACES:
        near = difflib.get_close_matches(place, PLACES, 1)
        meant = f"did you mean {near[0]}?" if near else f"it should be one of {', '.join(PLACES)}."
        raise AddressError(f"There is no view {safe(place, 40)!r}; {meant}")
    if place in PLAIN:
        return _plain(place, rest)
    name, left, _ = _name(rest)
    if left:
        raise AddressError(f"{place} takes one name; put it into double quotes if it has blanks.")
    if place == "workers":
        return Address(place, name=name)
    if not name:
        what, name = ("queue", "NAME") if place == "queue" else ("job", "ID")
        raise AddressError(f"Say which {what}, as in: {place} {name}.")
    return jobs_at(queue=name) if place == "queue" else Address(place, name=name)


def _plain(place: str, rest: str) -> Address:
    lists, sorts = LISTS.get(place, ()), SORTS.get(place, ())
    name, rest = _taken(rest, lists)
    sort, rest = _taken(rest, sorts)
    if rest and (place, name) != _STREAM:
        takes = " and ".join(f"at most one of {', '.join(words)}" for words in (lists, sorts) if words)
        raise AddressError(f"{place} takes {takes or 'no more words'}; leave out {safe(rest, 40)!r}.")
    parse_filter(rest)
    return plain_at(place, name, sort, rest)


def _taken(text: str, words: tuple[str, ...]) -> tuple[str, str]:
    """The first word if it is one of these, and what is left."""
    first, _, left = text.partition(" ")
    return (first, left.strip()) if first in words else ("", text)


def _jobs(rest: str) -> Address:
    state, queue = TABS[0], None
    first, left, quoted = _name(rest)
    if quoted or (first and first not in TABS and _PLAIN_NAME.fullmatch(first)):
        queue, rest = first, left
        first, left, quoted = _name(rest)
    if first in TABS and not quoted:
        state, rest = first, left
    newest_first = None
    if (word := _WORD.match(rest)) and word[0] in ORDERS:
        newest_first, rest = ORDERS[word[0]], rest[word.end() :].strip()
    parse_filter(rest)
    return jobs_at(state, queue, rest, newest_first)


def _name(text: str) -> tuple[str, str, bool]:
    """The first name of a text, what is left, and whether the name stood in quotes."""
    if text.startswith('"'):
        try:
            name, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            raise AddressError("These double quotes are never closed, or hold an escape that means nothing.") from None
        if text[end : end + 1].strip():
            raise AddressError("Behind a name in double quotes goes a blank.")
        return str(name), text[end:].strip(), True
    word = _WORD.match(text)
    return (word[0], text[word.end() :].strip(), False) if word else ("", "", False)


def _written(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) and name not in TABS else json.dumps(name)


def ways(text: str, queues: Iterable[str], workers: Iterable[str], commands: Iterable[str] = ()) -> list[str]:
    """Whole texts that what is typed may become, for completion.

    Args:
        text: what is typed.
        queues, workers: their names in Redis.
        commands: words that are no places.
    """
    before, _, begun = text.rpartition(" ")
    head = before.split()
    options: list[str] = []
    if not head:
        options = [*PLACES, *commands]
    elif head == ["jobs"]:
        options = [*TABS, *map(_written, queues)]
    elif head[0] == "jobs" and len(head) == 2 and head[1] not in TABS:
        options = list(TABS)
    elif len(head) == 1 and (head[0] in LISTS or head[0] in SORTS):
        options = [*LISTS.get(head[0], ()), *SORTS.get(head[0], ())]
    elif len(head) == 2 and head[1] in LISTS.get(head[0], ()):
        options = list(SORTS.get(head[0], ()))
    elif head == ["queue"]:
        options = [_written(name) for name in queues]
    elif head == ["workers"]:
        options = [_written(name) for name in workers]
    return [f"{before} {option}".lstrip() for option in options if option.startswith(begun)]
