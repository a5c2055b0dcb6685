"""The door for http(s): only listed hosts, only public addresses, and the address checked is the one connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address

import httpx

from .files import too_large
from .refusal import ImageRefused
from .sources import ImageSources, IPAddress

TOTAL_SECONDS = 20.0
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 10.0
_CHUNK_BYTES = 64 * 2**10


async def fetch(url: str, sources: ImageSources, *, max_bytes: int, seconds: float = TOTAL_SECONDS) -> bytes:
    """The body that ``url`` answers with, read until ``max_bytes`` and not longer than ``seconds`` in all.

    Names are resolved once, every address must be allowed, and the connection goes to one of exactly these: a name
    that changes its address meanwhile gains nothing. Redirects, compression, proxies and credentials are not used.

    :raises ImageRefused: 400 ``bad_url``; 403 ``http_off``, ``host_not_allowed``, ``private_address``,
        ``redirected``, ``fetch_denied``; 404 ``not_found``; 413 ``too_large``; 415 ``unsupported_encoding``;
        502 ``fetch_failed``; 504 ``fetch_timeout``
    """
    target = _allowed_url(url, sources.http_hosts)
    try:
        async with asyncio.timeout(seconds):
            addresses = await _allowed_addresses(target, sources.address_allowed)
            return await _download(target, addresses, max_bytes)
    except TimeoutError:
        raise ImageRefused(504, "fetch_timeout", "The image host took too long to answer; try again later.") from None
    except (httpx.HTTPError, OSError):
        raise ImageRefused(502, "fetch_failed", "The image could not be fetched from its host; try later.") from None


def _allowed_url(url: str, hosts: frozenset[str]) -> httpx.URL:
    if not hosts:
        raise ImageRefused(403, "http_off", "Images by http are not enabled; set IMAGE_HTTP_HOSTS for the agent.")
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise ImageRefused(400, "bad_url", "The image URL cannot be read.") from None
    if target.userinfo or not target.host or "\\" in url or any(mark.isspace() for mark in url):
        raise ImageRefused(400, "bad_url", "The image URL must have a host, no user and no password.")
    if target.raw_host.decode("ascii").lower() not in hosts:
        raise ImageRefused(403, "host_not_allowed", "The image's host is not on the list of hosts to fetch from.")
    return target


async def _allowed_addresses(target: httpx.URL, allowed: Callable[[IPAddress], bool]) -> list[IPAddress]:
    addresses = await resolve(target.raw_host.decode("ascii"), target.port or _default_port(target))
    # One that is not allowed spoils them all: which one is connected to must not be a matter of luck.
    if not addresses or not all(allowed(address) for address in addresses):
        raise ImageRefused(403, "private_address", "The image's host has an address that may not be fetched from.")
    return addresses


def _default_port(target: httpx.URL) -> int:
    return 443 if target.scheme == "https" else 80


async def resolve(host: str, port: int) -> list[IPAddress]:
    """The addresses of a host name, in the order the resolver gives them, each once.

    :raises OSError: when the name cannot be resolved
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


async def _download(target: httpx.URL, addresses: Sequence[IPAddress], max_bytes: int) -> bytes:
    for address in addresses[:-1]:
        try:
            return await _download_from(target, address, max_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await _download_from(target, addresses[-1], max_bytes)


async def _download_from(target: httpx.URL, address: IPAddress, max_bytes: int) -> bytes:
    timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
    async with (
        httpx.AsyncClient(verify=tls_context(), timeout=timeout, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "GET",
            target.copy_with(host=str(address)),
            headers={"Host": target.netloc.decode("ascii"), "Accept": "image/*", "Accept-Encoding": "identity"},
            # The certificate must be that of the name, although the connection goes to an address.
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        ) as response,
    ):
        _check_answer(response, max_bytes)
        content = bytearray()
        async for chunk in response.aiter_raw(_CHUNK_BYTES):
            content += chunk
            if len(content) > max_bytes:
                raise too_large(max_bytes)
        return bytes(content)


def _check_answer(response: httpx.Response, max_bytes: int) -> None:
    status = response.status_code
    if response.is_redirect or response.has_redirect_location:
        raise ImageRefused(403, "redirected", "The image's host sends elsewhere, which is not followed.")
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise ImageRefused(404, "not_found", "There is no such image.")
    if response.is_client_error and status not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT):
        raise ImageRefused(403, "fetch_denied", "The image's host does not give the image out.")
    if status != httpx.codes.OK:
        raise ImageRefused(502, "fetch_failed", "The image's host answered with an error; try again later.")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ImageRefused(415, "unsupported_encoding", "The image's host sends it compressed, which was not asked.")
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > max_bytes:
        raise too_large(max_bytes)


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """The certificate authorities that are trusted; made once, since that takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)
