"""Named connections from a config file, with what guards them.

The file is TOML, at `PANTRY_CONFIG` or in the user's config directory (`pantry-console/config.toml`):

    [profiles.prod]
    url = "rediss://ops@cache-1:6379/2"   # a password here needs the file to be private (chmod 600)
    password_file = "/run/secrets/redis"  # or better: a file that holds nothing but the password
    production = true                     # a badge; read-only unless --read-write is given
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pantry_queue.config import mask_url
from pantry_queue.errors import ConfigError, NotFound

_FIELDS = {"url": str, "password_file": str, "production": bool, "read_only": bool}


@dataclass(frozen=True, slots=True)
class Profile:
    """One named connection.

    Attributes:
        url: of its Redis, with what `password_file` holds once it was read by `resolved`.
        production: guarded: a badge, read-only by default.
        read_only: refuse what writes; unless the file says otherwise, as `production`.
    """

    name: str
    url: str = field(repr=False)
    production: bool = False
    read_only: bool = False
    password_file: Path | None = None

    def resolved(self) -> Profile:
        """The same with the password from its file in the URL.

        Raises:
            ConfigError: the file cannot be read.
        """
        if self.password_file is None:
            return self
        try:
            password = self.password_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(
                f"The password of profile {self.name} cannot be read from {self.password_file}: check path and rights."
            ) from None
        parts = urlsplit(self.url)
        user = parts.username or ""
        host = parts.netloc.rpartition("@")[2]
        url = urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))
        return replace(self, url=url, password_file=None)


def path() -> Path:
    """Where the profiles are."""
    named = os.environ.get("PANTRY_CONFIG")
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("pantry-console", appauthor=False) / "config.toml"


def load() -> dict[str, Profile]:
    """All profiles by name; none when there is no file.

    Raises:
        ConfigError: the file cannot be read or used; the sentence names the profile and the field.
    """
    file = path()
    try:
        with file.open("rb") as source:
            content = tomllib.load(source)
            private = os.fstat(source.fileno()).st_mode & 0o077 == 0
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The config file {file} cannot be read: {error}.") from None
    tables = content.get("profiles", {})
    if not isinstance(tables, dict):
        raise ConfigError(f"In {file}, profiles should be tables: [profiles.NAME].")
    return {name: _profile(name, table, file, private) for name, table in tables.items()}


def find(name: str) -> Profile:
    """The profile of this name, its password read.

    Raises:
        NotFound: there is none; the sentence lists those there are.
        ConfigError: the file cannot be used.
    """
    known = load()
    if name not in known:
        there = ", ".join(known) or "none"
        raise NotFound(f"There is no profile {name!r} in {path()}; there are: {there}.")
    return known[name].resolved()


def _profile(name: str, table: Any, file: Path, private: bool) -> Profile:
    where = f"In {file}, profile {name}"
    if not isinstance(table, dict) or not isinstance(table.get("url"), str):
        raise ConfigError(f'{where} should have a url = "redis://...".')
    for key, value in table.items():
        if key not in _FIELDS:
            raise ConfigError(f"{where} has an unknown field {key!r}; known are {', '.join(_FIELDS)}.")
        if not isinstance(value, _FIELDS[key]):
            raise ConfigError(f"{where}: {key} should be a {_FIELDS[key].__name__}.")
    if mask_url(table["url"]) != table["url"] and not private:
        raise ConfigError(f"{where} holds a password that others may read: chmod 600 {file}, or use password_file.")
    production = bool(table.get("production", False))
    secret = table.get("password_file")
    return Profile(
        name,
        table["url"],
        production=production,
        read_only=bool(table.get("read_only", production)),
        password_file=(file.parent / Path(secret).expanduser()) if secret else None,
    )
