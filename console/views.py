"""Saved views: addresses under names, kept beside the config file as `views.json`.

{"views": {"night": "jobs ocr failed func:process_receipt_ocr"}}
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pantry_queue.errors import ConfigError, NotFound, PantryError
from pantry_queue.text import safe

#: What stands before the name of a saved view where an address may stand too.
SIGN = "@"
#: So many are kept, and bytes of the file that are read.
MOST = 200
_MOST_BYTES = 1 << 20
_NAME = re.compile(r"\w[\w.-]{0,39}")


class ViewError(PantryError):
    """A view cannot be saved under that name."""


def path() -> Path:
    """Where they are."""
    from console import profiles

    return profiles.path().with_name("views.json")


def load() -> dict[str, str]:
    """All saved views, address by name, in the order they were saved; none when there is no file.

    Raises:
        ConfigError: the file cannot be read or used.
    """
    file = path()
    try:
        with file.open("rb") as source:
            content = json.loads(source.read(_MOST_BYTES + 1)[:_MOST_BYTES])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"The saved views in {file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"The saved views in {file} are no JSON: correct the file, or move it away.") from None
    views = content.get("views") if isinstance(content, dict) else None
    if not isinstance(views, dict) or not all(isinstance(value, str) for value in views.values()):
        raise ConfigError(f'The saved views in {file} should be {{"views": {{"NAME": "ADDRESS"}}}}: correct the file.')
    return {name: address for name, address in views.items() if _NAME.fullmatch(name)}


def find(name: str) -> str:
    """The address of the view of this name, with or without `SIGN`.

    Raises:
        NotFound: there is none; the sentence lists those there are.
        ConfigError: the file cannot be used.
    """
    known, name = load(), name.removeprefix(SIGN)
    if name not in known:
        there = ", ".join(known) or "none"
        raise NotFound(f"There is no saved view {safe(name, 40)!r}; there are: {safe(there, 200)}.")
    return known[name]


def checked(name: str) -> str:
    """A name a view can be saved under, without `SIGN`.

    Raises:
        ViewError: it is none.
    """
    name = name.strip().removeprefix(SIGN)
    if not _NAME.fullmatch(name):
        raise ViewError("The name of a view should be one word of letters, digits, - _ and ., at most 40 of them.")
    return name


def save(name: str, address: str) -> bool:
    """Keep an address under a name, whatever was there before.

    Returns:
        whether another one was there.

    Raises:
        ViewError: no such name can be given, or there are `MOST` already.
        ConfigError: the file cannot be read or written; nothing was changed.
    """
    name = checked(name)
    with _changing() as views:
        before = views.get(name)
        if before is None and len(views) >= MOST:
            raise ViewError(f"There are {MOST} saved views: delete one first.")
        views[name] = address
    return before is not None and before != address


def delete(name: str) -> None:
    """Forget a view.

    Raises:
        NotFound: there is none of this name.
        ConfigError: the file cannot be read or written; nothing was changed.
    """
    find(name)
    with _changing() as views:
        views.pop(name.removeprefix(SIGN), None)


@contextmanager
def _changing() -> Iterator[dict[str, str]]:
    """The views to be changed; two consoles that save at the same time lose nothing of each other."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            views = load()
            yield views
            _replace(file, json.dumps({"views": views}, indent=2, ensure_ascii=False) + "\n")
        finally:
            os.close(folder)
    except OSError as error:
        raise ConfigError(f"The saved views cannot be written to {file}: {error.strerror}.") from None


def _replace(file: Path, text: str) -> None:
    """Whole or not at all, also when the machine goes down."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".views-", delete=False, encoding="utf-8") as new:
        try:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
            Path(new.name).replace(file)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise
