"""The program in this process, for tests that call it often: the same command line, the same streams and exit codes."""

from __future__ import annotations

import pytest

from console.cli.app import run
from pantry_queue.config import Settings
from tests.cli.conftest import Cli, Done


@pytest.fixture
def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command line against the private server; keyword arguments are environment variables."""

    def inside(*arguments: str, **environment: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in {"PANTRY_REDIS_URL": str(settings.redis_url), **environment}.items():
                patch.setenv(name, value)
            capsys.readouterr()
            code = run(list(arguments))
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return inside
