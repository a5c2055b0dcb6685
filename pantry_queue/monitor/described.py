"""What serialized data says, as a description: plain values stay themselves, everything else becomes one of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

_LONGEST_NAME = 200

Kind = Literal["list", "tuple", "set", "frozenset"]


@dataclass(slots=True, eq=False)
class Sequence:
    """A list, tuple, set or frozenset, its items in the order they were written."""

    kind: Kind
    items: list[Any] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """A dict, as pairs: hashing foreign keys is work an attacker can choose."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Global:
    """A module's attribute that unpickling would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module[:_LONGEST_NAME]}.{self.name[:_LONGEST_NAME]}"


@dataclass(slots=True, eq=False)
class Call:
    """What unpickling would call, with what, and what it would set on the object afterwards."""

    func: Any
    args: Any
    kwargs: Any = None
    state: Any = None
    items: list[Any] = field(default_factory=list)
    pairs: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Opaque:
    """What only the program that wrote the pickle could resolve: persistent ids, extension codes, buffers."""

    kind: str
