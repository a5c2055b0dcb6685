"""What an entry point may load: a script pays for its imports on every call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pantry_queue import embedded

_PROBE = """
import json, runpy, sys
sys.argv = ["pantry-console", *sys.argv[1:]]
try:
    runpy.run_module("console", run_name="__main__", alter_sys=True)
except SystemExit:
    pass
sys.stderr.write(json.dumps(sorted({name.split(".")[0] for name in sys.modules} | set(sys.modules))))
"""


#: What no command loads that only reads and prints JSON.
NOTHING_HEAVY = {"redis", "cron_descriptor", "rq", "textual", "rich", "httpx", "sqlalchemy", "pydantic"}
NOTHING_HEAVY |= {"prometheus_client", "aiohttp", "textual_serve"}


def loaded(arguments: list[str], url: str) -> set[str]:
    """Modules in memory after one command line ran."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *arguments],
        env={"PATH": "/usr/bin:/bin", "PANTRY_REDIS_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--version"], {"typer", "click", "redis", "rich"}),
        (["--help"], {"redis", "rq", "textual", "httpx", "sqlalchemy", "prometheus_client", "aiohttp"}),
        (
            ["status", "--json"],
            {
                "redis",
                "cron_descriptor",
                "rq",
                "textual",
                "rich",
                "httpx",
                "sqlalchemy",
                "pydantic",
                "pickle._Unpickler",
            },
        ),
        (
            ["jobs", "list", "--jsonl"],
            NOTHING_HEAVY,
        ),
        (["failures", "list", "--json"], NOTHING_HEAVY),
        (["schedule", "cron", "--json"], NOTHING_HEAVY),
        (["export"], NOTHING_HEAVY),
        (["check"], NOTHING_HEAVY),
        (["metrics"], NOTHING_HEAVY - {"prometheus_client"}),
        (["doctor", "--json"], NOTHING_HEAVY),
        (["workers", "list"], {"rq", "textual", "httpx", "sqlalchemy", "pydantic"}),
    ],
)
def test_a_command_loads_only_what_it_uses(
    valkey: embedded.EmbeddedServer, arguments: list[str], forbidden: set[str]
) -> None:
    assert loaded(arguments, valkey.url) & forbidden == set()


def test_a_command_loads_no_other_command(valkey: embedded.EmbeddedServer) -> None:
    ours = {name for name in loaded(["status", "--json"], valkey.url) if name.startswith("console.cli.")}
    shared = {"app", "nouns", "plugin", "opening", "output", "target", "durations", "looking"}
    assert ours == {f"console.cli.{name}" for name in shared | {"status"}}


def test_importing_the_core_costs_nothing() -> None:
    code = "import sys; import pantry_queue, pantry_queue.client; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not any(f"'{name}'" in done.stdout for name in ("redis", "rq", "textual", "typer", "rich", "sqlalchemy"))


def test_the_import_contracts_hold() -> None:
    root = Path(__file__).resolve().parents[2]
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(tool), "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
