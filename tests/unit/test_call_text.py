"""Arguments as a document to edit: what is not touched stays, secrets stay hidden, mistakes are told where they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.control.call_text import DocumentError, differences, read, text_of, words
from pantry_queue.control.copying import Call

_NAMES = st.sampled_from(["a", "api_token", "password", "\x1b[31m", "\u202eb"])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("redis://u:pw@host"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=12,
)
SECRET = Call("a.b", ("x", "redis://u:pw@h"), {"api_token": "s3cret", "deep": [{"password": "pw"}], "n": 1}, "pickle")


@given(args=st.lists(_VALUES, max_size=4), kwargs=st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_what_is_not_edited_is_as_it_was(args: list[Any], kwargs: dict[str, Any]) -> None:
    call = Call("a.b", tuple(args), kwargs, "json")
    text = text_of(call)
    assert read(text, call) == call
    assert all(char.isprintable() or char == "\n" for char in text)
    assert read(json.dumps(json.loads(text)), call) == call, "however it is laid out"


def test_hidden_values_stay_where_they_were_and_go_nowhere_else() -> None:
    text = text_of(SECRET)
    assert "s3cret" not in text + str(words(SECRET))
    assert "pw" not in text + str(words(SECRET))
    edited = read(text.replace('"n": 1', '"n": 2'), SECRET)
    assert edited.kwargs == {**SECRET.kwargs, "n": 2}
    assert edited.args == SECRET.args
    assert differences(text, text_of(edited)) == ['-     "n": 1', '+     "n": 2']
    assert read(text.replace('"api_token": "***"', '"api_token": "new"'), SECRET).kwargs["api_token"] == "new"
    with pytest.raises(DocumentError, match="only stay where it was"):
        read(text.replace('"n": 1', '"n": "***"').replace('"api_token": "***",', ""), SECRET)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n "args": [1 2],\n "kwargs": {}}', "line 2, column 13: Expecting ',' delimiter"),
        ('{"args": [NaN], "kwargs": {}}', "NaN is no JSON"),
        ("[]", "should hold args and kwargs, and nothing else"),
        ('{"args": [], "kwargs": {}, "more": 1}', "and nothing else"),
        ('{\n  "kwargs": {},\n  "args": {}}', "line 3, column 3: args should be a list"),
        ('{"args": [], "kwargs": []}', "kwargs should be an object"),
        ("[" * 100_000, "line 1"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(DocumentError) as told:
        read(text, SECRET)
    assert says in str(told.value)
