"""Saved views in their file: whole or not at all, and one sentence where the file is of no use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from console import views
from pantry_queue.errors import ConfigError, NotFound


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the views are; there is nothing yet, not even the folder."""
    monkeypatch.setenv("PANTRY_CONFIG", str(tmp_path / "config" / "config.toml"))
    return tmp_path / "config" / "views.json"


def test_saved_found_replaced_and_deleted(file: Path) -> None:
    assert views.load() == {}
    assert not views.save("@night", "jobs ocr failed error:'é \"'")
    views.save("b.2", "workers")
    assert views.find("@night") == views.find("night") == "jobs ocr failed error:'é \"'"
    assert views.save("night", "overview")
    assert list(views.load().items()) == [("night", "overview"), ("b.2", "workers")]
    views.delete("@night")
    with pytest.raises(NotFound, match=r"no saved view 'night'; there are: b\.2\."):
        views.find("night")
    with pytest.raises(NotFound):
        views.delete("night")
    assert [one.name for one in file.parent.iterdir()] == ["views.json"]


@pytest.mark.parametrize("name", ["", "two words", "@", "x" * 41, "-x", "a\x1b[2J", "a/b", "@@x"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(views.ViewError, match="one word of letters"):
        views.save(name, "overview")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"[]", b"[" * 100_000, b'{"views": {"x": 1}}', b'{"views": []}', b" " * (2 << 20)]
)
def test_a_bad_file_is_one_sentence_and_stays_as_it_is(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    for work in (views.load, lambda: views.save("x", "overview")):
        with pytest.raises(ConfigError, match=r"^The saved views in .*views\.json .*\.$"):
            work()
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_written(file: Path) -> None:
    file.parent.write_text("a file is in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        views.save("x", "overview")


def test_two_consoles_lose_nothing_of_each_other() -> None:
    work = "import sys; from console import views; [views.save(f'{sys.argv[1]}{n}', 'overview') for n in range(20)]"
    running = [subprocess.Popen([sys.executable, "-c", work, word]) for word in ("a", "b", "c")]
    assert [one.wait(30) for one in running] == [0, 0, 0]
    assert len(views.load()) == 60
    assert json.loads(views.path().read_text())["views"]["c19"] == "overview"


def test_there_is_an_end(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"views": {f"v{n}": "overview" for n in range(views.MOST)}}))
    with pytest.raises(views.ViewError, match="delete one first"):
        views.save("more", "overview")
    assert views.save("v0", "workers")
