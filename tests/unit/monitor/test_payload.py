"""The inert decoder: it says what a payload holds, equals pickle on plain data, and runs and bursts nothing."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import json
import os
import pathlib
import pickle
import random
import tracemalloc
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantry_queue.monitor.payload import NotPlain, func_name, meta, payload, plain, readable

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary()
)
KEYS = st.integers() | st.text(max_size=5) | st.binary(max_size=3) | st.none() | st.tuples(st.integers(), st.text())
PLAIN = st.recursive(
    LEAVES | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=15,
)


@settings(max_examples=500, deadline=None)
@given(PLAIN, st.integers(0, 5))
def test_plain_data_is_read_as_pickle_reads_it(value: Any, protocol: int) -> None:
    stream = pickle.dumps(value, protocol)
    found = plain(stream)
    assert found == pickle.loads(stream)
    assert type(found) is type(value)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_is_read_as_json_reads_it(value: Any) -> None:
    assert plain(json.dumps(value).encode()) == value
    assert plain(zlib.compress(json.dumps(value).encode())) == value


@pytest.mark.parametrize("text", [b"0", b"80", b"8000", b'"x"', b"null", b"[]"])
def test_json_that_begins_like_compressed_data(text: bytes) -> None:
    assert plain(text) == json.loads(text)


@settings(max_examples=300, deadline=None)
@given(PLAIN, PLAIN, st.integers(0, 5), st.booleans())
def test_every_call_of_plain_data_is_shown(argument: Any, keyword: Any, protocol: int, compressed: bool) -> None:
    stream = pickle.dumps(("module.func", None, (argument, 7), {"name": keyword}), protocol)
    shown = payload(zlib.compress(stream) if compressed else stream)
    assert (shown.func, shown.format, shown.notes) == ("module.func", "pickle", ())
    assert [part.name for part in (*shown.args, *shown.kwargs)] == ["", "", "name"]
    assert shown.args[1].value == "7"
    assert all(part.value.isprintable() for part in (*shown.args, *shown.kwargs))


def test_values_read_like_python() -> None:
    values = (None, True, 1.5, "it's\n", b"\x00", [1, (2,), ()], {3}, frozenset({4}), set(), {"k": {"n": -1}}, 10**500)
    shown = payload(pickle.dumps(("m.f", None, values, {})))
    assert [part.value for part in shown.args] == [
        "None",
        "True",
        "1.5",
        "'it\\'s\\n'",
        "b'\\x00'",
        "[1, (2,), ()]",
        "{3}",
        "frozenset({4})",
        "set()",
        "{'k': {'n': -1}}",
        "‹an integer of 1,661 bits›",
    ]


class Plain:
    """Of a class no console can import."""

    def __init__(self) -> None:
        self.colour = "red"
        self.password = "hunter2"


def test_common_values_by_their_own_notation_and_strangers_as_placeholders() -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC)
    number = uuid.uuid4()
    values = (
        moment,
        moment.date(),
        decimal.Decimal("1.50"),
        number,
        pathlib.PurePosixPath("/a"),
        OrderedDict(a=1),
        Plain(),
    )
    for protocol in range(6):
        shown = payload(pickle.dumps(("m.f", None, values, {}), protocol))
        texts = [str(part.value) for part in shown.args]
        assert texts[:4] == [
            "datetime 2026-01-02T03:04:05.000678Z",
            "date 2026-01-02",
            "Decimal('1.50')",
            f"UUID {number}",
        ]
        assert texts[4].startswith("PurePosixPath('/'")
        assert texts[5].startswith("OrderedDict(")
        assert texts[6].startswith("‹")
        assert "Plain(" in texts[6]
        assert "'colour': 'red'" in texts[6]
        assert "hunter2" not in texts[6]
        assert any("would call" in note and "Plain" in note for note in shown.notes)


class Marker:
    """Leaves a mark when it is unpickled."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", range(6))
