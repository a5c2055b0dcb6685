"""Exit codes and sentences: what a script and an operator can rely on when something is wrong."""

from __future__ import annotations

import pytest

from .conftest import Cli


def test_version_and_help(cli: Cli) -> None:
    assert cli("--version").out.startswith("pantry-console ")
    shown = cli("--help")
    assert shown.code == 0
    for word in ("demo", "up", "status", "jobs", "workers", "ocr", "--url", "--read-only"):
        assert word in shown.out
    assert "Enqueue a new job by the path of its function" in shown.out, "said by the table of actions"
    verbs = cli("jobs", "--help").out
    for word in ("list", "show", "log", "why", "requeue", "cancel", "delete", "stop"):
        assert f"\n  {word} " in verbs


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("s", ["status", "suspend", "serve", "schedule"]),
        ("jobs wh", ["why"]),
        ("jobs list --sc", ["--scan"]),
        ("workers sto", ["stop"]),
    ],
)
def test_the_shell_completes_commands_verbs_and_options(cli: Cli, words: str, offered: list[str]) -> None:
    done = cli(
        _PANTRY_CONSOLE_COMPLETE="complete_bash",
        COMP_WORDS=f"pantry-console {words}",
        COMP_CWORD=str(len(words.split())),
    )
    assert done.out.split() == offered


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["jobs", "list", "--state", "broken"],
        ["jobs", "list", "--limit", "-1"],
        ["jobs", "show"],
        ["status", "--watch", "often"],
        ["workers", "run", "--count", "0"],
        ["workers", "run", "--count", "2", "--name", "one"],
        ["ocr", "enqueue", "receipt.jpg", "--priority", "urgent"],
        ["ocr", "enqueue", "a.jpg", "b.jpg", "--receipt-id", "1"],
        ["ocr", "enqueue", "/no/such/image.jpg"],
        ["demo", "--receipts", "/no/such/folder"],
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(cli: Cli, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.strip()


def test_a_bad_setting_is_2_and_names_the_variable(cli: Cli) -> None:
    done = cli("status", REDIS_PORT="sixty")
    assert done.code == 2
    assert "REDIS_PORT is 'sixty'; it should be a port from 1 to 65535." in done.err


@pytest.mark.parametrize("arguments", [["status"], ["jobs", "list"], ["jobs", "show", "x"], ["workers", "list"]])
def test_no_redis_is_5_with_one_sentence(cli: Cli, arguments: list[str]) -> None:
    done = cli("--url", "redis://127.0.0.1:1/0", *arguments)
    assert (done.code, done.out) == (5, "")
    assert done.err.count("\n") == 1
    assert "No Redis answers at redis://127.0.0.1:1/0" in done.err


def test_a_password_on_the_command_line_works_with_a_warning_that_does_not_hold_it(cli: Cli) -> None:
    done = cli("--url", "redis://:canary@127.0.0.1:1/0", "status")
    assert done.code == 5
    assert "everyone on this machine" in done.err
    assert "canary" not in done.err


@pytest.mark.parametrize("arguments", [["workers", "run", "--burst"], ["ocr", "enqueue", "x.jpg"], ["up"]])
def test_read_only_refuses_with_4_before_anything_happens(cli: Cli, arguments: list[str]) -> None:
    done = cli("--read-only", *arguments)
    assert (done.code, done.out) == (4, "")
    assert "read-only" in done.err
    assert cli(*arguments, PANTRY_READ_ONLY="1").code == 4


def test_the_console_without_a_terminal_says_what_to_use_instead(cli: Cli) -> None:
    done = cli()
    assert done.code == 2
    assert "pantry-console status" in done.err
