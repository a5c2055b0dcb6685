"""What is typed behind `:`, and going to an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console import profiles, views
from console.tui import exporting, saved
from console.tui.acting import verbs
from console.tui.acting.verbs import Said
from console.tui.address import FIRST, SORTS, Address, AddressError, parse, printable, ways
from console.tui.present.jobs import newest_first_by_default
from console.tui.present.queues import queue_key
from console.tui.present.states import TABS
from console.tui.present.workers import worker_key
from console.tui.screens.filtered import Filtered
from console.tui.screens.listing import Listing
from console.tui.themes import THEMES
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.connecting import Connecting
    from console.tui.going import Going
    from console.tui.session import Session
    from pantry_queue.monitor.diagnosis import Place


@dataclass(frozen=True, slots=True)
class Command:
    """One of `COMMANDS` and the word behind it."""

    name: str
    word: str = ""


def _theme(word: str) -> str:
    names = [theme.name for theme in THEMES]
    if word not in names:
        raise AddressError(f"There is no theme {safe(word, 40)!r}; it should be one of {', '.join(names)}.")
    return word


def _view(word: str) -> str:
    views.find(word)
    return word


def _server(word: str) -> str:
    if word and word != BACK:
        profiles.find(word)
    return word


#: The server that was shown before.
BACK = "-"
#: Words that are no places, each with what checks the word behind it and raises a sentence; None where none follows.
COMMANDS: dict[str, Callable[[str], str] | None] = {
    "theme": _theme,
    "views": None,
    "save": views.checked,
    "forget": _view,
    "connect": _server,
    "export": exporting.checked,
    "help": None,
    "quit": None,
}


def understand(text: str) -> Address | Command | Said:
    """What is typed behind `:`.

    Raises:
        PantryError, pantry_queue.monitor.query.QueryError: one sentence that says what is wrong.
        pantry_queue.errors.NotFound, pantry_queue.errors.ConfigError: the saved view or profile that is named.
    """
    name, _, word = printable(text).strip().partition(" ")
    word = word.strip()
    if name.startswith(views.SIGN):
        if word:
            raise AddressError(f"A saved view takes no more words; leave out {safe(word, 40)!r}.")
        return saved.address(name)
    # `forget NAME` is about a saved view; without a name it is the action on what is chosen.
    if name not in COMMANDS or (name in verbs.VERBS and (not word or word.startswith("-"))):
        return verbs.understand(printable(text)) or parse(text)
    check = COMMANDS[name]
    if check is None and word:
        raise AddressError(f"{name} takes no more words; leave out {safe(word, 40)!r}.")
    return Command(name, check(word) if check else "")


def known_names(names: Callable[[], Mapping[str, Any]]) -> list[str]:
    """Names out of a file; none where it cannot be used, which is said when one is asked for."""
    try:
        return list(names())
    except PantryError:
        return []


def likely(text: str, session: Session) -> list[str]:
    """Whole texts that what is typed behind `:` may become, for completion."""
    name, blank, _ = text.partition(" ")
    behind: dict[str, Callable[[], list[str]]] = {
        "theme": lambda: [theme.name for theme in THEMES],
        "forget": lambda: known_names(views.load),
        "save": lambda: known_names(views.load),
        "connect": lambda: known_names(profiles.load),
    }
    if blank and name in behind:
        return [way for word in behind[name]() if (way := f"{name} {word}").startswith(text)]
    if name.startswith(views.SIGN):
        return [way for word in known_names(views.load) if (way := f"{views.SIGN}{word}").startswith(text)]
    snapshot = session.snapshot
    queues = [queue_key(queue) for queue in snapshot.queues] if snapshot else []
    if blank and name in verbs.VERBS:
        return verbs.ways(text, queues)
    workers = [worker_key(worker) for worker in snapshot.workers] if snapshot else []
    return ways(text, queues, workers, (*COMMANDS, *verbs.VERBS))


def obey(app: Connecting, command: Command | Said) -> None:
    """Do what a command says; an action is done to what is chosen on the visible screen."""
    if isinstance(command, Said):
        screen = app.console_screen()
        app.acting.say(command, screen.chosen() if screen is not None else None)
        return
    done: dict[str, Callable[[], object]] = {
        "theme": lambda: setattr(app, "theme", command.word),
        "views": app.action_views,
        "save": lambda: saved.save(app, command.word),
        "forget": lambda: saved.forget(app, command.word),
        "connect": lambda: app.connect(command.word),
        "export": lambda: app.export(command.word),
        "help": app.action_help,
        "quit": lambda: app.exit(0),
    }
    done[command.name]()


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
    else:
        app.tell("There is no place to go to for this.")


async def visit(app: Going, address: Address) -> None:
    """Show what an address means, over or instead of what is shown."""
    if address.place == "jobs":
        order = newest_first_by_default(address.state) if address.newest_first is None else address.newest_first
        await app.go_to_jobs(address.state, address.queue, address.where, order)
    elif address.place == "job":
        await app.go_to_job(address.name)
    elif address.place == "why":
        await app.go_to_why(address.name)
    elif address.place == "workers" and address.name:
        await app.go_to_worker(address.name)
    else:
        await app.go(address.place)
        screen = app.console_screen()
        name = address.state or FIRST.get(address.place, "")
        if isinstance(screen, Listing) and name != screen.tab:
            screen.action_show_tab(name)
        if screen is not None and address.place in SORTS:
            screen.sort_by(address.sort or SORTS[address.place][0])
        if address.where and isinstance(screen, Filtered):
            screen.look_for(address.where)
