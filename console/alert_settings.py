"""What the config file says of alerts: rules, and who is told how.

[alerts]                       # for every connection
depth = ["10000:100000", "emails=100:1000"]
age = "10m:1h"

[profiles.prod.alerts]         # for this one; what it does not say is as above
webhook = "https://hooks.example.org/pantry"
secret_file = "/run/secrets/pantry-hook"
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pantry_queue.config import mask_url
from pantry_queue.errors import ConfigError
from pantry_queue.monitor.alert_rules import DEFAULT, Rules, understood

_OWN = ("webhook", "webhook_file", "secret_file", "least", "bell", "desktop")
_LEVELS = ("critical", "warning", "note")


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Rules, and who is told.

    Attributes:
        rules: when something needs an operator.
        least: what is less is not told to people who do not look.
        webhook: where `watch` posts to; empty when it was not said. It may hold a secret and is never shown whole.
        webhook_file: a file that holds it instead.
        secret_file: a file that holds what messages are signed with; `PANTRY_WEBHOOK_SECRET` wins over it.
        bell: the console rings the terminal's bell when an alert starts.
        desktop: the console asks the terminal for a desktop notification then, in the way the terminal most likely
            knows (`auto`) or in the one that is said; empty when it does not.
    """

    rules: Rules = DEFAULT
    least: Literal["critical", "warning", "note"] = "warning"
    webhook: str = field(default="", repr=False)
    webhook_file: Path | None = None
    secret_file: Path | None = None
    bell: bool = False
    desktop: Literal["", "auto", "osc9", "osc777"] = ""

    def address(self) -> str:
        """The URL of the webhook; empty when there is none.

        Raises:
            ConfigError: it cannot be read, or is none.
        """
        if self.webhook_file is None:
            return self.webhook
        url = _held(self.webhook_file, "webhook URL")
        _check_url(url, f"The file {self.webhook_file}")
        return url

    def secret(self) -> bytes:
        """What messages are signed with, from `PANTRY_WEBHOOK_SECRET` or its file; empty when there is none.

        Raises:
            ConfigError: the file cannot be read or is empty.
        """
        said = os.environ.get("PANTRY_WEBHOOK_SECRET", "")
        if not said and self.secret_file is not None:
            said = _held(self.secret_file, "secret of the webhook")
        return said.encode()


def read(table: Mapping[str, Any], where: str, folder: Path, *, private: bool) -> AlertSettings:
    """Settings from a table of a config file.

    Args:
        where: how a sentence about it begins.
        folder: of the config file; paths are relative to it.
        private: nobody else may read the config file.

    Raises:
        ConfigError: one sentence that names the rule or the field.
    """
    if not isinstance(table.get("bell", False), bool):
        raise ConfigError(f"{where}: bell should be true or false.")
    desktop = table.get("desktop", False)
    if not isinstance(desktop, bool) and desktop not in ("osc9", "osc777"):
        raise ConfigError(f'{where}: desktop should be true, false, "osc9" or "osc777".')
    for name in ("webhook", "webhook_file", "secret_file"):
        if not isinstance(table.get(name, ""), str):
            raise ConfigError(f"{where}: {name} should be a text.")
    least = table.get("least", "warning")
    if least not in _LEVELS:
        raise ConfigError(f"{where}: least should be one of {', '.join(_LEVELS)}.")
    url = table.get("webhook", "")
    if url:
        _check_url(url, where)
        if mask_url(url) != url and not private:
            raise ConfigError(f"{where} holds a password that others may read: chmod 600 it, or use webhook_file.")
    try:
        rules = understood(table, _OWN)
    except ValueError as error:
        raise ConfigError(f"{where}, {error}.") from None
    files = {name: folder / Path(table[name]).expanduser() for name in _OWN[1:3] if table.get(name)}
    return AlertSettings(
        rules=rules,
        least=least,
        webhook=url,
        bell=table.get("bell", False),
        desktop=("auto" if desktop else "") if isinstance(desktop, bool) else desktop,
        **files,
    )


def _check_url(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = -1
    if port == -1 or parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise ConfigError(f"{where}: webhook should be a URL such as https://host/path.")


def _held(file: Path, what: str) -> str:
    try:
        said = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The {what} cannot be read from {file}: check path and rights.") from None
    if not said:
        raise ConfigError(f"The file {file} should hold the {what}; it is empty.")
    return said
