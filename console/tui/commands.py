"""What is typed behind `:`, and going to an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.tui.address import Address, AddressError, parse, printable
from console.tui.present.states import TABS
from console.tui.themes import THEMES
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.going import Going
    from console.tui.own_keys import OwnKeys
    from pantry_queue.monitor.diagnosis import Place

#: Words that are no places.
COMMANDS = ("theme", "help", "quit")


@dataclass(frozen=True, slots=True)
class Command:
    """One of `COMMANDS` and the word behind it."""

    name: str
    word: str = ""


def understand(text: str) -> Address | Command:
    """What is typed behind `:`.

    Raises:
        AddressError, pantry_queue.monitor.query.QueryError: one sentence that says what is wrong.
    """
    name, _, word = printable(text).strip().partition(" ")
    if name not in COMMANDS:
        return parse(text)
    word, names = word.strip(), [theme.name for theme in THEMES]
    if name == "theme" and word not in names:
        raise AddressError(f"There is no theme {safe(word, 40)!r}; it should be one of {', '.join(names)}.")
    if name != "theme" and word:
        raise AddressError(f"{name} takes no more words; leave out {safe(word, 40)!r}.")
    return Command(name, word)


def obey(app: OwnKeys, command: Command) -> None:
    """Do what a command says."""
    if command.name == "theme":
        app.theme = command.word
    elif command.name == "help":
        app.action_help()
    else:
        app.exit(0)


async def look_at(app: Going, place: Place) -> None:
    """Show what a finding of a diagnosis speaks of."""
    if place.kind == "job":
        await app.go_to_job(place.name)
    elif place.kind == "queue":
        await app.go_to_jobs(place.state or TABS[0], place.name)
    elif place.kind == "worker":
        await app.go_to_worker(place.name)
    elif place.kind:
        await app.go(place.kind)


async def visit(app: Going, address: Address) -> None:
    """Show what an address means, over or instead of what is shown."""
    if address.place == "jobs":
        await app.go_to_jobs(address.state, address.queue, address.where)
    elif address.place == "job":
        await app.go_to_job(address.name)
    elif address.place == "why":
        await app.go_to_why(address.name)
    elif address.place == "workers" and address.name:
        await app.go_to_worker(address.name)
    else:
        await app.go(address.place)
