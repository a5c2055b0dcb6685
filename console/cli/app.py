"""The command line: global options, subcommands, exit codes."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import replace
from typing import Annotated

import typer

from console.cli import output, plugin
from console.cli.nouns import Nouns
from console.cli.opening import open_console
from console.cli.target import Target, of
from console.streams import give_up_output, unwritable
from pantry_queue.config import mask_url
from pantry_queue.errors import (
    ConfigError,
    MissingExtra,
    NotFound,
    PantryError,
    PayloadError,
    RedisUnavailable,
    Refused,
)

#: What a full disk and its like say; only Typer's own help pages are not written by `output`.
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)

#: Exit codes by kind of error, as docs/cli.md promises them to scripts. The first that fits counts.
EXIT_CODES: tuple[tuple[type[PantryError], int], ...] = (
    (ConfigError, 2),
    (PayloadError, 2),
    (MissingExtra, 2),
    (NotFound, 3),
    (Refused, 4),
    (RedisUnavailable, 5),
    (PantryError, 1),
)

app = typer.Typer(
    name="pantry-console",
    cls=Nouns,
    help="Operations console for RQ queues. Without a command it opens the terminal interface.",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from pantry_queue import __version__

        output.text(f"pantry-console {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(
            help="redis://, rediss://, unix://, redis+sentinel:// or embedded. "
            "Also from PANTRY_REDIS_URL, RQ_REDIS_URL, REDIS_URL, or REDIS_HOST and its kin."
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", "-p", envvar="PANTRY_PROFILE", help="A named connection.")
    ] = None,
    read_only: Annotated[
        bool | None,
        typer.Option(
            "--read-only/--read-write",
            envvar="PANTRY_READ_ONLY",
            help="Refuse every action that writes, which profiles of production do unless told otherwise.",
        ),
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
    no_osc52: Annotated[
        bool,
        typer.Option("--no-osc52", envvar="PANTRY_NO_OSC52", help="Send nothing to the terminal's clipboard."),
    ] = False,
    no_mouse: Annotated[
        bool,
        typer.Option("--no-mouse", envvar="PANTRY_NO_MOUSE", help="Leave the mouse to the terminal; ctrl+o takes it."),
    ] = False,
    ascii_only: Annotated[
        bool, typer.Option("--ascii", envvar="PANTRY_ASCII", help="Draw the terminal interface with ASCII alone.")
    ] = False,
    restricted: Annotated[
        bool,
        typer.Option(
            "--restricted",
            envvar="PANTRY_RESTRICTED",
            help="The terminal interface starts no pager, editor or worker and writes no file: for accounts that "
            "may use nothing else.",
        ),
    ] = False,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Operations console for RQ queues. Without a command it opens the terminal interface."""
    output.colour = not (no_color or os.environ.get("NO_COLOR"))
    if url and mask_url(url) != url:
        output.note(
            "warning: a password on the command line is seen by everyone on this machine; "
            "put the URL into PANTRY_REDIS_URL instead."
        )
    context.obj = replace(
        _target(url, profile, read_only),
        always_read_only=bool(read_only),
        clipboard=not no_osc52,
        mouse=not no_mouse,
        ascii_only=ascii_only,
        restricted=restricted,
    )
    if context.invoked_subcommand is None:
        raise typer.Exit(open_console(of(context)))


def _target(url: str | None, profile: str | None, read_only: bool | None) -> Target:
    if profile is None or url is not None:
        return Target(url, bool(read_only))
    from console.profiles import find

    found = find(profile)
    return Target(
        found.url,
        found.read_only if read_only is None else read_only,
        found.name,
        found.production,
        unlockable=found.production and read_only is None,
    )


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; what goes wrong is one sentence on standard error."""
    shown = sys.stdout
    try:
        app(args=arguments, prog_name="pantry-console")
    except SystemExit as end:
        if sys.stdout is not shown:  # Typer puts a silent one in its place when the reader of a help page has gone
            return 0
        return end.code if isinstance(end.code, int) else 0
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        give_up_output()
        output.note(f"pantry-console: {unwritable(error)}")
        return 1
    except output.ReaderGone:
        return 0
    except PantryError as error:
        if plugin.is_asked(arguments):
            return plugin.unknown(str(error))
        output.note(f"pantry-console: {error}")
        return next(code for kind, code in EXIT_CODES if isinstance(error, kind))
    return 0
