"""Output that is closed, full, given up by its reader, or in an encoding that lacks letters; Ctrl-C at any time."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue

from pantry_queue.config import Settings

from .conftest import Done

FULL = Path("/dev/full")


def shell(settings: Settings, command: str, redirect: str, **environment: str) -> Done:
    """A command line by a shell, with what becomes of its output."""
    done = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m console {command} {redirect}"],
        env={"PATH": os.environ["PATH"], "PANTRY_REDIS_URL": str(settings.redis_url), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def named(redis_client: Redis, settings: Settings) -> Settings:
    """A job whose description has letters that ASCII lacks."""
    Queue("q", connection=redis_client).enqueue("time.sleep", 1, job_id="snow", description="größe ☃")
    return settings


def test_closed_output_leads_nowhere(named: Settings) -> None:
    for command in ("jobs list --jsonl", "--help"):
        assert shell(named, command, ">&-") == Done(0, "", "")
    assert shell(named, "status", "2>&- <&-").code == 0


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system, which is how a full disk is had")
def test_a_full_disk_is_told_in_one_sentence(named: Settings) -> None:
    for code, command in ((1, "jobs list --jsonl"), (1, "--help"), (1, "--version"), (3, "check")):
        done = shell(named, command, f">{FULL}")
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), command
        assert "Standard output cannot be written (No space left on device)" in done.err


def test_a_reader_that_has_gone_is_no_error(named: Settings) -> None:
    for command in ("--help", "jobs list --jsonl"):
        gone = subprocess.Popen(
            [sys.executable, "-m", "console", *command.split()],
            env={"PATH": os.environ["PATH"], "PANTRY_REDIS_URL": str(named.redis_url)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert gone.stdout
        assert gone.stderr
        gone.stdout.close()
        assert (gone.wait(60), gone.stderr.read()) == (0, "")
        gone.stderr.close()


def test_json_stays_json_where_letters_are_lacking(named: Settings) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = shell(named, "jobs show snow --json", "", **ascii_only)
    assert (done.code, done.out.isascii()) == (0, True)
    assert json.loads(done.out)["description"] == "größe ☃"
    exported = shell(named, "export", "", **ascii_only)
    assert exported.code == 0
    assert "gr\\xf6\\xdfe \\u2603" in exported.out


def test_ctrl_c_before_the_command_has_begun(named: Settings) -> None:
    # The loader itself sends the signal, in the middle of the imports.
    code = "import os, signal, sys; sys.argv = ['x', 'status']; import console.__main__ as m\n"
    code += "class F:\n def find_spec(self, name, *_):\n  name == 'typer' and os.kill(os.getpid(), signal.SIGINT)\n"
    code += "sys.meta_path.insert(0, F()); m.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")
