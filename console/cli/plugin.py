"""The ways of monitoring plug-ins: whatever goes wrong with a command line of `check` is one line and the code 3."""

from __future__ import annotations

from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from console.cli import output

#: Typer's own copy of click, or click, by version: what it raises when a command line is wrong.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


class PluginCommand(TyperCommand):
    """A command whose wrong usage is `unknown` (3): 2 would be taken for critical."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """As click's."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except _UsageError as error:
            _misused(error)


class PluginGroup(TyperGroup):
    """All commands, of which `check` is told as unknown too where a global option before it is wrong."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """As click's."""
        asked = is_asked(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except _UsageError as error:
            if not asked:
                raise
            _misused(error)


#: Global options that are followed by a value.
_WITH_VALUE = ("--url", "--profile", "-p")


def is_asked(arguments: list[str]) -> bool:
    """Whether a command line is one of `check`."""
    words = iter(arguments)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word == "check"
    return False


def _misused(error: Exception) -> NoReturn:
    told = getattr(error, "format_message", error.__str__)
    raise typer.Exit(unknown(" ".join(told().split())))


def unknown(message: str) -> int:
    """Say that nothing is known, and why, and return the exit code for it."""
    output.text(f"PANTRY UNKNOWN - {message}")
    return 3
