"""`serve`: the terminal interface in a browser."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.durations import seconds
from console.cli.target import Target, of, reader
from pantry_queue.errors import ConfigError, MissingExtra, RedisUnavailable, Refused

if TYPE_CHECKING:
    import socket

    from console.web.origins import Origin


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port at loopback; 0 is any that is free.")] = 8088,
    host: Annotated[str, typer.Option(help="A loopback address, such as ::1.")] = "127.0.0.1",
    path: Annotated[
        Path | None, typer.Option("--socket", metavar="PATH", help="A unix socket instead; needs --origin.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="What a browser's address begins with, where that is another; repeat."),
    ] = None,
    read_write: Annotated[
        bool, typer.Option("--read-write", help="Let browsers change things; without it they only look.")
    ] = False,
    sessions: Annotated[int, typer.Option(min=1, max=100, help="Consoles open at a time.")] = 4,
    idle: Annotated[str, typer.Option(help="A console in which nobody types for so long ends.")] = "30m",
) -> None:
    """The terminal interface in a browser on this machine, by an address that works once; until Ctrl-C."""
    target = of(context)
    if read_write and target.read_only:
        how = "give --read-write before serve as well" if target.profile else "leave --read-only out"
        raise Refused(f"Browsers would change Redis, and this console is read-only: {how} to allow it.")
    patience = float(seconds(idle, "--idle"))
    _refuse_what_cannot_be_used(target)
    listening, origins, cookie = _place(host, port, path, origin or [])
    try:
        _serve(target, listening, origins, cookie, read_write=read_write, sessions=sessions, idle=patience)
    finally:
        listening.close()
        if path is not None:
            with suppress(OSError):
                path.unlink()


def _refuse_what_cannot_be_used(target: Target) -> None:
    """A Redis that is away may come; a setting that cannot be used, and a part that is missing, will not."""
    target.keys()
    try:
        with reader(target.settings()):
            pass
    except RedisUnavailable:
        pass
    from importlib.util import find_spec

    if find_spec("aiohttp") is None or find_spec("textual_serve") is None:
        raise MissingExtra("serve", "web")


def _place(host: str, port: int, path: Path | None, named: list[str]) -> tuple[socket.socket, tuple[Origin, ...], str]:
    """Where to listen, where browsers may come from, and a name for the cookie, which all ports share."""
    from console.web import listening, origins

    others = tuple(map(origins.parsed, named))
    if path is not None:
        if not others:
            raise ConfigError(
                "With --socket the browser's address is not known here: name it, like --origin http://localhost:8088 "
                f"for ssh -L 8088:{path}."
            )
        return listening.at_path(path), others, "pantry_console"
    address = origins.loopback(host)
    bound = listening.at_loopback(address, port)
    taken = bound.getsockname()[1]
    return bound, (*others, *origins.of_loopback(address, taken)), f"pantry_console_{taken}"


def _serve(
    target: Target,
    listening: socket.socket,
    origins: tuple[Origin, ...],
    cookie: str,
    *,
    read_write: bool,
    sessions: int,
    idle: float,
) -> None:
    from console.web.server import Offer, serve

    offer = Offer(_command(target, read_write), _environment(target), origins, cookie, sessions, idle)
    may = "changes may be made" if read_write else "read-only"
    output.note(f"Serving the console, {may}, until Ctrl-C; each address works once, and is followed by another:")
    asyncio.run(serve(listening, offer, _tell))


def _tell(address: str) -> None:
    with suppress(output.ReaderGone):  # who has read one address may want no other
        output.text(address, flush=True)


def _command(target: Target, read_write: bool) -> list[str]:
    """What each browser gets. The address of Redis may hold a password, so it is not among the arguments."""
    command = [sys.executable, "-m", "console", "--restricted", "--read-write" if read_write else "--read-only"]
    command += [] if target.clipboard else ["--no-osc52"]
    command += [] if output.colour else ["--no-color"]
    return [*command, "--profile", target.profile] if target.profile else command


def _environment(target: Target) -> dict[str, str]:
    from console.tui.terminal import WEB_DRIVER

    made = {
        **os.environ,
        "TEXTUAL_DRIVER": WEB_DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM": "xterm-256color",
    }
    # The console's terminal is the browser, whatever stands around us.
    for name in ("PANTRY_READ_ONLY", "TMUX", "STY"):
        made.pop(name, None)
    if target.url and not target.profile:
        made["PANTRY_REDIS_URL"] = target.url
        made.pop("PANTRY_PROFILE", None)
    return made
