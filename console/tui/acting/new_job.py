"""A new job as a dialog asks for it: what is typed in its fields, and the same as a command line. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console import durations
from pantry_queue.errors import PantryError
from pantry_queue.text import SafeText, mask_secrets, safe

if TYPE_CHECKING:
    from pantry_queue.control.new_job import Request

#: What is typed, by the name of the field.
Typed = Mapping[str, str]
_DEFAULT_QUEUE = "default"


@dataclass(frozen=True, slots=True)
class Blank:
    """A field of the dialog.

    Attributes:
        option: of the command line; empty for what stands by itself.
    """

    name: str
    label: str
    hint: str
    option: str = ""


BLANKS = (
    Blank("func", "Function", "package.module.function; it need not be on this machine"),
    Blank("args", "Arguments", "text :json %literal name=text name:=json, as in a shell"),
    Blank("queue", "Queue", _DEFAULT_QUEUE, "--queue"),
    Blank("due", "To run", "now; or in 10m, or at 2026-12-01T08:00 (UTC)", "--in"),
    Blank("retry", "Retries", "none; or 3, or 3:10,60 with the seconds between", "--retry"),
    Blank("timeout", "Time-out", "180; or 90, 10m, -1 for ever", "--timeout"),
    Blank("job_id", "Id", "a new one", "--job-id"),
    Blank("reason", "Reason", "kept in the activity log", "--reason"),
)
_FRONT = "--at-front"


def read(typed: Typed, *, files: bool) -> Request:
    """What was typed, as a job that can be enqueued.

    Args:
        files: `@path` may be read from this machine as the value of an argument.

    Raises:
        PantryError: one sentence that says what is wrong.
    """
    from pantry_queue.control import arguments
    from pantry_queue.control.new_job import Request, validate

    said = {blank.name: typed.get(blank.name, "").strip() for blank in BLANKS}
    if not said["func"]:
        raise PantryError("Say which function, by its path: package.module.function.")
    words = _words(said["args"])
    if not files and any(word.startswith("@") or "=@" in word for word in words):
        raise PantryError("This console is restricted: it reads no file of this machine for an argument.")
    args, kwargs = arguments.parsed(words)
    try:
        retries, intervals = durations.retries(said["retry"] or "0")
        due = durations.due(said["due"]) if said["due"] else None
    except ValueError as error:
        raise PantryError(str(error)) from None
    request = Request(
        func=said["func"],
        args=args,
        kwargs=kwargs,
        queue=said["queue"] or _DEFAULT_QUEUE,
        at_front=bool(typed.get("at_front")),
        due=due,
        retries=retries,
        intervals=intervals,
        job_id=said["job_id"] or None,
        timeout=said["timeout"] or None,
    )
    validate(request)
    return request


def understand(words: Sequence[str]) -> dict[str, str]:
    """The words behind `enqueue` on a command line, as what is typed in the fields.

    Raises:
        PantryError: an option that is none, or has no value.
    """
    options = {blank.option: blank.name for blank in BLANKS if blank.option} | {"--at": "due", "-q": "queue"}
    typed: dict[str, str] = {}
    plain: list[str] = []
    left = iter(words)
    for word in left:
        name, _, value = word.partition("=")
        if word == _FRONT:
            typed["at_front"] = "on"
        elif name in options:
            typed[options[name]] = value or next(left, "")
            if not typed[options[name]]:
                raise PantryError(f"{name} needs a value behind it.")
        elif word.startswith("--"):
            known = ", ".join([_FRONT, *(blank.option for blank in BLANKS if blank.option)])
            raise PantryError(f"enqueue does not know {safe(word, 40)!r}; it takes {known}.")
        else:
            plain.append(word)
    return typed | {"func": plain[0] if plain else "", "args": shlex.join(plain[1:])}


def command(typed: Typed) -> SafeText:
    """The same as a command line; secrets are masked."""
    said = {name: text.strip() for name, text in typed.items()}
    words = ["pantry-console", "enqueue", said.get("func", "")]
    try:
        words += _words(said.get("args", ""))
    except PantryError:
        words.append("...")
    for blank in BLANKS:
        if blank.option and said.get(blank.name):
            dated = blank.name == "due" and durations.is_moment(said["due"])
            words += ["--at" if dated else blank.option, said[blank.name]]
    words += [_FRONT] if said.get("at_front") else []
    return safe(mask_secrets(" ".join(shlex.quote(word) for word in words)))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise PantryError("Arguments: these quotes are never closed.") from None
