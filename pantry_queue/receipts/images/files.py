"""Image files under the configured roots, and nothing else of this machine."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .refusal import ImageRefused

# NONBLOCK: opening a FIFO must not wait for a writer. NOCTTY: opening a terminal must not adopt it.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MISSING = (errno.ENOENT, errno.ENOTDIR)


def read_file(path: str, roots: Sequence[Path], *, max_bytes: int) -> bytes:
    """The content of a regular file below one of ``roots``.

    Links and ``..`` are resolved first; what they lead to must lie below a root. The file is then opened folder by
    folder from the root without following links, so a folder swapped for a link meanwhile leads nowhere.

    :param path: absolute, or relative to any of the roots (the first that has it)
    :raises ImageRefused: 400 ``bad_path``; 403 ``files_off``, ``path_outside``, ``not_regular``, ``unreadable``;
        404 ``not_found``; 413 ``too_large``
    """
    _check_name(path)
    if not roots:
        raise ImageRefused(403, "files_off", "Image files are not enabled here; set IMAGE_ROOTS for the agent.")
    places = [place for place in (_place(path, root) for root in roots) if place is not None]
    if not places:
        raise ImageRefused(403, "path_outside", "The image lies outside the folders that may be read.")
    for root, parts in places:
        try:
            return _read(_open_below(root, parts), max_bytes)
        except OSError as error:
            if error.errno not in _MISSING:
                raise ImageRefused(
                    403, "unreadable", "The image cannot be opened; check its rights and links."
                ) from None
    raise ImageRefused(404, "not_found", "There is no such image.")


def _check_name(path: str) -> None:
    try:
        usable = bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise ImageRefused(400, "bad_path", "The image path is empty or holds characters that no path can hold.")


def _place(path: str, root: Path) -> tuple[str, tuple[str, ...]] | None:
    """The root and the parts below it that ``path`` leads to, or ``None`` where it leads outside."""
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(real_root, path))
    if os.path.commonpath([real_root, real]) != real_root or real == real_root:
        return None
    return real_root, tuple(os.path.relpath(real, real_root).split(os.sep))


def _open_below(root: str, parts: Sequence[str]) -> int:
    folder = os.open(root, _FOLDER_FLAGS)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER_FLAGS, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], _FILE_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)


@contextmanager
def _closed_after(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _read(descriptor: int, max_bytes: int) -> bytes:
    with _closed_after(descriptor):
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ImageRefused(403, "not_regular", "The image path does not lead to a regular file.")
        if status.st_size > max_bytes:
            raise too_large(max_bytes)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # One byte more than allowed is asked for, since the file may grow after its size was looked at.
            content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise too_large(max_bytes)
    return content


def too_large(max_bytes: int) -> ImageRefused:
    """The refusal of an image of more than ``max_bytes`` bytes."""
    return ImageRefused(413, "too_large", f"The image is larger than {max_bytes // 2**20} MB; send a smaller one.")
