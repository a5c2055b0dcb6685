"""The door for files: only regular files below the roots, whatever the path says and whatever happens meanwhile."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pantry_queue.receipts.images import MAX_BYTES, ImageRefused, ImageSources, read_image

CONTENT = b"the bytes of an image"
SECRET = b"a secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with an image, a folder, and every kind of trap; the secret lies beside it."""
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "ok.jpg").write_bytes(CONTENT)
    (root / "folder" / "inner.jpg").write_bytes(CONTENT)
    (root / "with space#1?.jpg").write_bytes(CONTENT)
    (tmp_path / "secret.jpg").write_bytes(SECRET)
    (tmp_path / "root-but-not").mkdir()
    (tmp_path / "root-but-not" / "secret.jpg").write_bytes(SECRET)
    (root / "leads-out.jpg").symlink_to("../secret.jpg")
    (root / "folder-out").symlink_to("..")
    (root / "leads-in.jpg").symlink_to("folder/inner.jpg")
    (root / "loop.jpg").symlink_to("loop.jpg")
    os.mkfifo(root / "fifo.jpg")
    with (root / "huge.jpg").open("wb") as huge:
        huge.truncate(MAX_BYTES + 1)
    return root


@pytest.fixture
def sources(root: Path) -> ImageSources:
    return ImageSources(roots=(root,))


async def refusal(path: str, sources: ImageSources) -> tuple[int, str]:
    with pytest.raises(ImageRefused) as refused:
        await read_image(path, sources)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "secret" not in sentence
    assert ".jpg" not in sentence
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    "path", ["ok.jpg", "./folder/../ok.jpg", "folder/inner.jpg", "leads-in.jpg", "with space#1?.jpg"]
)
async def test_files_below_the_root_are_read(sources: ImageSources, root: Path, path: str) -> None:
    assert await read_image(path, sources) == CONTENT
    assert await read_image(str(root / path), sources) == CONTENT


async def test_file_urls_are_read(sources: ImageSources, root: Path) -> None:
    assert await read_image((root / "ok.jpg").as_uri(), sources) == CONTENT
    assert await read_image((root / "with space#1?.jpg").as_uri(), sources) == CONTENT
    assert await read_image(f"FILE://localhost{root}/ok.jpg", sources) == CONTENT


async def test_a_root_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    sources = ImageSources(roots=(tmp_path / "alias",))
    assert await read_image(str(tmp_path / "alias" / "ok.jpg"), sources) == CONTENT
    assert await read_image(str(root / "ok.jpg"), sources) == CONTENT


async def test_each_root_is_tried(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    sources = ImageSources(roots=(tmp_path / "other", root))
    assert await read_image("ok.jpg", sources) == CONTENT


@pytest.mark.parametrize(
    "path",
    [
        "../secret.jpg",
        "folder/../../secret.jpg",
        "../root-but-not/secret.jpg",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "/",
        "//etc/passwd",
        "leads-out.jpg",
        "folder-out/secret.jpg",
        "folder-out/root-but-not/secret.jpg",
        "file:///etc/passwd",
        "file:///%2e%2e/etc/passwd",
        "file:////etc/passwd",
        "/proc/self/environ",
        ".",
        "../no-such-file.jpg",
    ],
)
async def test_nothing_outside_the_root_is_read_or_told_of(sources: ImageSources, path: str) -> None:
    assert await refusal(path, sources) == (403, "path_outside")


async def test_absolute_paths_beside_the_root_are_outside(sources: ImageSources, tmp_path: Path) -> None:
    for path in ("secret.jpg", "root-but-not/secret.jpg", "root/../secret.jpg"):
        assert await refusal(f"{tmp_path}/{path}", sources) == (403, "path_outside")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nope.jpg", (404, "not_found")),
        ("folder/nope/nope.jpg", (404, "not_found")),
        ("ok.jpg/inner.jpg", (404, "not_found")),
        ("javascript:alert(1)", (404, "not_found")),
        ("folder", (403, "not_regular")),
        ("fifo.jpg", (403, "not_regular")),
        ("loop.jpg", (403, "unreadable")),
        ("n" * 300, (403, "unreadable")),
        ("huge.jpg", (413, "too_large")),
        ("", (400, "bad_path")),
        ("ok.jpg\0.png", (400, "bad_path")),
        ("\0", (400, "bad_path")),
        ("\ud800.jpg", (400, "bad_path")),
        ("x" * 2049, (400, "bad_path")),
        ("file://elsewhere/ok.jpg", (400, "bad_path")),
        ("file://ok.jpg", (400, "bad_path")),
        ("file:///ok%00.jpg", (400, "bad_path")),
        ("gopher://x/y", (400, "bad_scheme")),
        ("ftp://x/y.jpg", (400, "bad_scheme")),
        ("data://text/plain,x", (400, "bad_scheme")),
    ],
)
async def test_every_refusal_has_its_status_and_word(
    sources: ImageSources, path: str, expected: tuple[int, str]
) -> None:
    assert await refusal(path, sources) == expected


