"""The command palette: what can be done, and every queue and worker by name; an id opens its job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from console import profiles, views
from console.tui.commands import known_names
from console.tui.keys import offered
from console.tui.present.queues import queue_key
from console.tui.present.workers import worker_key
from console.wording import verb_words

if TYPE_CHECKING:
    from console.tui.acting.chosen import Chosen
    from console.tui.app import ConsoleApp
    from pantry_queue.control.actions import Action

#: Names offered before anything is typed.
_FIRST = 12


class Entry(NamedTuple):
    """One line of the palette."""

    text: str
    what: str
    run: Callable[[], Awaitable[Any]]


class ConsoleCommands(Provider):
    """Commands from the table of keys, then queues and workers of the last snapshot."""

    _views: Sequence[str] = ()
    _profiles: Sequence[str] = ()

    @property
    def _console(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    async def startup(self) -> None:
        """Saved views and profiles are read when the palette opens, not at each letter."""
        self._views, self._profiles = known_names(views.load), known_names(profiles.load)

    async def discover(self) -> Hits:
        """What is offered before anything is typed."""
        for entry in self._entries()[:_FIRST]:
            yield DiscoveryHit(Content(entry.text), entry.run, text=entry.text, help=entry.what)

    async def search(self, query: str) -> Hits:
        """What fits the text typed; text without a space may be a job's id."""
        matcher = self.matcher(query)
        for entry in self._entries():
            score = matcher.match(entry.text)
            if score > 0:
                # Content and not text: a queue's name must not be read as markup.
                yield Hit(score, Content(entry.text), entry.run, text=entry.text, help=entry.what)
        wanted = query.strip()
        if wanted and " " not in wanted:
            text = f"open job {wanted}"
            yield Hit(0.02, Content(text), partial(self._console.go_to_job, wanted), text=text, help="by its id")
            text = f"why is job {wanted} where it is"
            yield Hit(0.01, Content(text), partial(self._console.go_to_why, wanted), text=text, help="in plain words")

    def _entries(self) -> list[Entry]:
        app = self._console
        entries = [Entry(key.label or key.id, key.what, partial(app.run_action, key.action, app)) for key in offered()]
        screen = app.console_screen()
        if screen is not None:
            chosen = screen.chosen()
            acts = app.acting.possible(chosen)
            entries = [
                *(Entry(verb_words(act), act.what, partial(_begin, app, act, chosen)) for act in acts),
                *entries,
            ]
        entries += [
            Entry(f"view {views.SIGN}{name}", "as it was saved", partial(app.open_saved, name)) for name in self._views
        ]
        entries += [
            Entry(f"connect {name}", "go to this server", partial(_connect, app, name)) for name in self._profiles
        ]
        snapshot = app.session.snapshot
        if snapshot is not None:
            entries += [
                Entry(f"queue {queue.name}", "its jobs", partial(app.go_to_jobs, "queued", queue_key(queue)))
                for queue in snapshot.queues
            ]
            entries += [
                Entry(f"worker {worker.name}", "how it is", partial(app.go_to_worker, worker_key(worker)))
                for worker in snapshot.workers
            ]
        return entries


async def _connect(app: ConsoleApp, name: str) -> None:
    app.connect(name)


async def _begin(app: ConsoleApp, action: Action, chosen: Chosen | None) -> None:
    app.acting.begin(action, chosen)