def test_what_would_be_called_is_said_and_not_called(tmp_path: pathlib.Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    stream = pickle.dumps(("m.f", Marker(mark), (Marker(mark),), {"k": Marker(mark)}), protocol)
    for stored in (stream, zlib.compress(stream)):
        shown = payload(stored)
        assert shown.func == "m.f"
        assert str(mark) in shown.args[0].value
        assert any("system" in note for note in shown.notes)
        assert any("method of" in note for note in shown.notes)
        readable(stored)
        meta(stored)
        func_name(stored)
        with pytest.raises(NotPlain):
            plain(stored)
    assert not mark.exists()
    pickle.loads(stream)
    assert mark.exists(), "the payload would have left a mark"


def test_secrets_are_masked_unless_asked_for() -> None:
    call = (
        "m.f",
        None,
        ("redis://u:hunter2@h/0",),
        {"password": "hunter2", "deep": {"api_key": "hunter2"}, "token": None},
    )
    for stored in (pickle.dumps(call), json.dumps(call).encode()):
        shown = payload(stored)
        assert "hunter2" not in str(shown)
        assert {part.name: part.value for part in shown.kwargs} == {
            "password": "***",
            "deep": "{'api_key': ***}",
            "token": "None",
        }
        assert any("masked" in note for note in shown.notes)
        assert str(payload(stored, reveal=True)).count("hunter2") == 3
    assert meta(pickle.dumps({"token": "hunter2"}))[0].value == "***"
    assert meta(pickle.dumps({"token": "hunter2"}), reveal=True)[0].value == "'hunter2'"
    assert "hunter2" not in readable(pickle.dumps({"token": "hunter2"}))


def test_json_calls() -> None:
    shown = payload(json.dumps(["m.f", None, [1, "x"], {"y": [None, 2.5]}]).encode())
    assert (shown.func, shown.format) == ("m.f", "json")
    assert [part.value for part in shown.args] == ["1", "'x'"]
    assert [(part.name, part.value) for part in shown.kwargs] == [("y", "[None, 2.5]")]


@pytest.mark.parametrize("stored", [b"", b"\xff\xfe", b"hello", b"[1", b"\x80", b"\x80\x04", b".", b"null", b"7"])
def test_what_is_no_call_says_so(stored: bytes) -> None:
    shown = payload(stored)
    assert shown.func == ""
    assert shown.notes


def test_functions_are_named_from_the_beginning_alone() -> None:
    long = {"text": os.urandom(100_000).hex()}
    for protocol in range(6):
        assert func_name(zlib.compress(pickle.dumps(("pkg.mod.func", None, (), long), protocol))) == "pkg.mod.func"
    assert func_name(zlib.compress(json.dumps(["pkg.mod.func", None, [], long]).encode())) == "pkg.mod.func"
    assert func_name(b"") == func_name(b"\x80\x04K\x01.") == func_name(b"[7]") == func_name(b"\xff") == ""


def test_return_values_and_meta() -> None:
    assert readable(pickle.dumps({"total": 12})) == "{'total': 12}"
    assert readable(b'{"total": 12}') == "{'total': 12}"
    assert readable(b"\xff\x1b[2J").isprintable()
    assert [(part.name, part.value) for part in meta(pickle.dumps({"a": 1, "b": [2]}))] == [("a", "1"), ("b", "[2]")]
    assert [(part.name, part.value) for part in meta(b"[1]")] == [("", "[1]")]
    assert meta(None) == meta(b"") == ()


def test_what_is_left_out_is_counted() -> None:
    shown = payload(pickle.dumps(("m.f", None, tuple(range(150)), {f"k{n}": n for n in range(130)})))
    assert (shown.args[-1].name, shown.args[-1].value) == ("…", "50 more")
    assert (shown.kwargs[-1].name, shown.kwargs[-1].value) == ("…", "30 more")
    assert readable(pickle.dumps("x" * 1000)).endswith("…(+700)'")
    assert readable(pickle.dumps(list(range(10_000)))).endswith("…")


def mutated(seed: int) -> Iterator[bytes]:
    """Streams of real payloads with bytes changed, dropped and doubled."""
    dice = random.Random(seed)
    originals = [
        pickle.dumps(("m.f", None, (1, "two", [3.0], {"k": b"v"}, datetime.date(2026, 1, 2)), {"a": (1,)}), protocol)
        for protocol in range(6)
    ] + [json.dumps(["m.f", None, [1, {"k": "v"}], {}]).encode()]
    for _ in range(400):
        stream = bytearray(dice.choice(originals))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(stream))
            match dice.randrange(4):
                case 0:
                    stream[at] = dice.randrange(256)
                case 1:
                    del stream[at:]
                case 2:
                    stream[at:at] = stream[at : at + dice.randrange(9)]
                case _:
                    stream[at:at] = dice.randbytes(2)
            if not stream:
                break
        yield bytes(stream)


