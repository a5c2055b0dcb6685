"""Text from Redis: whatever it is, what comes out is one printable line and holds no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.text import SafeText, is_secret_name, mask_secrets, safe, safe_lines

HOSTILE = [
    *(chr(code) for code in range(0x20)),
    *(chr(code) for code in range(0x7F, 0xA0)),
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x1b\\",
    "\x1bP+q\x1b\\",
    "\x1bc",
    "\x1b[6n",
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "\U000e0041",
    "\ud800",
    "\ue000",
    "\u2028\u2029\u0085",
    "\u00a0\u2003\u3000",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_could_steer_a_terminal_is_shown_instead(text: str) -> None:
    shown = safe(f"a{text}b")
    assert shown.isprintable()
    assert shown.startswith("a")
    assert shown.endswith("b")
    assert len(shown) >= 2 + len(text), "made visible, not dropped"


def test_known_escapes_are_named() -> None:
    assert safe("a\nb\tc\x1b\u202e\U000e0041") == "a\\nb\\tc\\x1b\\u202e\\U000e0041"


@given(st.text(st.characters(codec=None)) | st.binary())
def test_all_text_is_printable(value: str | bytes) -> None:
    assert safe(value).isprintable()
    assert all(line.isprintable() for line in safe_lines(value))


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S"))))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert safe(text, None) == text


def test_bytes_that_are_not_utf8_show_their_numbers() -> None:
    assert safe(b"caf\xc3\xa9 \xff") == "café \\xff"


def test_nothing_is_empty() -> None:
    assert safe(None) == ""
    assert safe_lines(None) == ()
    assert isinstance(safe(None), SafeText)


def test_piled_up_marks_are_cut_to_two() -> None:
    assert safe("e" + "\u0301" * 50 + "x") == "e\u0301\u0301x"


def test_long_text_says_how_much_is_left_out() -> None:
    assert safe("x" * 1234, 10) == "x" * 10 + "…(+1,224)"
    assert safe("x" * 10, 10) == "x" * 10
    assert len(safe("x" * 5000, None)) == 5000


def test_lines_keep_the_end_which_decides() -> None:
    lines = safe_lines("\n".join(f"line {n}" for n in range(10)) + "\r\n\n", max_lines=3)
    assert lines == ("… 7 lines left out", "line 7", "line 8", "line 9")
    assert safe_lines("a\tb\r\nc") == ("a   b", "c")


@pytest.mark.parametrize(
    "name", ["password", "DB_PASS", "authToken", "api_key", "apikey", "Authorization", "client_secret", "private-key"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name) is (name != "private-key")


def test_names_of_other_things() -> None:
    assert not any(map(is_secret_name, ("user", "receipt_id", "key", "author", "")))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("redis://user:hunter2@host/0", "redis://user:***@host/0"),
        ("cannot reach rediss://:hunter2@host:1", "cannot reach rediss://:***@host:1"),
        ("m.f(1, password='hunter2 x', a=2)", "m.f(1, password=***, a=2)"),
        ("m.f(password='hunter2 it\\'s x')", "m.f(password=***)"),
        ("m.f(password='hunter2...", "m.f(password=***"),
        ("m.f(token=b'hunter2 x')", "m.f(token=***)"),
        ("m.f(tokens=['hunter2', 'hunter2'], z=1)", "m.f(tokens=***, z=1)"),
        ("m.f(token=Secret(v='hunter2 x'), z=1)", "m.f(token=***, z=1)"),
        ("{'api_key': 'hunter2', \"token\": 5}", "{'api_key': ***, \"token\": ***}"),
        ('{"password": "hun\\"ter2"}', '{"password": ***}'),
        ("GET /x?token=hunter2&page=1", "GET /x?token=***&page=1"),
        ("    password = 'hunter2'", "    password = ***"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("{'Authorization': 'Bearer hunter2'}", "{'Authorization': ***}"),
        ("password='" + "hunter2" * 5000 + "' x", "password=*** x"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked
    assert "hunter2" not in mask_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "m.f(token=None, n=1)",
        "    token = lexer.next()",
        "Invalid token: foo",
        "http://host:80/path",
        "a: b",
        "user@host",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.timeout(60)  # a pattern that backtracks would need hours for these
@pytest.mark.parametrize("piece", ["a", "a://b:", "token=", "token='", "password=[", "token=a(", "pass\\", "token-"])
def test_masking_costs_no_more_than_the_length_of_hostile_text(piece: str) -> None:
    assert mask_secrets(piece * (1_000_000 // len(piece)))
