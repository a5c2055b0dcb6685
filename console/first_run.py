"""A word to who opens the console for the first time; that it was said is kept beside the config file."""

from __future__ import annotations

from pathlib import Path

HINT = "New here: ? tells the keys, : goes somewhere; nothing changes unconfirmed"


def path() -> Path:
    """The file that is there once it was said."""
    from console import profiles

    return profiles.path().with_name("greeted")


def greeting() -> str:
    """`HINT` the first time, nothing ever after; nothing too where that it was said cannot be kept."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(exist_ok=False)
    except OSError:  # it is there already, or nothing can be written
        return ""
    return HINT
