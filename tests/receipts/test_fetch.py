"""The door for http(s), against a real server: what it lets in, and every way in that must stay closed."""

from __future__ import annotations

import gzip
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pantry_queue.receipts.images import ImageRefused, ImageSources, read_image
from pantry_queue.receipts.images import fetch as fetching
from pantry_queue.receipts.images.fetch import fetch, resolve

if TYPE_CHECKING:
    from pantry_queue.receipts.images.sources import IPAddress

CONTENT = b"the bytes of an image" * 1000
NAME = "img.example.test"
STATUSES = {"/gone": 410, "/missing": 404, "/denied": 403, "/nothing": 204, "/broken": 500, "/busy": 429}


class Handler(BaseHTTPRequestHandler):
    """Behaves as the path says, and remembers the headers of the last request."""

    seen: dict[str, str] | None = None
    stop = threading.Event()

    def do_GET(self) -> None:
        type(self).seen = dict(self.headers)
        match self.path:
            case "/ok.jpg" | "/ok.jpg?size=1":
                self._answer(200, CONTENT, {"Content-Length": str(len(CONTENT))})
            case "/redirect":
                self._answer(302, b"", {"Location": "/ok.jpg", "Content-Length": "0"})
            case "/claims-much":
                self._answer(200, b"x", {"Content-Length": str(10**12)})
            case "/endless":
                self._answer(200, b"", {})
                while not self.stop.is_set():
                    self.wfile.write(b"x" * 65536)
            case "/compressed":
                self._answer(200, gzip.compress(CONTENT), {"Content-Encoding": "gzip"})
            case "/slow-head":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                self._drip(b"X-Padding: y\r\n")
            case "/slow-body":
                self._answer(200, b"", {"Content-Length": "1000"})
                self._drip(b"x")
            case _:
                self._answer(STATUSES[self.path], b"", {"Content-Length": "0"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, drop: bytes) -> None:
        while not self.stop.is_set():
            self.wfile.write(drop)
            self.wfile.flush()
            time.sleep(0.05)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test run is read for its failures."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    """The port of `server`, which answers meanwhile."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        Handler.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
        Handler.stop.clear()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a real HTTP server on loopback."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> ImageSources:
    """Sources that allow `NAME`, which resolves to loopback, and loopback: the one thing a test cannot do without."""

    async def loopback(host: str, port: int) -> list[IPAddress]:
        return [ipaddress.ip_address("127.0.0.1")] if host == NAME else await resolve(host, port)

    monkeypatch.setattr(fetching, "resolve", loopback)
    return ImageSources(http_hosts=frozenset({NAME}), address_allowed=lambda address: address.is_loopback)


async def refusal(url: str, sources: ImageSources, *, max_bytes: int = 10**6, seconds: float = 20) -> tuple[int, str]:
    with pytest.raises(ImageRefused) as refused:
        await fetch(url, sources, max_bytes=max_bytes, seconds=seconds)
    assert "127.0.0.1" not in str(refused.value)
    assert NAME not in str(refused.value)
    return refused.value.status, refused.value.code


async def test_an_image_is_fetched_from_the_address_that_was_checked(here: ImageSources, port: int) -> None:
    assert await read_image(f"http://{NAME}:{port}/ok.jpg?size=1", here) == CONTENT
    assert Handler.seen is not None
    # Nothing but our own resolver knows the name: the connection went to the address it gave.
    assert Handler.seen["Host"] == f"{NAME}:{port}"
    assert Handler.seen["Accept-Encoding"] == "identity"
    assert "Authorization" not in Handler.seen
    assert "Cookie" not in Handler.seen


async def test_names_are_compared_without_case(here: ImageSources, port: int) -> None:
    assert await read_image(f"HTTP://IMG.Example.TEST:{port}/ok.jpg", here) == CONTENT


async def test_proxies_of_the_environment_are_not_used(
    here: ImageSources, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await read_image(f"http://{NAME}:{port}/ok.jpg", here) == CONTENT


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/redirect", (403, "redirected")),
        ("/missing", (404, "not_found")),
        ("/gone", (404, "not_found")),
        ("/denied", (403, "fetch_denied")),
        ("/broken", (502, "fetch_failed")),
        ("/busy", (502, "fetch_failed")),
        ("/nothing", (502, "fetch_failed")),
        ("/claims-much", (413, "too_large")),
        ("/endless", (413, "too_large")),
        ("/compressed", (415, "unsupported_encoding")),
    ],
)
async def test_every_answer_has_its_refusal(
    here: ImageSources, port: int, path: str, expected: tuple[int, str]
) -> None:
    assert await refusal(f"http://{NAME}:{port}{path}", here) == expected


