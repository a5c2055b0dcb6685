"""Several servers in one console: each stays as it was left, one of them is shown and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import ModalScreen

from console import profiles
from console.tui.acting.actor import Actor, RedisActor
from console.tui.acting.flow import Acting
from console.tui.acting.local_fleet import LocalFleet
from console.tui.acting.stage import Stage
from console.tui.commands import BACK
from console.tui.copying.texts import leading_to
from console.tui.exporting import Exporter
from console.tui.own_keys import OwnKeys
from console.tui.present.jobs import newest_first_by_default
from console.tui.refresher import Listener, Refresher
from console.tui.sampling import Sampler
from console.tui.session import READ_ONLY, Session
from console.tui.source import Answer, Needs, RedisSource, Source
from pantry_queue.connection import describe
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from pantry_queue.config import Settings


@dataclass(slots=True)
class Server:
    """All the console has of one server.

    Attributes:
        suffix: of the names of its modes, whose screens are its own.
        mode: the one that was shown last.
    """

    session: Session
    stage: Stage
    acting: Acting
    fleet: LocalFleet
    refresher: Refresher
    sampler: Sampler | None
    exporter: Exporter
    suffix: str
    mode: str

    def close(self) -> None:
        """Let go of its connections."""
        self.refresher.close()
        self.acting.close()
        self.exporter.close()
        if self.sampler is not None:
            self.sampler.close()


class _WhileShown:
    """Listens to the readings of one server: what comes when another one is shown is not taken for that one's.

    Args:
        listener: the console.
        shown: whether this server is.
    """

    def __init__(self, listener: Listener, shown: Callable[[], bool]) -> None:
        self._listener, self._shown = listener, shown

    def needs(self) -> Needs:
        return self._listener.needs() if self._shown() else Needs(overview=False)

    def answered(self, answer: Answer) -> None:
        if self._shown():
            self._listener.answered(answer)

    def failed(self, error: PantryError, next_try_in: float) -> None:
        if self._shown():
            self._listener.failed(error, next_try_in)

    def ticked(self, next_try_in: float) -> None:
        if self._shown():
            self._listener.ticked(next_try_in)

    def resting(self) -> tuple[float, bool]:
        return self._listener.resting()


class Connecting(OwnKeys):
    """The part of the console that goes from server to server.

    Attributes:
        always_read_only: read-only whatever a profile says, because the command line said so.
    """

    always_read_only = False
    _settings: Settings
    _listener: Listener
    _servers: list[Server]
    _here: Server
    _before: Server | None = None

    def open_server(
        self, settings: Settings, session: Session, source: Source | None = None, actor: Actor | None = None
    ) -> Server:
        """All that a server needs; nothing is sent yet."""
        stage = Stage(self, session)
        return Server(
            session,
            stage,
            Acting(stage, actor or RedisActor(settings, session.profile)),
            LocalFleet(settings, session.profile),
            Refresher(source or RedisSource(settings), _WhileShown(self._listener, lambda: stage.here)),
            Sampler(settings) if source is None else None,
            Exporter(settings, stage),
            suffix=f"@{len(self._servers)}" if self._servers else "",
            mode=self.DEFAULT_MODE,
        )

    def take(self, server: Server) -> None:
        """Let this be the server that is shown."""
        if server not in self._servers:
            self._servers.append(server)
        self._here = server
        self.session, self.acting, self.fleet = server.session, server.acting, server.fleet
        self._refresher, self.suffix = server.refresher, server.suffix

    def export(self, word: str) -> None:
        """Write the list that is shown to a file; without a name stop what is being written."""
        screen = self.console_screen()
        address = screen.view_address() if screen is not None else None
        if "file" not in self.ways():
            self.tell("This console writes no files: it is restricted, or in a browser.", severity="warning")
        elif not word:
            self._here.exporter.stop()
        elif address is None or address.place != "jobs":
            self.tell("Only a list of jobs is exported: go to one (2) and say it there.")
        else:
            self._here.exporter.begin(Path(word), address, newest_first=newest_first_by_default(address.state))

    def close_servers(self) -> None:
        """Let go of all connections; what is under way ends after its step."""
        for server in self._servers:
            server.close()

    def connect(self, name: str) -> None:
        """Show the server of a profile, or the one before; without a name tell which there are."""
        if name:
            self.run_worker(self._connect(name), group="connect", exclusive=True)
        else:
            self.tell(f"Here is {self.session.place}. {_there()}")

    async def _connect(self, name: str) -> None:
        left = self.session
        try:
            server = self._before if name == BACK else self._server(name)
            if server is None or server is self._here:
                said = "There was no server before this one." if server is None else "That is the server shown here."
                self.tell(f"{said} {_there()}")
                return
            self._note(left, f"connecting to {server.session.place}")
            await self._try(server)
        except PantryError as error:
            self.tell(f"Still at {self.session.place}. {error}", severity="error")
        else:
            await self._turn_to(server)
        finally:
            self._note(left, None)

    async def _try(self, server: Server) -> None:
        """Read it once; one that cannot be shown is let go of again.

        Raises:
            PantryError: it does not answer, refuses us, or cannot be shown now.
        """
        try:
            answer = await server.refresher.first()
            if isinstance(self.screen, ModalScreen):
                raise PantryError(f"{server.session.place} answers, but a dialog is open here: connect again after it.")
        except (PantryError, asyncio.CancelledError):
            if server not in self._servers:
                server.close()
            raise
        server.session.answered()
        if answer.snapshot is not None:
            server.session.accept(answer.snapshot)

    def _note(self, session: Session, doing: str | None) -> None:
        if self.acting.running is None:
            session.doing = doing
            self.paint()

    def _server(self, name: str) -> Server:
        """The server of a profile, as it was left, or a new one.

        Raises:
            pantry_queue.errors.NotFound: there is no such profile.
            pantry_queue.errors.ConfigError: the config file cannot be used.
        """
        known = next((server for server in self._servers if server.session.profile == name), None)
        if known is not None:
            return known
        profile = profiles.find(name)
        settings = replace(self._settings, redis_url=profile.url)
        session = Session(describe(settings), typed=self.session.typed, interval=self.session.interval)
        session.read_only = READ_ONLY if profile.read_only or self.always_read_only else ""
        session.production, session.profile = profile.production, profile.name
        session.unlockable = profile.production and not self.always_read_only
        session.heed(profiles.alerts(name))
        session.options = leading_to(settings, name)
        return self.open_server(settings, session)

    async def _turn_to(self, server: Server) -> None:
        """Show it as it was left; what was asked of the other is not waited for any more."""
        self._here.mode, self._before = self.current_mode, self._here
        new = server not in self._servers
        self.take(server)
        if new:
            for place, screen in self.MODES.items():
                self.add_mode(place + server.suffix, screen)
            server.mode = self.DEFAULT_MODE + server.suffix
        await self.switch_mode(server.mode)
        self.restart()
        server.stage.returned()
        self.paint()

    def restart(self) -> None:
        """Read the server that is shown now, and no other."""


def _there() -> str:
    try:
        names = ", ".join(safe(name, 40) for name in profiles.load())
    except PantryError as error:
        return str(error)
    return f"Profiles: {names}." if names else f"There are no profiles in {profiles.path()}."
