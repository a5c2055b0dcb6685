"""Named connections from a config file, with what guards them.

The file is TOML, at `PANTRY_CONFIG` or in the user's config directory (`pantry-console/config.toml`):

    [profiles.prod]
    url = "rediss://ops@cache-1:6379/2"   # a password here needs the file to be private (chmod 600)
    password_file = "/run/secrets/redis"  # or better: a file that holds nothing but the password
    production = true                     # a badge; read-only unless --read-write is given

What it says of alerts is in `console.alert_settings`, what of keys in `console.tui.key_map`.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from pantry_queue.config import mask_url
from pantry_queue.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from console.alert_settings import AlertSettings

_FIELDS = {"url": str, "password_file": str, "production": bool, "read_only": bool, "alerts": dict}


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


@dataclass(frozen=True, slots=True)
class _Content:
    """What the file holds; `private` when nobody else may read it."""

    file: Path
    tables: dict[str, Any]
    private: bool


def _content() -> _Content:
    file = path()
    try:
        with file.open("rb") as source:
            return _Content(file, tomllib.load(source), os.fstat(source.fileno()).st_mode & 0o077 == 0)
    except FileNotFoundError:
        return _Content(file, {}, True)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The config file {file} cannot be read: {error}.") from None


def load() -> dict[str, Profile]:
    """All profiles by name; none when there is no file.

    Raises:
        ConfigError: the file cannot be read or used; the sentence names the profile and the field.
    """
    content = _content()
    tables = content.tables.get("profiles", {})
    if not isinstance(tables, dict):
        raise ConfigError(f"In {content.file}, profiles should be tables: [profiles.NAME].")
    for name, table in tables.items():
        if isinstance(table, dict) and "alerts" in table:
            _alerts(content, name, table)
    return {name: _profile(name, table, content.file, content.private) for name, table in tables.items()}


def alerts(name: str = "") -> AlertSettings:
    """What the file says of alerts: for every connection, and for the profile of this name.

    Raises:
        ConfigError: the file cannot be read or used; the sentence names the rule or the field.
    """
    content = _content()
    tables = content.tables.get("profiles", {})
    table = tables.get(name, {}) if isinstance(tables, dict) else {}
    return _alerts(content, name if isinstance(table, dict) else "", table)


def _alerts(content: _Content, name: str, table: Any) -> AlertSettings:
    from console import alert_settings

    shared, own = content.tables.get("alerts", {}), table.get("alerts", {}) if name else {}
    if not isinstance(shared, dict) or not isinstance(own, dict):
        raise ConfigError(f"In {content.file}, alerts should be a table: [alerts] or [profiles.NAME.alerts].")
    folder, private = content.file.parent, content.private
    # By itself first, so that a sentence names the table that is wrong.
    settings = alert_settings.read(shared, f"In {content.file}, [alerts]", folder, private=private)
    if not own:
        return settings
    where = f"In {content.file}, [profiles.{name}.alerts]"
    alert_settings.read(own, where, folder, private=private)
    if own.keys() & {"webhook", "webhook_file"}:
        shared = {key: value for key, value in shared.items() if key not in ("webhook", "webhook_file")}
    return alert_settings.read({**shared, **own}, where, folder, private=private)


def own_keys() -> dict[str, Any]:
    """What the file says of keys, not checked yet (`console.tui.key_map`).

    Raises:
        ConfigError: the file cannot be read.
    """
    content = _content()
    table = content.tables.get("keys", {})
    if not isinstance(table, dict):
        raise ConfigError(f"In {content.file}, keys should be a table: [keys].")
    return table


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
