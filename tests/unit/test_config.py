"""Settings: defaults to the letter, bad values told apart, secrets never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.config import Settings, mask_url
from pantry_queue.errors import ConfigError


def test_defaults_are_those_other_services_rely_on() -> None:
    settings = Settings.from_env({})
    assert (settings.redis_host, settings.redis_port, settings.redis_db) == ("localhost", 6379, 0)
    assert (settings.redis_password, settings.redis_url) == ("", None)
    assert (settings.queue_name, settings.low_queue_name) == ("pantry-pilot", "pantry-pilot-low")
    assert (settings.default_timeout, settings.result_ttl, settings.failure_ttl) == (600, 3600, 86400)
    assert settings.agent_urls == ("http://localhost:8002",)
    assert (settings.worker_name, settings.burst_mode) == (None, False)
    assert settings.store_url.startswith("sqlite:///")


def test_every_variable_is_read() -> None:
    settings = Settings.from_env(
        {
            "REDIS_HOST": "cache",
            "REDIS_PORT": "6380",
            "REDIS_DB": "3",
            "REDIS_PASSWORD": "s3cret",
            "QUEUE_NAME": "receipts",
            "DEFAULT_TIMEOUT": "30",
            "RESULT_TTL": "0",
            "FAILURE_TTL": "-1",
            "AGENT_URL": "http://a:1/, https://b:2",
            "DATABASE_URL": "postgresql+asyncpg://postgres:postgres@localhost:5432/pantry_pilot",
            "WORKER_NAME": "w1",
            "BURST_MODE": "True",
        }
    )
    assert settings == Settings(
        redis_host="cache",
        redis_port=6380,
        redis_db=3,
        redis_password="s3cret",
        queue_name="receipts",
        default_timeout=30,
        result_ttl=0,
        failure_ttl=-1,
        agent_urls=("http://a:1", "https://b:2"),
        database_url="postgresql+asyncpg://postgres:postgres@localhost:5432/pantry_pilot",
        worker_name="w1",
        burst_mode=True,
    )
    assert settings.store_url == "postgresql+psycopg://postgres:postgres@localhost:5432/pantry_pilot"


def test_an_empty_value_is_an_unset_one() -> None:
    assert Settings.from_env({"REDIS_PORT": "", "AGENT_URL": " ", "WORKER_NAME": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_PORT", "0"),
        ("REDIS_PORT", "65536"),
        ("REDIS_PORT", "sixty"),
        ("REDIS_DB", "-1"),
        ("REDIS_HOST", "a b"),
        ("QUEUE_NAME", "two words"),
        ("QUEUE_NAME", "a,b"),
        ("DEFAULT_TIMEOUT", "0"),
        ("DEFAULT_TIMEOUT", "10m"),
        ("RESULT_TTL", "-2"),
        ("FAILURE_TTL", "0"),
        ("AGENT_URL", "localhost:8002"),
        ("AGENT_URL", "http://"),
        ("AGENT_URL", "http://a:99999"),
        ("AGENT_URL", ","),
        ("DATABASE_URL", "mysql://localhost/db"),
        ("DATABASE_URL", "receipts.db"),
        ("WORKER_NAME", "a b"),
        ("BURST_MODE", "maybe"),
    ],
)
def test_a_bad_value_is_named_with_what_it_should_be(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({name: value})
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is ")
    assert value in sentence
    assert "it should be" in sentence


@given(st.text(max_size=40))
def test_no_text_of_a_port_gets_out_as_another_error(text: str) -> None:
    sentence = ""
    try:
        port = Settings.from_env({"REDIS_PORT": text}).redis_port
    except ConfigError as error:
        port, sentence = 1, str(error)
    assert 1 <= port <= 65535
    assert sentence == "" or "REDIS_PORT" in sentence


def test_secrets_are_in_no_repr_and_no_message() -> None:
    settings = Settings.from_env(
        {
            "REDIS_PASSWORD": "canary-1",
            "REDIS_URL": "redis://u:canary-2@h:1/0",
            "DATABASE_URL": "postgresql://u:canary-3@h/db",
        }
    )
    assert "canary" not in repr(settings)
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"DATABASE_URL": "mysql://u:canary@h/db"})
    assert "canary" not in str(caught.value)
    assert mask_url("redis://user:p@ss@host:1/0") == "redis://user:***@host:1/0"


def test_the_first_url_wins() -> None:
    urls = {"REDIS_URL": "redis://c", "RQ_REDIS_URL": "redis://b", "PANTRY_REDIS_URL": "redis://a"}
    assert Settings.from_env(urls).redis_url == "redis://a"
    del urls["PANTRY_REDIS_URL"]
    assert Settings.from_env(urls).redis_url == "redis://b"


def test_the_environment_wins_over_the_dotenv_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("QUEUE_NAME=from-file\nREDIS_PORT=7000\nEMPTY\n")
    settings = Settings.from_env({"QUEUE_NAME": "from-environment"}, dotenv)
    assert (settings.queue_name, settings.redis_port) == ("from-environment", 7000)


def test_a_dotenv_file_in_the_current_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("QUEUE_NAME=near\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUEUE_NAME", raising=False)
    assert Settings.from_env().queue_name == "near"
