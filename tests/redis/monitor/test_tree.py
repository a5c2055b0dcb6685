"""Trees of dependencies, made by RQ and made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rq import Queue

from pantry_queue.keys import Keys
from pantry_queue.monitor import tree
from pantry_queue.monitor.model import JobNode

if TYPE_CHECKING:
    from redis import Redis

KEYS = Keys()


def shape(node: JobNode) -> object:
    """Ids, as nested pairs; `*` marks a loop, `+n` what was left out."""
    name = f"{node.row.id}{'*' if node.loop else ''}{f'+{node.more}' if node.more else ''}"
    return (name, *map(shape, node.children)) if node.children else name


def test_dependencies_of_rq(redis_client: Redis) -> None:
    queue = Queue("q", connection=redis_client)
    first, second = (queue.enqueue("math.sqrt", 4, job_id=name) for name in ("first", "second"))
    both = queue.enqueue("math.sqrt", 4, job_id="both", depends_on=[first, second])
    queue.enqueue("math.sqrt", 4, job_id="last", depends_on=both)
    found = tree.read(redis_client, KEYS, "first")
    assert shape(found) == ("first", ("both", "last"))
    assert (found.row.state, found.children[0].row.state) == ("queued", "deferred")
    assert found.children[0].row.func == "math.sqrt"
    up = tree.read(redis_client, KEYS, "last", direction="dependencies")
    assert shape(up) == ("last", ("both", "first", "second"))


def linked(client: Redis, *pairs: tuple[str, str]) -> None:
    for parent, child in pairs:
        client.sadd(f"rq:job:{parent}:dependents", child)
        client.hset(f"rq:job:{parent}", "status", "deferred")


def test_a_loop_is_told_and_not_followed(redis_client: Redis) -> None:
    linked(redis_client, ("a", "b"), ("b", "c"), ("c", "a"), ("d", "d"))
    assert shape(tree.read(redis_client, KEYS, "a")) == ("a", ("b", ("c", "a*")))
    assert shape(tree.read(redis_client, KEYS, "d")) == ("d", "d*")


def test_bounded_in_depth_and_size(redis_client: Redis, trips: list[int]) -> None:
    linked(redis_client, *((f"n{number}", f"n{number + 1}") for number in range(50)))
    assert shape(tree.read(redis_client, KEYS, "n0", depth=2)) == ("n0", ("n1", "n2"))
    redis_client.sadd("rq:job:wide:dependents", *(f"w{number}" for number in range(5000)))
    del trips[:]
    wide = tree.read(redis_client, KEYS, "wide", most=20)
    assert len(wide.children) == 20
    assert wide.more == 4980
    assert len(trips) < 10


def test_many_ways_to_one_job_do_not_explode(redis_client: Redis) -> None:
    linked(
        redis_client,
        *((f"l{level}-{one}", f"l{level + 1}-{two}") for level in range(9) for one in range(9) for two in range(9)),
    )
    found = tree.read(redis_client, KEYS, "l0-0", depth=9, most=300)

    def count(node: JobNode) -> int:
        return 1 + sum(map(count, node.children))

    assert count(found) <= 301


def test_what_is_gone_or_damaged(redis_client: Redis) -> None:
    redis_client.sadd("rq:job:a:dependents", "gone", b"\xff\x1b")
    redis_client.set("rq:job:gone:dependents", "no set")
    found = tree.read(redis_client, KEYS, "a")
    assert [node.row.expired for node in found.children] == [True, True]
    assert shape(found) == ("a", "gone", "\\xff\\x1b")
