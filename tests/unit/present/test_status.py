"""The status line: where we are, and whether what is shown is true now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.tui.present.status import Link, status
from tests.tui.fixed import snapshot

LIVE = Link("redis://cache-1:6379/2", None, 1.0, False, snapshot(), False, 0.0, 0.0)


def left(link: Link) -> str:
    return " ".join(chip.cells[0].text for chip in status(link)[0])


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (LIVE, "✓ live 1s"),
        (replace(LIVE, interval=0.5), "✓ live 500ms"),
        (replace(LIVE, paused=True, stale_for=70.0), " PAUSED 1m10 "),
        (replace(LIVE, trouble=True, stale_for=7.0, next_try_in=4.0), " STALE 7s  next try in 4s "),
        (replace(LIVE, snapshot=None), "connecting ..."),
        (replace(LIVE, snapshot=None, trouble=True, next_try_in=2.0), " NO ANSWER  next try in 2s "),
        (replace(LIVE, trouble=True, paused=True, stale_for=7.0), "STALE"),
        (replace(LIVE, snapshot=replace(snapshot(), round_trip_ms=301.0)), "! slow, 301 ms"),
        (replace(LIVE, read_only=True), "[READ-ONLY]"),
        (replace(LIVE, profile="shop"), " shop "),
        (replace(LIVE, profile="shop", production=True), " shop PROD "),
        (replace(LIVE, notice="demo: 12 receipts"), "demo: 12 receipts"),
    ],
)
def test_it_says_whether_what_is_shown_is_true(link: Link, said: str) -> None:
    assert said in left(link)


def test_no_badge_without_a_reason() -> None:
    assert "READ-ONLY" not in left(LIVE)
    assert "PROD" not in left(replace(LIVE, profile="shop", read_only=True))
    assert "slow" not in left(replace(LIVE, snapshot=replace(snapshot(), round_trip_ms=300.0)))


def test_server_round_trip_and_its_clock() -> None:
    assert [chip.cells[0].text for chip in status(LIVE)[1]] == ["Valkey 9.1.2", "2.1 ms", "12:04:31Z"]
    assert status(replace(LIVE, snapshot=None))[1] == []


def test_a_long_address_keeps_its_end() -> None:
    shown = left(replace(LIVE, target="unix:///var/lib/a-very-long-directory-name/and-another/valkey.sock"))
    assert "unix://…" in shown
    assert "and-another/valkey.sock" in shown
    assert len(shown) < 70


def test_a_hostile_notice_is_made_safe() -> None:
    assert "\x1b" not in left(replace(LIVE, notice="\x1b[31m", target="\x1b]0;x\x07"))