async def test_with_no_root_no_file_is_read(root: Path) -> None:
    assert await refusal(str(root / "ok.jpg"), ImageSources()) == (403, "files_off")


async def test_devices_are_no_images() -> None:
    assert await refusal("null", ImageSources(roots=(Path("/dev"),))) == (403, "not_regular")


@pytest.fixture
def short_root() -> Iterator[Path]:
    """A root with a short name: the name of a socket has a small limit."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def test_sockets_are_no_images(short_root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short_root / "s"))
        assert await refusal("s", ImageSources(roots=(short_root,))) == (403, "unreadable")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file, so no file is unreadable to it")
async def test_a_file_without_rights_is_unreadable(sources: ImageSources, root: Path) -> None:
    (root / "ok.jpg").chmod(0)
    assert await refusal("ok.jpg", sources) == (403, "unreadable")


@pytest.mark.parametrize("swapped", ["folder", "folder/inner.jpg"])
async def test_a_part_swapped_for_a_link_after_the_check_leads_nowhere(
    sources: ImageSources, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    target = tmp_path / ("root-but-not" if swapped == "folder" else "secret.jpg")
    (tmp_path / "root-but-not" / "inner.jpg").write_bytes(SECRET)
    resolve = os.path.realpath

    def resolve_then_swap(path: str | Path) -> str:
        resolved = resolve(path)
        if resolved.endswith("inner.jpg"):
            (root / swapped).rename(tmp_path / "moved-away")
            (root / swapped).symlink_to(target)
        return resolved

    monkeypatch.setattr(os.path, "realpath", resolve_then_swap)
    status, code = await refusal("folder/inner.jpg", sources)
    assert (root / "folder" / "inner.jpg").read_bytes() == SECRET
    assert (status, code) in {(404, "not_found"), (403, "unreadable")}


async def test_a_file_at_the_limit_is_read_and_one_byte_more_is_not(sources: ImageSources, root: Path) -> None:
    (root / "edge.jpg").write_bytes(b"x" * 100)
    assert len(await read_image("edge.jpg", sources, max_bytes=100)) == 100
    with pytest.raises(ImageRefused) as refused:
        await read_image("edge.jpg", sources, max_bytes=99)
    assert refused.value.code == "too_large"


async def test_a_file_that_grows_after_its_size_was_looked_at_is_still_cut(
    sources: ImageSources, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = os.fstat

    def look_then_grow(descriptor: int) -> os.stat_result:
        status = look(descriptor)
        (root / "ok.jpg").write_bytes(b"x" * 1000)
        return status

    monkeypatch.setattr(os, "fstat", look_then_grow)
    with pytest.raises(ImageRefused) as refused:
        await read_image("ok.jpg", sources, max_bytes=100)
    assert refused.value.code == "too_large"


async def test_no_descriptor_is_left_open(sources: ImageSources) -> None:
    before = len(os.listdir("/dev/fd"))
    for path in ("ok.jpg", "folder/inner.jpg", "nope.jpg", "folder", "fifo.jpg", "huge.jpg", "ok.jpg/x", "loop.jpg"):
        for _ in range(5):
            try:
                await read_image(path, sources)
            except ImageRefused:
                continue
    assert len(os.listdir("/dev/fd")) == before
