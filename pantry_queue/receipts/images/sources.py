"""Where images may come from, as the environment says. Everything is closed unless it is opened here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from pantry_queue.errors import ConfigError, MissingExtra

IPAddress = IPv4Address | IPv6Address


# NAT64 (RFC 6052): a gateway makes the last 32 bits an IPv4 address.
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the open internet, so that fetching from it reaches nothing of ours.

    An IPv6 address that carries an IPv4 one is judged by that.
    """
    if isinstance(address, IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The one S3 endpoint images may come from. ``buckets`` are the only ones that are read."""

    endpoint: str
    secure: bool
    access_key: str
    secret_key: str = field(repr=False)
    buckets: frozenset[str]
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class ImageSources:
    """Every door images may come through; with no argument all are closed.

    ``roots``: folders whose files may be read, as absolute paths. ``http_hosts``: host names, in lower case, that
    may be fetched from. ``address_allowed`` decides on each address such a name resolves to; it is no setting of
    the environment, since private addresses are what the check is there to protect.
    """

    roots: tuple[Path, ...] = ()
    http_hosts: frozenset[str] = frozenset()
    objects: ObjectStore | None = None
    address_allowed: Callable[[IPAddress], bool] = is_public

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> ImageSources:
        """Read ``IMAGE_ROOTS``, ``IMAGE_HTTP_HOSTS`` and ``S3_*`` from ``environ``.

        :raises ConfigError: when a variable holds what cannot be used; the sentence names it
        :raises MissingExtra: when S3 is set up but its client is not installed
        """
        return cls(
            roots=_roots(environ.get("IMAGE_ROOTS", "")),
            http_hosts=_hosts(environ.get("IMAGE_HTTP_HOSTS", "")),
            objects=_object_store(environ),
        )


def _roots(value: str) -> tuple[Path, ...]:
    roots = []
    for part in filter(None, (part.strip() for part in value.split(os.pathsep))):
        path = Path(part).expanduser().absolute()
        if not path.is_dir():
            raise ConfigError(
                f"IMAGE_ROOTS names {part!r}, which is not a folder; list existing folders separated by {os.pathsep!r}."
            )
        roots.append(path)
    return tuple(roots)


def _names(value: str) -> frozenset[str]:
    return frozenset(filter(None, (part.strip() for part in value.split(","))))


def _hosts(value: str) -> frozenset[str]:
    hosts = frozenset(host.lower() for host in _names(value))
    for host in hosts:
        if any(mark in host for mark in "/:*@ "):
            raise ConfigError(
                f"IMAGE_HTTP_HOSTS holds {host!r}; list plain host names separated by commas, such as img.example.org."
            )
    return hosts


def _object_store(environ: Mapping[str, str]) -> ObjectStore | None:
    endpoint = environ.get("S3_ENDPOINT", "").strip()
    buckets = _names(environ.get("S3_BUCKETS", ""))
    if not endpoint:
        if buckets:
            raise ConfigError("S3_BUCKETS is set but S3_ENDPOINT is not; set it to a URL such as http://minio:9000.")
        return None
    if find_spec("minio") is None:
        raise MissingExtra("Reading images from S3", "receipts")
    host, secure = _endpoint(endpoint)
    for name in ("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKETS"):
        if not environ.get(name, "").strip():
            raise ConfigError(f"S3_ENDPOINT is set but {name} is empty; set it, or leave S3_ENDPOINT out.")
    return ObjectStore(
        endpoint=host,
        secure=secure,
        access_key=environ["S3_ACCESS_KEY"].strip(),
        secret_key=environ["S3_SECRET_KEY"].strip(),
        buckets=buckets,
        region=environ.get("S3_REGION", "").strip() or "us-east-1",
    )


def _endpoint(value: str) -> tuple[str, bool]:
    problem = ConfigError(
        "S3_ENDPOINT must be http:// or https:// with a host, a port if needed and nothing else, such as "
        "http://minio:9000; it holds something different."
    )
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise problem from None
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.path not in ("", "/"):
        raise problem
    if url.query or url.fragment:
        raise problem
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return (f"{host}:{port}" if port else host), url.scheme == "https"
