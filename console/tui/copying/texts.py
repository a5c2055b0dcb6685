"""Texts of a view that can be copied. Pure, but for the JSON, whose fields are those of the command line."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from console.tui.address import Address
    from console.tui.present.cells import Cell
    from pantry_queue.config import Settings
    from pantry_queue.control.plan import Selection
    from pantry_queue.monitor.model import JobDetail, JobRow

_OUT_OF_NAMES = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Copyable:
    """A text that can be copied; only `copyable` makes it, so that nothing in it can be obeyed by a terminal.

    Attributes:
        name: what it is, for people: `id`, `JSON`.
        body: its lines, each safe, with line feeds between.
        file: the name of a file it could go to.
    """

    name: str
    body: str
    file: str

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.body.encode("utf-8", "replace"))

    @property
    def line_count(self) -> int:
        """Lines of it."""
        return self.body.count("\n") + 1


def copyable(name: str, body: str | Iterable[str], file: str = "") -> Copyable:
    """A text made safe line by line, whatever it was made of.

    Args:
        name: what it is.
        body: the text, or its lines.
        file: name of a file it could go to, without an ending for plain text; made from `name` when left out.
    """
    lines = body.split("\n") if isinstance(body, str) else body
    plain = _OUT_OF_NAMES.sub("-", file or name).strip("-.")[-_LONGEST_NAME:] or "copy"
    return Copyable(name, "\n".join(safe(line, None) for line in lines), plain if "." in plain else f"{plain}.txt")


def leading_to(settings: Settings, profile: str) -> tuple[str, ...]:
    """Global options that lead to the same Redis; none where the environment does, or a secret would be in them."""
    from pantry_queue.config import mask_url

    if profile:
        return ("--profile", profile)
    url = settings.redis_url
    return ("--url", url) if url and mask_url(url) == url and safe(url, None) == url else ()


def command(options: Sequence[str], address: Address) -> Copyable:
    """The command line that opens a view again.

    Args:
        options: global ones, that lead to the same Redis.
        address: of the view.
    """
    from console.tui.address import words

    return copyable("command", f"{shlex.join(['pantry-console', *options, 'view'])} {shlex.quote(words(address))}")


def as_json(document: Any, file: str) -> Copyable:
    """A value as the command line prints it with `--json`."""
    from console.documents.values import plain_json

    body = json.dumps(document, indent=2, default=plain_json, ensure_ascii=False)
    return copyable("JSON", body, f"{file}.json")


def ids(selection: Selection) -> list[Copyable]:
    """The names of what is chosen, one a line; none where a whole list is."""
    from pantry_queue.monitor.wire import raw_of

    names = selection.ids or selection.queues if not selection.states else ()
    names = names or selection.signatures
    if not names:
        return []
    what = "name" if selection.queues else "signature" if selection.signatures else "id"
    return [
        copyable(what if len(names) == 1 else f"{len(names)} {what}s", [safe(raw_of(name), None) for name in names])
    ]


def job(detail: JobDetail) -> list[Copyable]:
    """A job: its document, its call, what it left."""
    from console.documents.jobs import call, detail_json

    name = f"job-{detail.row.id}"
    found = [as_json(detail_json(detail), name)]
    if detail.traceback:
        found.append(copyable("traceback", detail.traceback, f"{name}-traceback"))
    if detail.payload.func:
        found.append(copyable("call", call(detail), f"{name}-call"))
    if detail.result is not None:
        found.append(copyable("result", detail.result, f"{name}-result"))
    if detail.log:
        found.append(copyable("log", detail.log, f"{name}-log"))
    return found


def rows(found: Sequence[JobRow]) -> list[Copyable]:
    """The rows of a list that were read, one JSON object a line, as `export` writes them."""
    from console.documents.jobs import row_json
    from console.documents.values import plain_json

    if not found:
        return []
    lines = [json.dumps(row_json(row), default=plain_json, ensure_ascii=False) for row in found]
    return [copyable(f"{len(found)} rows" if len(found) > 1 else "row", lines, "jobs.jsonl")]


def export(options: Sequence[str], state: str, queue: str | None, where: str) -> Copyable:
    """The command line that writes all rows of a list to a file."""
    from pantry_queue.monitor.wire import raw_of

    chosen = ["--state", state, *(["--queue", safe(raw_of(queue))] if queue is not None else [])]
    chosen += ["--where", where] if where else []
    return copyable("export", f"{shlex.join(['pantry-console', *options, 'export', *chosen])} > jobs.csv")


def shown(name: str, lines: Iterable[Iterable[Cell]]) -> Copyable:
    """A text as it stands on the screen."""
    return copyable(name, ["".join(cell.text for cell in line) for line in lines], name)


def one_line(text: Copyable) -> SafeText:
    """How it begins, for a list of texts."""
    return safe(text.body.partition("\n")[0].strip(), 200)
