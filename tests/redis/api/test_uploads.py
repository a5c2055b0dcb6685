"""What people and worse send instead of a receipt: refused with a reason, and nothing of it is kept."""

from __future__ import annotations

import io
import socket
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pantry_queue.config import Settings
from pantry_queue.receipts.images import MAX_BYTES
from tests.redis.api.conftest import DAY, Api, picture, problem, running

BOUNDARY = "x"


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def gif() -> bytes:
    file = io.BytesIO()
    Image.new("P", (50, 50)).save(file, "GIF")
    return file.getvalue()


def form(content: bytes, *, name: bytes = b"r.jpg", day: bytes = DAY.encode()) -> bytes:
    """The body of an upload, byte by byte as given."""
    return b"".join(
        [
            b'--x\r\nContent-Disposition: form-data; name="purchase_date"\r\n\r\n' + day + b"\r\n",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n',
            b"Content-Type: image/jpeg\r\n\r\n" + content + b"\r\n--x--\r\n",
        ]
    )


def nothing_is_kept(api: Api) -> bool:
    return api.kept() == [] and api.store.list() == ()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\n", 422, "bad_image"),
        (b"", 422, "empty"),
        (picture()[:200], 422, "bad_image"),
        (picture("PNG", (10, 10)), 422, "image_too_small"),
        (bomb(), 413, "too_many_pixels"),
        (gif(), 415, "unsupported_format"),
        (b"%PDF-1.7", 415, "unsupported_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", 422, "bad_image"),
        (bytes(MAX_BYTES + 1), 413, "too_large"),
        (bytes(20 * 2**20), 413, "too_large"),
    ],
    ids=["text", "empty", "cut", "tiny", "bomb", "gif", "pdf", "svg", "15 MB and 1", "20 MB"],
)
def test_what_is_no_receipt_is_refused(api: Api, content: bytes, status: int, code: str) -> None:
    answer = api.http.post("/receipts", files={"file": ("r.jpg", content)}, data={"purchase_date": DAY})
    problem(answer, status, code)
    assert nothing_is_kept(api)


def test_a_body_that_says_it_is_too_large_is_not_waited_for(api: Api) -> None:
    head = f"POST /receipts HTTP/1.1\r\nHost: x\r\nContent-Length: {20 * 2**20}\r\n\r\n"
    with socket.create_connection((api.http.base_url.host, api.http.base_url.port or 0), 30) as link:
        link.sendall(head.encode())
        assert link.recv(2**16).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_an_end_is_refused_on_the_way(api: Api) -> None:
    head = (
        "POST /receipts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    start = form(b"")[:-9]
    with socket.create_connection((api.http.base_url.host, api.http.base_url.port or 0), 30) as link:
        link.sendall(head.encode() + b"%x\r\n%s\r\n" % (len(start), start))
        for _ in range(MAX_BYTES // 2**20 + 1):
            link.sendall(b"%x\r\n%s\r\n" % (2**20, bytes(2**20)))
        answer = b""
        while not answer.endswith(b"}"):
            answer += link.recv(2**16)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"too_large"' in answer
    assert nothing_is_kept(api)


@pytest.mark.parametrize(
    "name",
    [
        b"../../../../tmp/evil.jpg",
        b"..\\..\\evil.jpg",
        b"/etc/cron.d/evil",
        b"a\0b.jpg",
        b"\xff\xfe.jpg",
        b"",
        b".",
        b"x" * 1000,
        "\u202egpj.exe".encode(),
        b"$(id).jpg",
        b"C:evil.jpg",
    ],
    ids=ascii,
)
def test_a_file_name_is_never_used(api: Api, tmp_path: Path, name: bytes) -> None:
    before = {path for path in tmp_path.rglob("*") if "receipts.db" not in path.name}
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = api.http.post("/receipts", content=form(picture(), name=name), headers=headers)
    assert answer.status_code == 201, answer.text
    (path,) = api.kept()
    made = {path for path in tmp_path.rglob("*") if "receipts.db" not in path.name} - before
    assert made == {path, path.parent}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 422),
        (form(picture()), "multipart/form-data", 400),
        (form(picture()), "multipart/form-data; boundary=other", 400),
        (form(picture()), "application/json", 422),
        (form(picture(), day=b"24.11.2026"), "multipart/form-data; boundary=x", 422),
        (form(picture(), day=b"1700000000"), "multipart/form-data; boundary=x", 422),
        (form(picture(), day=b"2026-02-30"), "multipart/form-data; boundary=x", 422),
        (form(picture(), day=b"\xff\0"), "multipart/form-data; boundary=x", 422),
        (form(picture())[:-4], "multipart/form-data; boundary=x", 422),
        (form(picture(), name=b"x" * 9000), "multipart/form-data; boundary=x", 400),
        (form(picture()).replace(b'"file"', b'"image"'), "multipart/form-data; boundary=x", 422),
        (form(picture()).replace(b'; filename="r.jpg"', b""), "multipart/form-data; boundary=x", 422),
        (b"file=x&purchase_date=2026-11-24", "application/x-www-form-urlencoded", 422),
        (form(b"")[:-7] + form(picture()) * 3, "multipart/form-data; boundary=x", 400),
    ],
    ids=range(14),
)
def test_a_form_that_cannot_be_read_is_told_what_is_wrong(api: Api, body: bytes, kind: str, status: int) -> None:
    answer = api.http.post("/receipts", content=body, headers={"Content-Type": kind})
    problem(answer, status, "bad_request")
    assert nothing_is_kept(api)


@pytest.mark.parametrize("user", ["0", "-1", "anna", "1.5", str(2**70)])
def test_a_bad_user_is_refused_before_anything_is_kept(api: Api, user: str) -> None:
    body = problem(api.upload(user_id=user), 422, "bad_request")
    assert "body.user_id" in str(body["detail"])
    assert nothing_is_kept(api)


def test_a_folder_that_cannot_be_written_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    here = replace(settings, database_url=f"sqlite:///{tmp_path}/r.db", receipts_dir=str(tmp_path / "file" / "uploads"))
    with running(here) as api:
        problem(api.upload(), 503, "uploads_unavailable")
        assert api.store.list() == ()
        (tmp_path / "file").unlink()
        assert api.upload().status_code == 201