@pytest.mark.parametrize("seed", range(10))
def test_damaged_streams_never_raise_and_never_print_controls(seed: int) -> None:
    for stream in mutated(seed):
        shown = payload(stream)
        texts = [
            shown.func,
            *shown.notes,
            *(text for part in (*shown.args, *shown.kwargs) for text in (part.name, part.value)),
        ]
        texts += [readable(stream), func_name(stream), *(part.value for part in meta(stream))]
        assert all(text.isprintable() for text in texts), stream
        with contextlib.suppress(NotPlain):
            plain(stream)


def test_a_cut_stream_shows_the_part_that_was_read() -> None:
    stream = pickle.dumps(("m.f", None, ("first", "second"), {}))
    shown = payload(stream[:-8])
    assert "first" in str([part.value for part in (*shown.args, *shown.kwargs)])
    assert any("not the whole pickle" in note for note in shown.notes)


NAMED = b"cbuiltins\nbytearray\nq\x00"
BOMBS = {
    "zlib, 256 MiB": zlib.compress(b"\x80\x04" + b"]" * (1 << 28), 9),
    "200,000 nested lists": b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "45,000 nested tuples": b"\x80\x04)" + b"\x85" * 45_000 + b".",
    "a list in itself": b"\x80\x04]q\x00h\x00a.",
    "2^40 leaves": b"\x80\x04K\x01" + b"2\x86" * 40 + b".",
    "memo index of 2^31": b"\x80\x04K\x01r\xff\xff\xff\x7f.",
    "bytes that claim 2^62": b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"x.",
    "an integer of 1.6 million bits": b"\x80\x04\x8b" + (200_000).to_bytes(4, "little") + b"\x7f" * 200_000 + b".",
    "4 GiB of copies": b"\x80\x04"
    + NAMED
    + b"B"
    + (250_000).to_bytes(4, "little")
    + b"a" * 250_000
    + b"\x85q\x01"
    + b"h\x00h\x01R" * 16_000
    + b".",
    "4 GiB of names": b"c" + b"a" * 200_000 + b"\nb\nq\x00)q\x01" + b"h\x00h\x01R" * 16_000 + b".",
    "25,000 marks": b"\x80\x04" + b"(" * 25_000 + b"t" * 24_999 + b".",
    "20,000 keys of one hash": b"\x80\x04}("
    + b"".join(b"\x8a\x0a" + (n * ((1 << 61) - 1)).to_bytes(10, "little") + b"N" for n in range(1, 20_000))
    + b"u.",
    "a deep tuple as a key": b"\x80\x04})" + b"\x85" * 40_000 + b"K\x01s.",
    "JSON, 200,000 deep": b"[" * 200_000,
    "JSON, an integer of 200,000 digits": b"[" + b"9" * 200_000 + b"]",
}


@pytest.mark.parametrize("stored", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_bounded_in_memory(stored: bytes) -> None:
    tracemalloc.start()
    try:
        shown = payload(stored)
        readable(stored)
        func_name(stored)
        meta(stored)
        with contextlib.suppress(NotPlain):
            plain(stored)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20
    assert len(str(shown)) < 40_000


def test_a_field_over_the_limit_is_not_read() -> None:
    shown = payload(b"\x80" * (1 << 20 | 1))
    assert "1,048,577 bytes, not read" in shown.notes
