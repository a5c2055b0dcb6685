"""Where our own keys stand beside RQ's."""

from __future__ import annotations

from binascii import crc_hqx

import pytest

from pantry_queue.errors import ConfigError
from pantry_queue.keys import Keys


def slot(name: str) -> int:
    """The cluster slot of a key, as the Redis cluster specification computes it."""
    start = name.find("{")
    end = name.find("}", start + 1)
    hashed = name[start + 1 : end] if -1 < start < end - 1 else name
    return crc_hqx(hashed.encode(), 0) % 16384


@pytest.mark.parametrize("prefix", ["rq", "team:rq", "a{b", "a}b{", "{}", "{}{x}"])
def test_without_a_hash_tag_ours_are_plain(prefix: str) -> None:
    assert Keys(prefix).paused == "pantry:paused"
    assert Keys(prefix).operation("7") == "pantry:trash:7"


@pytest.mark.parametrize("prefix", ["{rq}", "{rq}:live", "team-{a}", "{a}{b}", "x{{a}}"])
def test_with_a_hash_tag_ours_and_rqs_share_a_slot(prefix: str) -> None:
    keys = Keys(prefix)
    ours = (keys.paused, keys.quarantine, keys.audit, keys.trash, keys.operation("7"), f"{keys.own}:log:j")
    assert {slot(name) for name in (*ours, keys.queues, keys.job("j"))} == {slot(keys.queues)}
    assert all(":pantry:" in name for name in ours)


def test_a_prefix_rq_would_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="RQ_KEY_PREFIX"):
        Keys("rq'")
