"""`rediss://` with a CA of one's own: everything works, and who is not trusted is not talked to."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from rq import Queue

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect, describe, translated
from pantry_queue.errors import ConfigError, RedisUnavailable
from tests.redis.engines.servers import (
    MASTER,
    PASSWORD,
    QUOTED,
    Server,
    data_server,
    free_port,
    sentinel,
    tls_binary,
    until,
)
from tests.redis.engines.tls_front import TlsFront

REPOSITORY = Path(__file__).resolve().parents[3]
CHORES = "tests.redis.worker.chores"


@dataclass
class Secured:
    """A server that talks TLS only, and the files clients need.

    Attributes:
        port: on which it talks TLS.
        ca: certificate of the authority that made its certificate.
        client: certificate with key of a client, by the same authority.
    """

    port: int
    ca: Path
    client: Path

    def settings(self, host: str = "127.0.0.1", **options: str | Path) -> Settings:
        """Settings with a URL of these options."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return Settings(redis_url=f"rediss://:{QUOTED}@{host}:{self.port}/0?{query}")


@dataclass
class Authority:
    """A CA with its files in a folder."""

    folder: Path
    ca: trustme.CA

    def file(self, name: str, *blobs: trustme.Blob) -> Path:
        """A PEM file of these."""
        path = self.folder / name
        path.write_bytes(b"".join(blob.bytes() for blob in blobs))
        return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A new CA."""
    return Authority(tmp_path_factory.mktemp("ca"), trustme.CA())


@pytest.fixture(scope="module")
def secured(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A server with TLS of its own where this machine has one, else one with TLS in front of it."""
    certificate = authority.ca.issue_cert("127.0.0.1")
    ca = authority.file("ca.pem", authority.ca.cert_pem)
    client = authority.file("client.pem", authority.ca.issue_cert("client@example.org").private_key_and_cert_chain_pem)
    folder = tmp_path_factory.mktemp("server")
    binary = tls_binary()
    if binary is None:
        server = data_server(folder)
        server.start()
        front = TlsFront(_context(certificate), server.port)
        yield Secured(front.port, ca, client)
        front.stop()
    else:
        server = _with_tls(binary, folder, authority, certificate, ca)
        server.start()
        yield Secured(server.port, ca, client)
    server.stop()


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def _with_tls(binary: str, folder: Path, authority: Authority, certificate: trustme.LeafCert, ca: Path) -> Server:
    options = _tls_options(authority, certificate, ca)
    port = free_port()
    words = [*(word for name, value in options.items() for word in (f"--{name}", value)), "--requirepass", PASSWORD]
    return Server(folder, [*words, "--tls-port", str(port)], binary=binary, port=port)


def _tls_options(authority: Authority, certificate: trustme.LeafCert, ca: Path) -> dict[str, str]:
    return {
        "port": "0",
        "tls-cert-file": str(authority.file("server.crt", *certificate.cert_chain_pems)),
        "tls-key-file": str(authority.file("server.key", certificate.private_key_pem)),
        "tls-ca-cert-file": str(ca),
        "tls-auth-clients": "optional",
        "tls-replication": "yes",
    }


def answers(settings: Settings) -> bool:
    return bool(connect(settings).ping())


def cause(settings: Settings) -> tuple[str, str]:
    with pytest.raises(RedisUnavailable) as caught, translated(settings):
        connect(settings, "reader").ping()
    assert PASSWORD not in str(caught.value)
    return caught.value.cause, str(caught.value)


def test_client_and_worker_work_over_tls(secured: Secured, tmp_path: Path) -> None:
    settings = secured.settings(ssl_ca_certs=secured.ca)
    until(lambda: answers(settings))
    assert "s3cr3t" not in describe(settings)
    client = QueueClient(settings)
    assert client.enqueue_ocr_task(1, "/x.jpg", 1) == "ocr-1"
    assert client.get_job_status("ocr-1")["position"] == 0
    job = Queue("chores", connection=connect(settings)).enqueue(f"{CHORES}.append", str(tmp_path / "done"), "x")
    worked = subprocess.run(
        [sys.executable, "-m", "pantry_queue.workers.worker", "--queue", "chores", "--burst"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "WORKER_ALLOWED_TASKS": "tests.",
            "PANTRY_DATA_DIR": str(tmp_path),
            "REDIS_URL": str(settings.redis_url),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert worked.returncode == 0, worked.stderr
    assert client.get_job_status(job.id)["status"] == "finished"
    assert (tmp_path / "done").read_text() == "x\n"


def test_a_certificate_of_an_unknown_authority_is_refused(secured: Secured, tmp_path: Path) -> None:
    other = Authority(tmp_path, trustme.CA())
    until(lambda: answers(secured.settings(ssl_ca_certs=secured.ca)))
    for options in ({}, {"ssl_ca_certs": other.file("other.pem", other.ca.cert_pem)}):
        word, sentence = cause(secured.settings(**options))
        assert word == "certificate"
        assert "?ssl_ca_certs=" in sentence


def test_a_certificate_of_another_host_is_refused(secured: Secured) -> None:
    until(lambda: answers(secured.settings(ssl_ca_certs=secured.ca)))
    assert cause(secured.settings("localhost", ssl_ca_certs=secured.ca))[0] == "certificate"
    assert answers(secured.settings("localhost", ssl_ca_certs=secured.ca, ssl_check_hostname="false"))


def test_a_certificate_of_the_client_is_shown(secured: Secured) -> None:
    settings = secured.settings(ssl_ca_certs=secured.ca, ssl_certfile=secured.client, ssl_keyfile=secured.client)
    until(lambda: answers(settings))


def test_talking_without_tls_to_it_is_said(secured: Secured) -> None:
    until(lambda: answers(secured.settings(ssl_ca_certs=secured.ca)))
    word, sentence = cause(Settings(redis_host="127.0.0.1", redis_port=secured.port, redis_password=PASSWORD))
    assert word in ("lost", "error", "timeout")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"ssl_ca_certs": "/no/such/ca.pem"}, "names ssl_ca_certs=/no/such/ca.pem, which is not a file"),
        ({"ssl_cert_reqs": "sometimes"}, "an option in it"),
        ({"no_such_option": "1"}, "an option in it"),
    ],
)
def test_options_that_cannot_be_used_are_said(options: dict[str, str], told: str) -> None:
    settings = Secured(1, Path(), Path()).settings(**options)
    with pytest.raises(ConfigError) as caught:
        connect(settings)
    assert told in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_sentinels_and_their_master_over_tls(authority: Authority, tmp_path: Path) -> None:
    ca = authority.file("ca.pem", authority.ca.cert_pem)
    context = _context(authority.ca.issue_cert("127.0.0.1"))
    master = data_server(tmp_path / "master")
    master.start()
    # Clients are told the port that the sentinel watches, so that one takes both.
    before_master = TlsFront(context, master.port, plain_too=True)
    watching = sentinel(tmp_path / "sentinel", before_master.port)
    watching.start()
    before_sentinel = TlsFront(context, watching.port)
    try:
        url = f"rediss+sentinel://:{QUOTED}@127.0.0.1:{before_sentinel.port}/0?service={MASTER}&ssl_ca_certs={ca}"
        until(lambda: answers(Settings(redis_url=url)))
        assert QueueClient(Settings(redis_url=url)).enqueue_ocr_task(1, "/x.jpg", 1) == "ocr-1"
        assert cause(Settings(redis_url=url.partition("&")[0]))[0] == "certificate"
    finally:
        watching.stop()
        master.stop()
        before_sentinel.stop()
        before_master.stop()
