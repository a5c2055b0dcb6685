"""The API as a process: made late, served by uvicorn or by itself, and ended cleanly."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from pantry_queue.config import Settings
from pantry_queue.errors import ConfigError
from tests.redis.api.conftest import DAY, picture, problem, until

MODULE = "pantry_queue.receipts.api"
REPOSITORY = Path(__file__).resolve().parents[3]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Nothing of ours but what is given."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "PANTRY_DATA_DIR": str(tmp_path / "data"),
        **more,
    }


@contextmanager
def process(tmp_path: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A python process, killed at the end if it still runs."""
    running = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.HTTPError:
        return False


def test_importing_it_needs_no_server_and_no_setting(tmp_path: Path) -> None:
    code = f"import sys, {MODULE}; print(sorted({{'redis', 'rq', 'textual', 'typer'}} & set(sys.modules)))"
    with process(tmp_path, "-c", code, REDIS_PORT="none") as done:
        assert done.communicate(timeout=60) == ("[]\n", "")


def test_the_application_is_made_once_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pantry_queue.receipts.api as api

    monkeypatch.setenv("PANTRY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RECEIPTS_DIR", str(tmp_path / "a file"))
    (tmp_path / "a file").touch()
    with pytest.raises(ConfigError, match=r"RECEIPTS_DIR is .*a file'; it should be the path of a folder"):
        _ = api.app
    monkeypatch.delenv("RECEIPTS_DIR")
    assert api.app is api.app
    monkeypatch.delattr(api, "app")
    with pytest.raises(AttributeError, match="application_of_another_name"):
        _ = api.application_of_another_name


def test_uvicorn_serves_it_by_name(tmp_path: Path, settings: Settings) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    with process(
        tmp_path, "-m", "uvicorn", f"{MODULE}:app", "--port", str(port), PANTRY_REDIS_URL=str(settings.redis_url)
    ) as server:
        until(lambda: answers(url) or server.poll() is not None)
        answer = httpx.post(f"{url}/receipts", files={"file": picture()}, data={"purchase_date": DAY})
        assert answer.status_code == 201
        assert httpx.post(f"{url}/receipts/ocr/process-all").json()["job_ids"] == ["ocr-1"]
        (image,) = (tmp_path / "data" / "receipts").iterdir()
        assert image.read_bytes() == picture()
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def test_it_runs_by_itself_says_where_and_ends_as_asked(tmp_path: Path, settings: Settings) -> None:
    port_file = tmp_path / "port"
    (tmp_path / ".env").write_text(f"REDIS_URL={settings.redis_url}\nRECEIPTS_DIR=own\n")
    with process(tmp_path, "-m", MODULE, "--port", "0", "--port-file", str(port_file)) as server:
        until(lambda: port_file.exists() or server.poll() is not None)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        assert httpx.get(f"{url}/ready").json()["ready"]
        assert httpx.post(f"{url}/receipts", files={"file": picture()}, data={"purchase_date": DAY}).status_code == 201
        assert len(list((tmp_path / "own").iterdir())) == 1
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        assert server.communicate() == (f"The receipt API listens on {url}\n", "")


@pytest.mark.parametrize(
    ("arguments", "more", "told"),
    [
        ([], {"REDIS_PORT": "none"}, "REDIS_PORT is 'none'"),
        ([], {"API_PORT": "http"}, "API_PORT"),
        (["--host", "192.0.2.1", "--port", "0"], {}, "192.0.2.1"),
        ([], {"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL"),
    ],
)
def test_why_it_cannot_start_is_one_line(tmp_path: Path, arguments: list[str], more: dict[str, str], told: str) -> None:
    with process(tmp_path, "-m", MODULE, *arguments, **more) as server:
        out, errors = server.communicate(timeout=60)
        assert (server.returncode, out) == (1, "")
        assert told in errors
        assert len(errors.splitlines()) == 1


def test_a_disk_that_is_full_is_told_and_nothing_of_the_image_stays(tmp_path: Path, settings: Settings) -> None:
    """A limit on the size of files stands in for the disk: the write breaks off half-way in the same manner."""
    noise = Image.frombytes("RGB", (500, 500), os.urandom(500 * 500 * 3))
    content = io.BytesIO()
    noise.save(content, "PNG")
    port_file = tmp_path / "port"
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)); "
        f"from {MODULE}.serve import main; sys.exit(main())"
    )
    with process(
        tmp_path, "-c", code, "--port", "0", "--port-file", str(port_file), REDIS_URL=str(settings.redis_url)
    ) as server:
        until(lambda: port_file.exists() or server.poll() is not None)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        answer = httpx.post(
            f"{url}/receipts", files={"file": content.getvalue()}, data={"purchase_date": DAY}, timeout=60
        )
        problem(answer, 503, "uploads_unavailable")
        assert list((tmp_path / "data" / "receipts").iterdir()) == []
        assert httpx.get(f"{url}/receipts").json()["total"] == 0
