"""What a job waits for and what waits for it, as trees below `jobs show`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.cli import output

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.keys import Keys
    from pantry_queue.monitor.model import JobDetail, JobNode


def known(client: Redis, keys: Keys, job: JobDetail) -> tuple[JobNode | None, JobNode | None]:
    """The trees of what a job waits for and of what waits for it; None where there is nothing.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    from pantry_queue.monitor import tree

    above = tree.read(client, keys, job.row.raw_id, direction="dependencies") if job.depends_on else None
    below = tree.read(client, keys, job.row.raw_id, direction="dependents") if job.dependents else None
    return above, below


def show(above: JobNode | None, below: JobNode | None) -> None:
    """As indented lines, where there are any."""
    for title, node in (("waits for", above), ("waited for by", below)):
        if node is not None:
            output.text("")
            output.text(title)
            for line in _lines(node, "  "):
                output.text(line)


def _lines(node: JobNode, indent: str) -> Iterator[str]:
    for child in node.children:
        state = "expired" if child.row.expired else child.row.state
        yield " ".join(part for part in (f"{indent}{child.row.id}", state, child.row.queue, child.row.func) if part)
        if child.loop:
            yield f"{indent}  (stands above already: these jobs wait for each other)"
        yield from _lines(child, indent + "  ")
    if node.more:
        yield f"{indent}and {node.more:,} more"
