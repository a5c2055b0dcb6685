"""What a walk over all commands with bad input of every kind has found: one sentence each, and the right exit code."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from console.cli.ocr import MAX_ID
from pantry_queue.receipts import store
from pantry_queue.text import safe

from .conftest import Cli
from .inside import cli

__all__ = ["cli"]

#: No text, and not to be shown as it is.
ODD = b"\xff\x1b"


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--watch", "nan"],
        ["status", "--watch", "inf"],
        ["watch", "--interval", "nan"],
        ["enqueue", "operator.add", "--in", "9" * 23],
        ["jobs", "reschedule", "x", "--in", "9999999999w"],
        ["suspend", "--for", "3651d"],
        ["ocr", "enqueue", "x", "--user-id", str(MAX_ID + 1)],
        ["ocr", "enqueue", "x", "--receipt-id", str(MAX_ID + 1)],
        ["workers", "run", "--queue", ""],
        ["workers", "launch", "--queue", ""],
    ],
)
def test_what_no_command_can_do_is_wrong_usage(cli: Cli, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Invalid value" in done.err


def test_a_plug_in_takes_none_either(cli: Cli) -> None:
    assert cli("check", "--stalled", "nan").code == 3


def test_a_name_no_file_can_have_is_no_file(cli: Cli) -> None:
    done = cli("ocr", "enqueue", "x" * 5000)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert store.MAX_ID == MAX_ID


def test_what_is_repeated_of_a_command_line_is_made_safe(cli: Cli) -> None:
    done = cli("jobs", "requeue", "--state", "\x1b[31m\u202e")
    assert done.code == 2
    assert done.err.rstrip("\n").isprintable()
    sentence = f"pantry-console: The trash holds no operation {safe(ODD)}: it may have expired.\n"
    for command in (["undo"], ["trash", "show"], ["trash", "empty", "--yes"]):
        gone = cli(*command, ODD.decode("utf-8", "surrogateescape"))
        assert (gone.code, gone.out, gone.err) == (3, "", sentence)


def test_what_stands_in_a_config_file_is_made_safe_too(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[profiles."odd\\u001b[2J"]\nurl = "redis://127.0.0.1:1/\\u001b"\n')
    for arguments in (["profiles", "list"], ["profiles", "show", "odd\x1b[2J"], ["profiles", "check", "odd\x1b[2J"]):
        done = cli(*arguments, PANTRY_CONFIG=str(config))
        assert "\x1b" not in done.out + done.err
        assert done.out or done.code == 5 or done.code == 2


def test_a_key_of_ours_that_was_written_over_is_named(cli: Cli, redis_client: Redis) -> None:
    redis_client.set("pantry:audit", "mine")
    redis_client.set("pantry:trash", "mine")
    for key, arguments in (
        ("audit", ["audit", "--json"]),
        ("trash", ["trash", "list"]),
        ("audit", ["suspend", "--yes"]),
    ):
        done = cli(*arguments)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert f"The key pantry:{key} is no" in done.err
    assert redis_client.exists("rq:suspended") == 0
    assert redis_client.get("pantry:audit") == b"mine"


def test_a_job_whose_key_was_written_over_is_not_said_to_wait_its_turn(cli: Cli, redis_client: Redis) -> None:
    redis_client.set("rq:job:over", "mine")
    why = cli("jobs", "why", "over", "--json").json()["answer"]
    assert why["code"] == "unreadable"
    assert "is not a hash" in " ".join(why["evidence"])


@pytest.fixture
def hung_up() -> Iterator[tuple[str, list[int]]]:
    """A server that takes every connection and ends it at once, and how many there were."""
    taken = [0]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    link, _ = listening.accept()
                except OSError:
                    return
                taken[0] += 1
                link.close()

        threading.Thread(target=answer, daemon=True).start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0", taken
        listening.shutdown(socket.SHUT_RDWR)


def test_an_operator_waits_for_four_tries_and_not_for_sixteen(cli: Cli, hung_up: tuple[str, list[int]]) -> None:
    address, taken = hung_up
    for tries, arguments in ((1, ["audit"]), (1, ["trash", "list"]), (1, ["status"]), (4, ["suspend", "--yes"])):
        taken[0] = 0
        done = cli("--url", address, *arguments)
        assert (done.code, done.err.count("\n")) == (5, 1)
        assert taken[0] == tries, arguments
