"""The door for S3, against a real S3 server, and against one that misbehaves."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pantry_queue.receipts.images import ImageRefused, ImageSources, ObjectStore, read_image
from pantry_queue.receipts.images.objects import read_object
from pantry_queue.receipts.samples import Sample

if TYPE_CHECKING:
    from tests.receipts.conftest import StartAgent

CONTENT = b"the bytes of an image" * 10_000
KEY, SECRET = "access-key", "secret-key"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A real S3 server on loopback with the bucket `receipts` and one that is not listed."""
    server_module = pytest.importorskip("moto.server", reason="needs moto[server], an S3 server")
    minio = pytest.importorskip("minio", reason="needs minio, the S3 client")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = minio.Minio(endpoint=f"{host}:{port}", access_key=KEY, secret_key=SECRET, secure=False, region="us-east-1")
    for bucket in ("receipts", "private"):
        client.make_bucket(bucket_name=bucket)
        for key in ("1/ok.jpg", "with space+plus%20?.jpg", "gr\u00fc\u00dfe.jpg"):
            client.put_object(bucket_name=bucket, object_name=key, data=io.BytesIO(CONTENT), length=len(CONTENT))
    yield f"{host}:{port}"
    server.stop()


def store_at(endpoint: str, buckets: frozenset[str] = frozenset({"receipts", "absent"})) -> ObjectStore:
    return ObjectStore(endpoint=endpoint, secure=False, access_key=KEY, secret_key=SECRET, buckets=buckets)


def refusal(place: str, store: ObjectStore | None, max_bytes: int = 10**7) -> tuple[int, str]:
    with pytest.raises(ImageRefused) as refused:
        read_object(place, store, max_bytes=max_bytes)
    assert SECRET not in str(refused.value)
    return refused.value.status, refused.value.code


@pytest.mark.parametrize("key", ["1/ok.jpg", "with space+plus%20?.jpg", "gr\u00fc\u00dfe.jpg"])
@pytest.mark.parametrize("scheme", ["s3", "minio", "S3"])
async def test_objects_of_listed_buckets_are_read(endpoint: str, scheme: str, key: str) -> None:
    sources = ImageSources(objects=store_at(endpoint))
    assert await read_image(f"{scheme}://receipts/{key}", sources) == CONTENT


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("receipts/none.jpg", (404, "not_found")),
        ("absent/1/ok.jpg", (404, "not_found")),
        ("private/1/ok.jpg", (403, "bucket_not_allowed")),
        ("Receipts/1/ok.jpg", (403, "bucket_not_allowed")),
        ("receipts@evil/1/ok.jpg", (403, "bucket_not_allowed")),
        ("receipts", (400, "bad_path")),
        ("receipts/", (400, "bad_path")),
        ("receipts//ok.jpg", (400, "bad_path")),
        ("receipts/../private/1/ok.jpg", (400, "bad_path")),
        ("receipts/1/./ok.jpg", (400, "bad_path")),
        ("receipts/a\0b", (400, "bad_path")),
        ("receipts/a\r\nb", (400, "bad_path")),
        ("receipts/\ud800", (400, "bad_path")),
        ("receipts/" + "x" * 1025, (400, "bad_path")),
        ("", (400, "bad_path")),
    ],
)
def test_every_refusal_has_its_status_and_word(endpoint: str, place: str, expected: tuple[int, str]) -> None:
    assert refusal(place, store_at(endpoint)) == expected


def test_the_limit_of_bytes_is_exact(endpoint: str) -> None:
    assert read_object("receipts/1/ok.jpg", store_at(endpoint), max_bytes=len(CONTENT)) == CONTENT
    assert refusal("receipts/1/ok.jpg", store_at(endpoint), len(CONTENT) - 1) == (413, "too_large")


def test_time_is_limited_in_all(endpoint: str) -> None:
    with pytest.raises(ImageRefused) as refused:
        read_object("receipts/1/ok.jpg", store_at(endpoint), max_bytes=10**7, seconds=0)
    assert refused.value.code == "store_unavailable"


def test_without_a_store_none_is_read() -> None:
    assert refusal("receipts/1/ok.jpg", None) == (403, "objects_off")


class Misbehaving(BaseHTTPRequestHandler):
    """A store that answers with an error or a redirect, as the key says."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        code = self.path.rpartition("/")[2]
        status = {"Redirect": 307, "SlowDown": 503, "Nonsense": 200}.get(code, 403)
        body = f"<Error><Code>{code}</Code><Message>m</Message><Resource>r</Resource></Error>".encode()
        self.send_response(status)
        if code == "Redirect":
            self.send_header("Location", "/receipts/elsewhere")
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body) + (100 if code == "Nonsense" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test run is read for its failures."""


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[str]:
    Misbehaving.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Misbehaving)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDenied", (403, "object_denied")),
        ("InvalidAccessKeyId", (503, "store_unavailable")),
        ("SignatureDoesNotMatch", (503, "store_unavailable")),
        ("SlowDown", (503, "store_unavailable")),
        ("Redirect", (503, "store_unavailable")),
        ("Nonsense", (503, "store_unavailable")),
    ],
)
def test_a_fault_of_the_store_may_pass_and_only_a_denial_is_final(
    misbehaving: str, code: str, expected: tuple[int, str]
) -> None:
    pytest.importorskip("minio", reason="needs minio, the S3 client")
    Misbehaving.asked.clear()
    assert refusal(f"receipts/{code}", store_at(misbehaving)) == expected
    assert Misbehaving.asked == [f"/receipts/{code}"]


def test_a_store_that_is_down_may_come_back() -> None:
    pytest.importorskip("minio", reason="needs minio, the S3 client")
    assert refusal("receipts/1/ok.jpg", store_at("127.0.0.1:9")) == (503, "store_unavailable")


def test_the_agent_reads_a_receipt_from_the_store(
    endpoint: str, samples: list[Sample], start_agent: StartAgent
) -> None:
    import minio

    sample = samples[0]
    client = minio.Minio(endpoint=endpoint, access_key=KEY, secret_key=SECRET, secure=False, region="us-east-1")
    client.fput_object(bucket_name="receipts", object_name="17/sample.jpg", file_path=str(sample.path))
    agent = start_agent(
        "pantry_queue.receipts.agent",
        S3_ENDPOINT=f"http://{endpoint}",
        S3_ACCESS_KEY=KEY,
        S3_SECRET_KEY=SECRET,
        S3_BUCKETS="receipts",
        IMAGE_HTTP_HOSTS="localhost,169.254.169.254",
    )
    agent.wait_until_ready()
    read = agent.extract("minio://receipts/17/sample.jpg")
    assert read.status_code == 200
    assert read.json()["metadata"]["total_amount"] == str(sample.total)
    for path, code in (
        ("s3://private/17/sample.jpg", "bucket_not_allowed"),
        (str(sample.path), "files_off"),
        (f"http://localhost:{endpoint.rpartition(':')[2]}/receipts/17/sample.jpg", "private_address"),
        ("http://169.254.169.254/latest", "private_address"),
        ("http://127.0.0.1:9/x", "host_not_allowed"),
    ):
        refused = agent.extract(path)
        assert (refused.status_code, refused.json()["error_code"]) == (403, code)
