"""Pure: where a browser may come from, exactly."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pantry_queue.errors import ConfigError

_USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port, as a browser writes them.

    Attributes:
        scheme: `http` or `https`.
        host: the `Host` header: name or address, with the port where it is not the usual one.
    """

    scheme: str
    host: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def websocket(self) -> str:
        """The same for a websocket."""
        return f"{'wss' if self.scheme == 'https' else 'ws'}://{self.host}"


def loopback(host: str) -> str:
    """The address to listen at.

    Raises:
        ConfigError: it is not one that only this machine reaches.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise ConfigError(
            f"serve listens at a loopback address or a unix socket only, and {host!r} is neither: "
            "forward a port by ssh -L, or put a proxy with TLS and sign-in before it and name that by --origin."
        )
    return str(address)


def of_loopback(address: str, port: int) -> tuple[Origin, ...]:
    """What a browser on this machine writes for an address to listen at; the first is the address itself."""
    name = f"[{address}]" if ":" in address else address
    return tuple(Origin("http", host if port == 80 else f"{host}:{port}") for host in (name, "localhost"))


def parsed(text: str) -> Origin:
    """An origin as it is written: `https://console.example.org` or `http://localhost:9000`.

    Raises:
        ConfigError: it is none.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in _USUAL_PORTS or not host or rest or not host.isprintable() or set(host) & set(" \"'<>;,"):
        raise ConfigError(
            f"{text!r} is no origin; it should be what the browser's address begins with, like http://localhost:9000."
        )
    name = f"[{host}]" if ":" in host else host
    return Origin(parts.scheme, name if port in (None, _USUAL_PORTS[parts.scheme]) else f"{name}:{port}")


def find(origins: Iterable[Origin], host: str) -> Origin | None:
    """The origin with this `Host` header."""
    return next((origin for origin in origins if origin.host == host.lower()), None)
