"""The commands of `pantry-console`, of which only the one that is asked for is loaded.

Making all of them costs a third of a short command's time: each brings its modules, and Typer reads every parameter of
every function. Help and completion of the first word ask for all, and get them.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_group

from console.cli.plugin import PluginGroup

if TYPE_CHECKING:
    from typer.core import TyperCommand, TyperGroup

#: In the order of help: where a command or group of commands is, and the modules that give a group more verbs.
_PLACES: dict[str, tuple[str, ...]] = {
    "demo": ("demo.demo",),
    "up": ("up.up",),
    "view": ("view.view",),
    "terminal": ("terminal.terminal",),
    "status": ("status.status",),
    "suspend": ("suspension.suspend",),
    "resume": ("suspension.resume",),
    "enqueue": ("enqueue.enqueue",),
    "export": ("export.export",),
    "undo": ("trash.undo",),
    "audit": ("audit.audit",),
    "check": ("check.check",),
    "doctor": ("diagnosis.doctor",),
    "history": ("history.history",),
    "record": ("history.record",),
    "metrics": ("metrics.metrics",),
    "watch": ("watch.watch",),
    "serve": ("serve.serve",),
    "queues": ("queues.app",),
    "jobs": ("jobs.app", "actions", "diagnosis"),
    "failures": ("failures.app", "failure_actions"),
    "functions": ("functions.app",),
    "workers": ("workers.app", "worker_actions"),
    "schedule": ("schedule.app",),
    "ocr": ("ocr.app",),
    "trash": ("trash.app",),
    "alerts": ("alerts.app",),
    "profiles": ("profiles.app",),
}


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in self._made:
            self._made[name] = _made(name)
        found: TyperCommand | TyperGroup = self._made[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in _PLACES or name in self._made

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**_PLACES, **self._made})

    def __len__(self) -> int:
        return len({**_PLACES, **self._made})


class Nouns(PluginGroup):
    """The first word of a command line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "commands": _Commands()})


def _made(name: str) -> Any:
    """The command of this name.

    Raises:
        KeyError: there is none.
    """
    place, *more = _PLACES[name]
    module, _, attribute = place.partition(".")
    holder = import_module(f"console.cli.{module}")
    for verbs in more:
        import_module(f"console.cli.{verbs}")
    found = getattr(holder, attribute)
    outer = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    if isinstance(found, typer.Typer):
        outer.add_typer(found, name=name)
    else:
        outer.command(name, **getattr(holder, "HOW", {}))(found)
    return get_group(outer).commands[name]
