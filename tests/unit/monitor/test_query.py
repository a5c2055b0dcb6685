"""The filter language, on rows made here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantry_queue.monitor.model import STATES, JobRow
from pantry_queue.monitor.query import FIELDS, QueryError, parse
from pantry_queue.monitor.suggest import suggest
from pantry_queue.text import safe

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def ago(**duration: float) -> datetime:
    return NOW - timedelta(**duration)


ROW = JobRow(
    id=safe("ocr-17"),
    state=safe("failed"),
    listed=safe("failed"),
    queue=safe("receipts"),
    raw_queue=b"receipts",
    func=safe("app.tasks.send_mail"),
    description=safe("app.tasks.send_mail('bob@example.org', force=True)"),
    args=safe("'bob@example.org', force=True"),
    error=safe("TimeoutError: no answer [504] within 30 s"),
    worker=safe("host1.42"),
    created_at=ago(hours=3),
    enqueued_at=ago(hours=2),
    started_at=ago(hours=1, minutes=30),
    ended_at=ago(hours=1),
    retries_left=2,
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state:failed",
        "STATE:Failed",
        "state:queued,failed",
        "queue:receipts",
        "queue:rec*",
        "queue:re?eipts",
        "func:send_mail",
        "func:send_*",
        "func:app.*",
        "func=app.tasks.send_mail",
        "id:ocr-*",
        "id:ocr-17",
        "error:timeout",
        "error:*[504]*",
        'error:"no answer"',
        "error:'no answer'",
        "args:bob",
        "worker:host1*",
        "description:force",
        "age>1h",
        "age>=1h59m",
        "age<2.5h",
        "age>7000",
        "runtime>29m",
        "runtime<=30m",
        "wait<1s or wait>29m",
        "ended<2h",
        "retries:2",
        "retries>1",
        "retries!=0",
        "not state:queued",
        "queue!=low",
        "state:failed error:timeout",
        "state:failed and error:timeout",
        "state:queued or error:timeout",
        "state:queued or state:failed and error:timeout",
        "(state:queued or state:failed) and not (error:memory or age<1h)",
        "not not state:failed",
        "timeout",
        "send_mail bob",
        '"ocr-17"',
        "bob,alice",
        "description:send_mail('b",
    ],
)
def test_fits(text: str) -> None:
    assert parse(text).matches(ROW, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "state:queued",
        "state:fail",
        "queue:rec",
        "queue:*x",
        "func:send_*_now",
        "func=send_mail",
        'error:"*timeout*"',
        "error:memory",
        "args:alice",
        "age>2h",
        "runtime>30m",
        "retries:3",
        "not state:failed",
        "state:failed error:memory",
        "state:failed and not error:timeout",
        "(state:failed or state:queued) queue:low",
        "queue!=receipts",
        "nowhere",
    ],
)
def test_does_not_fit(text: str) -> None:
    assert not parse(text).matches(ROW, NOW)


def test_what_is_unknown_fits_no_comparison() -> None:
    waiting = replace(ROW, state=safe("queued"), listed=safe("queued"), started_at=None, ended_at=None, error=None)
    for text in ("runtime>0", "runtime<9w", "wait<9w", "ended<9w", "error:*"):
        assert not parse(text).matches(waiting, NOW)
    running = replace(ROW, state=safe("started"), listed=safe("started"), ended_at=None)
    assert parse("runtime>89m runtime<91m").matches(running, NOW)


def test_a_state_is_the_list_a_job_stands_in_or_its_own_word_there() -> None:
    stopped = replace(ROW, state=safe("stopped"))
    assert parse("state:stopped").matches(stopped, NOW)
    assert parse("state:failed").matches(stopped, NOW)
    confused = replace(ROW, state=safe("queued"))
    assert not parse("state:queued").matches(confused, NOW), "it stands among the failed"


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("quue:low", 0, "did you mean queue?"),
        ("state:failed http://x", 13, "quotes"),
        ("age:2h", 3, "age>2h"),
        ("age>2x", 4, "duration"),
        ("age>", 4, "duration"),
        ("retries:few", 8, "no number"),
        ("state>failed", 5, "state:value"),
        ("(state:failed", 0, "never closed"),
        ("state:failed)", 12, "closes nothing"),
        ('error:"abc', 6, "quotes are never closed"),
        ("state:failed and", 16, "condition is missing"),
        ("or state:failed", 0, "condition is missing"),
        ("not", 3, "condition is missing"),
        ("()", 1, "condition is missing"),
        ("queue:", 6, "value is missing"),
        ("queue:a,", 8, "value is missing"),
        ("(" * 60, 50, "deeper"),
    ],
)
def test_errors_name_the_position_and_what_would_do(text: str, position: int, says: str) -> None:
    with pytest.raises(QueryError, match=f"character {position + 1}:") as caught:
        parse(text)
    assert caught.value.position == position
    assert says in str(caught.value)


def test_explained_in_words() -> None:
    assert parse("").explain() == "every job"
    assert parse('state:failed error:"time out" age>2h').explain() == (
        "state is failed and error contains “time out” and age over 2h"
    )
    assert (
        parse("a or queue:x,y retries:0").explain() == "text contains a or (queue is x or y and retries left exactly 0)"
    )


FRAGMENTS = [f"{name}{operator}" for name in FIELDS for operator in (":", ">", "!=")]
FRAGMENTS += ["and", "or", "not", "(", ")", ",", '"', "'", "*", "?", "[", "\\", " ", "\x1b", "\ud800", "é"]
FRAGMENTS += ["failed", "queued", "stopped", "receipts", "low", "2h", "0"]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=20).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
)


@given(TEXTS | st.text(max_size=80))
@settings(max_examples=600)
def test_any_text_is_understood_or_refused_with_a_position(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        position, sentence = error.position, str(error)
    else:
        assert query.explain().isprintable()
        query.matches(ROW, NOW)
        return
    assert 0 <= position <= len(text)
    assert sentence.isprintable()


CONDITIONS = ["state:failed", "state:stopped", "state:que*", "queue:low", "queue:receipts,low", "func:mail", "age>1h"]
TREES = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} or {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} {pair[1]})"),
        inner.map(lambda one: f"not {one}"),
    ),
    max_leaves=8,
)


@given(TREES, st.sampled_from(STATES), st.sampled_from(["low", "receipts"]), st.sampled_from(["stopped", "", "queued"]))
@settings(max_examples=600)
def test_a_list_left_out_holds_nothing_that_fits(text: str, state: str, queue: str, word: str) -> None:
    query = parse(text)
    row = replace(ROW, state=safe(word or state), listed=safe(state), queue=safe(queue), raw_queue=queue.encode())
    if query.matches(row, NOW):
        assert query.possible(state, queue)
    else:
        assert not query.certain(state, queue)


@given(TREES)
def test_not_turns_every_answer(text: str) -> None:
    assert parse(text).matches(ROW, NOW) is not parse(f"not ({text})").matches(ROW, NOW)


def test_a_pattern_of_many_wildcards_takes_no_longer() -> None:
    row = replace(ROW, error=safe("a" * 500))
    assert not parse("error:" + "*a" * 200 + "b").matches(row, NOW)


def test_suggestions_of_fields_and_of_values_seen() -> None:
    seen = {"queue": ["low", "receipts", "two words"], "func": ["app.send_mail"]}
    assert [found.label for found in suggest("state:failed qu", seen)] == ["queue:"]
    assert [found.text for found in suggest("state:fa", seen)] == ["state:failed"]
    assert [found.label for found in suggest("queue:", seen)] == ["low", "receipts", '"two words"']
    assert [found.text for found in suggest("not queue:low,re", seen)] == ["not queue:low,receipts"]
    assert [found.text for found in suggest("func:mail", seen)] == ["func:app.send_mail"]
    assert [found.label for found in suggest("age", seen)] == ["age>"]
    assert [found.label for found in suggest("state:failed xx", seen, cursor=9)] == ["failed"]
    assert suggest("nothing:lo", seen) == ()


@given(st.text(max_size=30))
def test_a_suggested_value_finds_what_it_was(value: str) -> None:
    shown = safe(value)
    for found in suggest("queue:", {"queue": [shown]}):
        assert parse(found.text).matches(replace(ROW, raw_queue=b"", queue=shown), NOW)
