"""What tracebacks have in common, on real ones and on damaged ones."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantry_queue.monitor.signature import Cause, normal, shown, told
from pantry_queue.text import SafeText


def raised(call: str) -> bytes:
    """The traceback of a call, as RQ would store it."""
    try:
        exec(compile(call, "/srv/app/tasks.py", "exec"), {})
    except Exception:
        return traceback.format_exc().encode()
    raise AssertionError("nothing was raised")


def test_a_real_traceback() -> None:
    found = told(raised("import json\ndef load(text):\n    return json.loads(text)\nload('{')"))
    assert found.exception == "json.decoder.JSONDecodeError"
    assert found.where == "app/tasks.py in load", "not the frames of the standard library"
    assert shown(found.line).startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert found.message == "Expecting property name enclosed in double quotes: line ‹n› column ‹n› (char ‹n›)"


def test_which_worker_ran_it_makes_no_difference() -> None:
    ours, stock = (
        b'Traceback (most recent call last):\n  File "%s", line 1, in perform_job\n'
        b'  File "/usr/lib/python3.11/statistics.py", line 335, in mean\nstatistics.StatisticsError: no data\n' % worker
        for worker in (b"/srv/pantry_queue/workers/pantry_worker.py", b"/v/site-packages/rq/worker/base.py")
    )
    assert told(ours)[:3] == told(stock)[:3]


def test_the_last_exception_of_a_chain_decides() -> None:
    found = told(raised("try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('no 17') from e"))
    assert (found.exception, found.message) == ("ValueError", "no ‹n›")


def test_a_message_of_many_lines_is_known_by_its_first() -> None:
    found = told(raised("raise RuntimeError('first 1\\nsecond\\n  third')"))
    assert (found.exception, found.message, shown(found.line)) == ("RuntimeError", "first ‹n›", "RuntimeError: first 1")


def test_an_exception_without_message() -> None:
    found = told(raised("raise KeyboardInterrupt if False else TimeoutError"))
    assert (found.exception, found.message) == ("TimeoutError", "")


@pytest.mark.parametrize(
    ("text", "exception"),
    [
        (b"Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); ", ""),
        (b"Job stopped by user, work-horse terminated.", ""),
        (b"Moved to FailedJobRegistry, due to AbandonedJobError, at 2026-11-24 04:05:06.123", "AbandonedJobError"),
        (b"", ""),
    ],
)
def test_what_rq_writes_itself(text: bytes, exception: str) -> None:
    found = told(text)
    assert found.exception == exception
    assert found.where == ""
    assert not any(char.isdigit() for char in found.message)


def test_what_a_worker_refused_is_known_by_what_it_would_have_raised() -> None:
    refused = told(b"pantry_queue.workers.allowlist.NotAllowed: not_allowed: the task a.b is not allowed here.")
    assert refused.exception == "pantry_queue.workers.allowlist.NotAllowed"
    assert refused.message.startswith("not_allowed: the task")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no receipt 17", "no receipt 4,711"),
        ("cannot open '/tmp/a b.png'", "cannot open 'c'"),
        ("cannot open /data/r/17.png: gone", "cannot open /data/x.png: gone"),
        ("job 0b7a4a52-7b6e-4d54-9f0b-1f2f3a4b5c6d is away", "job 123e4567-e89b-12d3-a456-426614174000 is away"),
        ("<Thing at 0x7f00deadbeef>", "<Thing at 0x1>"),
        ("sha deadbeef01 differs", "sha 0123456789abcdef differs"),
        ("GET https://example.org/a?b=1 failed", "GET http://other.example/ failed"),
        ('key "a" missing', 'key "b c" missing'),
        ("timed out after 1.5 s", "timed out after 30 s"),
        ("10.0.0.1:6379 refused", "10.0.0.2:6380 refused"),
    ],
)
def test_messages_that_are_one(one: str, other: str) -> None:
    assert normal(one.encode()) == normal(other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no receipt", "no user"),
        ("can't read and won't write", "can't read and don't write"),
        ("deadbeef", "feedface"),
        ("and/or", "and/nor"),
    ],
)
def test_messages_that_are_two(one: str, other: str) -> None:
    assert normal(one.encode()) != normal(other.encode())


def test_secrets_of_messages_are_masked() -> None:
    found = told(raised("raise ValueError('bad password=hunter2 of redis://u:hunter2@host')"))
    assert "hunter2" not in found.message + shown(found.line)


def test_a_signature_is_the_same_in_every_run() -> None:
    cause = Cause(SafeText("app.f"), SafeText("ValueError"), SafeText("no ‹n›"), SafeText("app/f.py in f"))
    assert cause.signature == "e46f735129"


PIECES = [b'\n  File "', b'/a.py", line 1, in f', b"\n", b"E: m", b"'", b'"', b"/a/b", b"0", b"\x1b[", b"\xff", b" "]


@given(st.binary(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))
@settings(max_examples=500)
def test_any_bytes_are_told_as_printable_text(text: bytes) -> None:
    found = told(text)
    assert all(part.isprintable() for part in (*found[:3], shown(found.line)))


def test_a_message_made_to_be_slow_is_not() -> None:
    for text in ("/" * 5000, "a/" * 5000, "'" * 5000, "0x" * 5000, "aa11" * 5000, "http://" * 2000, "1.," * 5000):
        assert len(normal(text.encode())) < 3000