@pytest.mark.parametrize("path", ["/slow-head", "/slow-body"])
async def test_a_host_that_drips_is_given_up_in_all(here: ImageSources, port: int, path: str) -> None:
    assert await refusal(f"http://{NAME}:{port}{path}", here, seconds=0.5) == (504, "fetch_timeout")


async def test_the_limit_of_bytes_is_exact(here: ImageSources, port: int) -> None:
    url = f"http://{NAME}:{port}/ok.jpg"
    assert await fetch(url, here, max_bytes=len(CONTENT)) == CONTENT
    assert await refusal(url, here, max_bytes=len(CONTENT) - 1) == (413, "too_large")


async def test_a_host_that_does_not_answer_may_later(here: ImageSources) -> None:
    assert await refusal(f"http://{NAME}:9/x", here) == (502, "fetch_failed")


async def test_with_no_host_listed_nothing_is_fetched(port: int) -> None:
    assert await refusal(f"http://{NAME}:{port}/ok.jpg", ImageSources()) == (403, "http_off")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "localhost", "0x7f.1", "2130706433", "127.1", f"{NAME}.", f"x.{NAME}", f"{NAME}.evil"],
)
async def test_a_host_that_is_not_listed_is_not_fetched(here: ImageSources, port: int, host: str) -> None:
    assert await refusal(f"http://{host}:{port}/ok.jpg", here) == (403, "host_not_allowed")


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:word@{NAME}/x",
        f"http://user@{NAME}/x",
        f"http://127.0.0.1@{NAME}/x",
        f"http://{NAME}\\@127.0.0.1/x",
        f"http://{NAME}/\\x",
        f"http://{NAME}/x y",
        f"http://{NAME}/x\r\nHost: other",
        "http:///x",
        "http://",
        f"http://{NAME}:notaport/x",
        "http://[::1/x",
    ],
)
async def test_a_url_that_could_be_read_in_two_ways_is_refused(here: ImageSources, url: str) -> None:
    assert await refusal(url, here) == (400, "bad_url")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0"]
)
async def test_a_listed_host_with_a_private_address_is_refused(port: int, host: str) -> None:
    sources = ImageSources(http_hosts=frozenset({host.strip("[]")}))
    assert await refusal(f"http://{host}:{port}/ok.jpg", sources) == (403, "private_address")


@pytest.mark.parametrize("addresses", [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], []])
async def test_one_private_address_among_public_ones_spoils_them_all(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    async def mixed(host: str, port: int) -> list[IPAddress]:
        return [ipaddress.ip_address(address) for address in addresses]

    monkeypatch.setattr(fetching, "resolve", mixed)
    assert await refusal(f"http://{NAME}/x", ImageSources(http_hosts=frozenset({NAME}))) == (403, "private_address")


async def test_the_next_address_is_tried_when_one_does_not_connect(
    here: ImageSources, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def two(host: str, at: int) -> list[IPAddress]:
        return [ipaddress.ip_address("127.0.0.2"), ipaddress.ip_address("127.0.0.1")]

    monkeypatch.setattr(fetching, "resolve", two)
    assert await read_image(f"http://{NAME}:{port}/ok.jpg", here) == CONTENT


async def test_a_name_that_does_not_resolve_may_later() -> None:
    sources = ImageSources(http_hosts=frozenset({"no-such-host.invalid"}))
    assert await refusal("http://no-such-host.invalid/x", sources) == (502, "fetch_failed")


def certificate_for(name: str, folder: Path) -> Path:
    """A fresh self-signed certificate and its key in one file."""
    x509 = pytest.importorskip("cryptography.x509", reason="needs cryptography to make a certificate")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(certificate.public_bytes(pem) + secret)
    return file


@pytest.mark.parametrize(("name", "trusted"), [(NAME, True), (NAME, False), ("other.example.test", True)])
async def test_a_certificate_must_be_trusted_and_carry_the_name(
    here: ImageSources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool
) -> None:
    file = certificate_for(name, tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    if trusted:
        monkeypatch.setattr(fetching, "tls_context", lambda: ssl.create_default_context(cafile=str(file)))
    with serving(server) as port:
        url = f"https://{NAME}:{port}/ok.jpg"
        if trusted and name == NAME:
            assert await read_image(url, here) == CONTENT
        else:
            assert await refusal(url, here) == (502, "fetch_failed")
