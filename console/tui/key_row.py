"""What a row of the table of keys holds, and which scopes and headings there are."""

from __future__ import annotations

from typing import Literal, NamedTuple

Scope = Literal[
    "app",
    "mode",
    "detail",
    "rows",
    "overview",
    "jobs",
    "filter",
    "command",
    "job",
    "text",
    "past",
    "failures",
    "workers",
    "schedule",
    "due",
    "activity",
    "event",
    "doctor",
    "functions",
    "remedy",
    "why",
    "answer",
    "help",
    "dialog",
    "confirm",
    "edit",
    "enqueue",
    "tick",
    "choice",
    "progress",
    "marks",
    "copy",
    "views",
]
Group = Literal["Look at", "Move", "Go to", "Console"]


class Row(NamedTuple):
    """A line of the table below; the fields are those of `keys.Key`, its keys with blanks between."""

    id: str
    keys: str
    action: str
    what: str
    label: str = ""
    rank: int = 0
    shown: str = ""
    back_keys: str = ""
    back_action: str = ""
    palette: bool = False
