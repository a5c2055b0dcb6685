"""From what a database driver raises to one error with a sentence, never with a secret or a receipt's text in it."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError

from pantry_queue.errors import StoreUnavailable
from pantry_queue.text import mask_secrets, safe

_SENTENCES = {
    "locked": "The receipt store {where} is locked by another program: try again when its transaction has ended.",
    "refused": "No database answers for the receipt store {where}: start it, or correct DATABASE_URL.",
    "auth": "The receipt store {where} refused user or password: correct DATABASE_URL.",
    "missing": "The receipt store {where} does not exist: create the database, or correct DATABASE_URL.",
    "starting": "The receipt store {where} is starting or stopping: try again in a moment.",
    "lost": "The connection to the receipt store {where} broke off: check that the database runs, and try again.",
    "full": "The disk of the receipt store {where} is full: make room and try again.",
    "readonly": "The receipt store {where} cannot be written: check the rights on it, and on its folder.",
    "error": "The receipt store {where} answered with an error: {detail}.",
}

#: First match wins; the texts are those of SQLite, libpq and PostgreSQL.
_CAUSES = (
    ("locked", r"database (table )?is locked|lock timeout|could not obtain lock|deadlock detected|LockNotAvailable"),
    ("auth", r"password authentication failed|no password supplied|role .* does not exist|no pg_hba.conf entry"),
    ("missing", r"database .* does not exist"),
    ("starting", r"is starting up|is shutting down|in recovery mode|too many (clients|connections)|remaining conn"),
    ("refused", r"refused|No such file or directory|could not translate host|[Nn]ame or service|timeout expired"),
    ("lost", r"server closed|terminating connection|connection .*(closed|lost|reset)|broken|SSL SYSCALL|AdminShutdown"),
    ("full", r"is full|No space left"),
    ("readonly", r"readonly database|read-only|unable to open database|[Pp]ermission denied|read-only file"),
)


def unavailable(error: Exception, where: str) -> StoreUnavailable:
    """The error for what the driver raised.

    Args:
        error: of SQLAlchemy or of the driver.
        where: address of the database without a password.
    """
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    told = str(original)
    cause = next((name for name, pattern in _CAUSES if re.search(pattern, told)), "error")
    if cause == "error" and isinstance(error, DBAPIError) and error.connection_invalidated:
        cause = "lost"
    detail = safe(mask_secrets(told.strip().split("\n")[0]), 200).rstrip(".") or type(original).__name__
    return StoreUnavailable(_SENTENCES[cause].format(where=safe(where), detail=detail), cause)
