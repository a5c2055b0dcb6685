"""What a failure has in common with others of its kind: exception, normalised message, deciding frame. Pure.

Tracebacks are CPython's (`traceback.format_exception`), as RQ stores them; what RQ writes itself when it ends a job
has no exception.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from pantry_queue.monitor import fields
from pantry_queue.text import SafeText

_FRAME = b'\n  File "'
_UNINDENTED = re.compile(rb"\n(?=\S)")
_EXCEPTION = re.compile(rb"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?", re.DOTALL)
_FRAMES = re.compile(rb'\n  File "(?P<path>[^"\n]{1,500})", line \d+(?:, in (?P<func>[^\n]{1,200}))?')
_BUILTIN = re.compile(rb"^(?:builtins|exceptions)\.")
#: Parts of paths that are somebody else's code, our worker's that calls the job's, or no file at all.
_FOREIGN = (
    *(b"site-packages", b"dist-packages", b"/lib/python3", b"\\lib\\python3", b"/Lib/", b"<frozen", b"<string>"),
    *(b"pantry_queue/workers/", b"pantry_queue\\workers\\"),
)
#: RQ's own words (`rq.registry`, 3.0) around the only exception it names.
_DUE_TO = re.compile(rb"due to (\w{1,100}), at ")
_LONGEST_MESSAGE = 400
_LONGEST_LINE = 2000
_WHOLE_NUMBER = re.compile(rb"(?<![\w-])\d+(?![\w-])")

_NORMAL: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<!\w)'[^'\n]{0,300}'(?!\w)|\"[^\"\n]{0,300}\"|`[^`\n]{0,300}`|“[^”\n]{0,300}”"), "‹text›"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "‹id›"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "‹id›"),
    (re.compile(r"\b[a-z][a-z0-9+.-]{1,10}://[^\s,;)>\]]{1,300}", re.IGNORECASE), "‹url›"),
    (re.compile(r"(?<![\w/])(?:[A-Za-z]:\\|~?/)[\w.@+-]+(?:[/\\][\w.@+ -]*[\w.@+-])*[/\\]?"), "‹path›"),
    (re.compile(r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b"), "‹id›"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "‹n›"),
)


class Cause(NamedTuple):
    """What failures of one kind share."""

    func: SafeText
    exception: SafeText
    message: SafeText
    where: SafeText

    @property
    def signature(self) -> str:
        """Ten hexadecimal digits that stand for it, the same in every run."""
        return hashlib.blake2b("\0".join(self).encode(), digest_size=5).hexdigest()


class Told(NamedTuple):
    """What a traceback tells: the parts of its cause, and its deciding line, not yet safe to show (`shown`)."""

    exception: SafeText
    message: SafeText
    where: SafeText
    line: bytes


def told(traceback: bytes) -> Told:
    """Take a traceback apart. Never raises, whatever the text is.

    Args:
        traceback: as a result entry or `exc_info` holds it, decompressed.
    """
    text = b"\n" + traceback.strip()
    last_frame = text.rfind(_FRAME)
    if last_frame < 0:
        return _without_frames(text[1:])
    end = _UNINDENTED.search(text, last_frame + 1)
    head, line = (text[: end.start()], text[end.end() :]) if end else (text, b"")
    match = _EXCEPTION.fullmatch(line[: 4 * _LONGEST_MESSAGE])
    if match is None:
        return Told(SafeText(""), normal(line), _where(head), line[:_LONGEST_LINE])
    kind = _BUILTIN.sub(b"", match["type"])
    return Told(fields.line(kind, 200), normal(match["message"] or b""), _where(head), line[:_LONGEST_LINE])


def _without_frames(text: bytes) -> Told:
    line = text.rpartition(b"\n")[2]
    match = _EXCEPTION.fullmatch(line[: 4 * _LONGEST_MESSAGE])
    if match is not None and b"." in match["type"]:
        # A worker that refused the job wrote down what it would have raised.
        return Told(
            fields.line(match["type"], 200), normal(match["message"] or b""), SafeText(""), line[:_LONGEST_LINE]
        )
    due = _DUE_TO.search(line[:_LONGEST_MESSAGE])
    return Told(fields.line(due[1] if due else None, 200), normal(line), SafeText(""), line[:_LONGEST_LINE])


def shown(line: bytes) -> SafeText:
    """The deciding line as text."""
    return fields.line(line.partition(b"\n")[0].strip())


@lru_cache(maxsize=4096)
def _normal(message: bytes) -> SafeText:
    text = fields.line(message.partition(b"\n")[0].strip(), _LONGEST_MESSAGE)
    for pattern, stand_in in _NORMAL:
        text = SafeText(pattern.sub(stand_in, text))
    return text


def normal(message: bytes) -> SafeText:
    """The first line of a message with numbers, ids, paths, addresses and quoted text replaced."""
    # Most messages of a kind differ in whole numbers only; what those become does not depend on what they are.
    return _normal(_WHOLE_NUMBER.sub(b"0", message[: 4 * _LONGEST_MESSAGE]))


@lru_cache(maxsize=1024)
def _where(frames: bytes) -> SafeText:
    """The innermost frame of the job's own code, else the innermost; line numbers change with every release."""
    found = list(_FRAMES.finditer(frames))
    if not found:
        return SafeText("")
    own = [frame for frame in found if not any(part in frame["path"] for part in _FOREIGN)]
    frame = (own or found)[-1]
    path = b"/".join(re.split(rb"[/\\]", frame["path"])[-2:])
    return fields.line(path + (b" in " + frame["func"] if frame["func"] else b""), 200)
