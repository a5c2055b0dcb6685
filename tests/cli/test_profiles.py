"""Named connections: found, guarded, and no password in anybody's eyes."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from pantry_queue.config import Settings

from .conftest import Cli


@pytest.fixture
def config(tmp_path: Path, settings: Settings) -> Path:
    """A private config file with two profiles of the private server."""
    file = tmp_path / "config.toml"
    file.write_text(
        f'[profiles.dev]\nurl = "{settings.redis_url}"\n\n'
        f'[profiles.prod]\nurl = "{settings.redis_url}"\nproduction = true\n'
    )
    file.chmod(0o600)
    return file


def test_a_profile_names_the_server(cli: Cli, config: Path) -> None:
    elsewhere = {"PANTRY_REDIS_URL": "redis://127.0.0.1:1/0", "PANTRY_CONFIG": str(config)}
    assert cli("status", **elsewhere).code == 5
    assert cli("-p", "dev", "status", **elsewhere).code == 0
    assert cli("status", PANTRY_PROFILE="dev", **elsewhere).code == 0
    listed = cli("profiles", "list", "--json", **elsewhere).json()
    assert [(profile["name"], profile["production"], profile["read_only"]) for profile in listed] == [
        ("dev", False, False),
        ("prod", True, True),
    ]
    assert "Valkey" in cli("profiles", "check", "dev", **elsewhere).out


def test_production_is_read_only_unless_told_otherwise(cli: Cli, config: Path) -> None:
    files = {"PANTRY_CONFIG": str(config)}
    refused = cli("-p", "prod", "workers", "run", "--burst", **files)
    assert refused.code == 4
    assert "--read-write" in refused.err
    assert cli("-p", "prod", "--read-write", "workers", "run", "--queue", "none", "--burst", **files).code == 0
    assert cli("-p", "dev", "--read-only", "workers", "run", "--burst", **files).code == 4


def test_a_profile_that_is_not_there(cli: Cli, config: Path) -> None:
    done = cli("-p", "stage", "status", PANTRY_CONFIG=str(config))
    assert done.code == 3
    assert "there are: dev, prod" in done.err


def test_a_password_needs_a_private_file(cli: Cli, config: Path, settings: Settings) -> None:
    config.write_text('[profiles.dev]\nurl = "redis://:canary@127.0.0.1:1/0"\n')
    files = {"PANTRY_CONFIG": str(config)}
    assert "canary" not in cli("profiles", "show", "dev", **files).out
    assert cli("-p", "dev", "status", **files).code == 5
    config.chmod(0o644)
    done = cli("-p", "dev", "status", **files)
    assert done.code == 2
    assert "chmod 600" in done.err
    assert "canary" not in done.err


def test_a_password_file(cli: Cli, config: Path, settings: Settings, tmp_path: Path) -> None:
    from pantry_queue.connection import connect

    connect(settings).acl_setuser(
        "ops", enabled=True, passwords=["+c@nary/#1"], commands=["+@all"], keys=["*"], channels=["*"], reset=True
    )
    socket = str(settings.redis_url).removeprefix("unix://")
    (tmp_path / "secret").write_text("c@nary/#1\n")
    config.write_text(f'[profiles.dev]\nurl = "unix://ops@{socket}"\npassword_file = "secret"\n')
    files = {"PANTRY_CONFIG": str(config)}
    shown = cli("-p", "dev", "status", "--json", **files)
    assert shown.code == 0, shown.err
    assert "nary" not in shown.out
    (tmp_path / "secret").unlink()
    assert cli("-p", "dev", "status", **files).code == 2
    connect(settings).acl_deluser("ops")


@pytest.mark.parametrize(
    "content",
    [
        "[profiles.dev]\n",
        "[profiles.dev]\nurl = 1\n",
        '[profiles.dev]\nurl = "redis://h"\nurll = "x"\n',
        '[profiles.dev]\nurl = "redis://h"\nproduction = "yes"\n',
        "profiles = 1\n",
        "[profiles",
    ],
)
def test_a_config_file_that_cannot_be_used_is_2(cli: Cli, config: Path, content: str) -> None:
    config.write_text(content)
    done = cli("-p", "dev", "status", PANTRY_CONFIG=str(config))
    assert (done.code, done.out) == (2, "")
    assert str(config) in done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[alerts]\ndepth = "5:1"\n', "[alerts], rule 'depth': '5:1' is critical"),
        ("[profiles.dev.alerts]\ndepht = 5\n", "[profiles.dev.alerts], rule 'depht' is unknown"),
        ("[profiles.dev]\nalerts = 5\n", "alerts should be a table"),
        ('[alerts]\nwebhook = "file:///etc/passwd"\n', "webhook should be a URL such as https://"),
        ('[alerts]\nleast = "all"\n', "least should be one of"),
    ],
)
def test_a_bad_rule_is_one_sentence_that_names_it(cli: Cli, config: Path, content: str, said: str) -> None:
    config.write_text(config.read_text() + content if content.startswith("[alerts") else content + 'url = "unix://x"\n')
    for arguments in (["-p", "dev", "status"], ["-p", "dev"]):
        done = cli(*arguments, PANTRY_CONFIG=str(config))
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert said in done.err


def test_rules_of_a_profile_go_before_those_of_all(cli: Cli, config: Path, history: Redis) -> None:
    config.write_text(
        f'{config.read_text()}[alerts]\ndepth = "2:90"\nage = "off"\n[profiles.prod.alerts]\ndepth = "2:2"\n'
    )
    files = {"PANTRY_CONFIG": str(config)}
    assert "!  emails: 3 wait" in cli("status", **files).out
    assert "!! emails: 3 wait" in cli("-p", "prod", "status", **files).out


def test_the_audit_names_the_profile(cli: Cli, config: Path, history: Redis) -> None:
    files = {"PANTRY_CONFIG": str(config)}
    assert cli("-p", "prod", "jobs", "requeue", "division", "--yes", **files).code == 4
    done = cli("-p", "prod", "--read-write", "jobs", "requeue", "division", "--yes", **files)
    assert done.code == 0, done.err
    entries = [fields for _, fields in history.xrange("pantry:audit")]
    assert {entry[b"profile"] for entry in entries} == {b"prod"}
