"""What docs/deploy.md and the compose file say is checked by the tools they are for, as far as a machine has them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pantry_queue.config import Settings
from pantry_queue.connection import connect

from .conftest import until

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = (REPOSITORY / "docs" / "deploy.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    """The fenced blocks of this kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", DEPLOY, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of the compose file, merge keys resolved."""
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))
    return dict(compose["services"])


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="needs docker-compose (Debian has it)")
@pytest.mark.parametrize("options", [(), ("--profile", "console")])
def test_compose_accepts_the_file(options: tuple[str, ...]) -> None:
    environment = {"PATH": os.environ["PATH"], "POSTGRES_PASSWORD": "canary1"}
    done = subprocess.run(
        ["docker-compose", *options, "config"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    read = yaml.safe_load(done.stdout)
    assert read["services"]["console"]["profiles"] == ["console"]
    for name in ("api", "queue-worker"):
        assert "postgres:canary1@postgres" in read["services"][name]["environment"]["DATABASE_URL"]


def test_every_service_is_there_checked_and_without_root(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"redis", "postgres", "agent", "api", "queue-worker", "console"}
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["console"]
    stages = re.split(r"^FROM ", (REPOSITORY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    users = {
        re.search(r"AS (\S+)", stage)[1]: re.findall(r"^USER (\S+)", stage, re.MULTILINE)  # type: ignore[index]
        for stage in stages[1:]
    }
    users |= dict.fromkeys(("agent", "api"), users["receipts"])
    for name, service in services.items():
        user = [service["user"]] if "user" in service else users[service["build"]["target"]]
        assert user in (["pantry"], [name], ["valkey"]), name
        assert service["cap_drop"] == ["ALL"]
        assert "container_name" not in service  # it could not be scaled


def test_images_go_from_the_api_to_the_agent(services: dict[str, dict[str, Any]]) -> None:
    assert (
        services["api"]["environment"]["RECEIPTS_DIR"] == services["agent"]["environment"]["IMAGE_ROOTS"] == "/receipts"
    )
    assert services["api"]["volumes"] == ["receipts:/receipts"]
    assert services["agent"]["volumes"] == ["receipts:/receipts:ro"]


def test_the_environment_of_the_compose_file_can_be_read(services: dict[str, dict[str, Any]]) -> None:
    given = {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in services["api"]["environment"].items()
    }
    settings = Settings.from_env(given)
    assert (settings.redis_host, settings.agent_urls) == ("redis", ("http://agent:8002",))
    assert settings.store_url == "postgresql+psycopg://postgres:postgres@postgres:5432/pantry_pilot"
    assert settings.upload_dir == Path("/receipts")


def test_a_workers_health_is_told_by_the_command_of_the_compose_file(
    services: dict[str, dict[str, Any]], settings: Settings, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "REDIS_URL": str(settings.redis_url)}
    environment["PANTRY_DATA_DIR"] = str(tmp_path)
    python = {"env": environment, "cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    def health() -> subprocess.CompletedProcess[str]:
        word, _, *command = services["queue-worker"]["healthcheck"]["test"]
        assert word == "CMD"
        return subprocess.run([sys.executable, *command], check=False, **python)

    before = health()
    assert (before.returncode, "is registered" in before.stderr) == (1, True)
    worker = subprocess.Popen([sys.executable, "-m", "pantry_queue.workers.worker"], **python)
    try:
        until(lambda: connect(settings).scard("rq:workers") == 1)
        after = health()
        assert (after.returncode, "alive" in after.stdout) == (0, True), after
    finally:
        worker.kill()
        worker.communicate()
    environment["REDIS_URL"] = "redis://127.0.0.1:1/0"
    away = health()
    assert (away.returncode, len(away.stderr.splitlines())) == (1, 1)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    units = {}
    for block in blocks("ini"):
        if found := re.match(r"# /etc/systemd/system/(\S+)\n", block):
            # The program and its user are not on this machine.
            text = (
                block.replace("/opt/pantry/bin/python", sys.executable)
                .replace("/opt/pantry/bin/pantry-console", sys.executable)
                .replace("User=pantry", "User=root")
            )
            (tmp_path / found[1].replace("@", "@1")).write_text(text)
            units[found[1]] = text
    assert set(units) == {
        "pantry-worker@.service",
        "pantry-agent@.service",
        "pantry-api.service",
        "pantry-watch.service",
    }
    for path in tmp_path.iterdir():
        done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), path.name
    assert "KillMode=mixed" in units["pantry-worker@.service"]
    patience = int(re.findall(r"TimeoutStopSec=(\d+)", units["pantry-worker@.service"])[0])
    assert patience > Settings().default_timeout


def test_the_environment_file_can_be_read() -> None:
    (text,) = [block for block in blocks("ini") if block.startswith("# /etc/pantry/pantry.env")]
    values = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    settings = Settings.from_env(values)
    assert len(settings.agent_urls) == 2
    assert str(settings.upload_dir) == values["IMAGE_ROOTS"]


def test_the_modules_that_are_started_exist() -> None:
    text = DEPLOY + (REPOSITORY / "Dockerfile").read_text("utf-8")
    for module in set(re.findall(r'-m"?,? "?(pantry_queue[\w.]+)', text)):
        run = subprocess.run([sys.executable, "-m", module, "--help"], cwd=REPOSITORY, capture_output=True, check=False)
        assert run.returncode == 0, module


def test_the_kubernetes_sketch_is_whole() -> None:
    (text,) = blocks("yaml")
    worker, api, scaled = yaml.safe_load_all(text)
    assert scaled["spec"]["scaleTargetRef"]["name"] == worker["metadata"]["name"]
    lists = [trigger["metadata"]["listName"] for trigger in scaled["spec"]["triggers"]]
    assert lists == [f"rq:queue:{name}" for name in Settings().queue_names]
    assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > Settings().default_timeout
    probes = [part for one in (worker, api) for part in one["spec"]["template"]["spec"]["containers"]]
    assert {part["livenessProbe"]["httpGet"]["path"] for part in probes if "livenessProbe" in part} == {"/health"}
    for one in (worker, api):
        assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]


def test_the_sentinel_url_can_be_used() -> None:
    (url,) = re.findall(r"^REDIS_URL=(redis\+sentinel://\S+)$", DEPLOY, re.MULTILINE)
    pool: Any = connect(replace(Settings(), redis_url=url)).connection_pool
    assert pool.service_name == "pantry"
    assert [link.connection_pool.connection_kwargs["host"] for link in pool.sentinel_manager.sentinels] == [
        "10.0.0.11",
        "10.0.0.12",
        "10.0.0.13",
    ]
    assert "sentinel monitor pantry 10.0.0.11" in DEPLOY
