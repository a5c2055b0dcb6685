"""Very many ids in little memory: the same as a tuple of them."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.control.id_list import IdList
from pantry_queue.monitor.wire import name_of

#: Names as Redis may hold them, which need not be UTF-8.
NAMES = st.lists(st.binary(max_size=12).map(name_of))


@given(ids=NAMES, start=st.integers(-9, 9), stop=st.none() | st.integers(-9, 9))
def test_it_holds_what_a_tuple_holds(ids: list[str], start: int, stop: int | None) -> None:
    found = IdList(ids)
    assert (len(found), list(found), found) == (len(ids), ids, tuple(ids))
    assert found[start:stop] == tuple(ids[start:stop])
    assert [found[at] for at in range(-len(ids), len(ids))] == ids * 2
    assert found != (*ids, "more")


def test_an_id_needs_little_more_than_its_letters() -> None:
    tracemalloc.start()
    held = IdList(f"00000000-0000-0000-0000-{number:012}" for number in range(100_000))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(held), held[99_999]) == (100_000, "00000000-0000-0000-0000-000000099999")
    assert size < 100_000 * 55
