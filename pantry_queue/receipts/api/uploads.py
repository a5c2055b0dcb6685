"""Uploaded images: looked at before they are kept, under names that nobody outside chose."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from pantry_queue.errors import PantryError
from pantry_queue.receipts.images import MAX_BYTES, ImageRefused, decode_image
from pantry_queue.receipts.images.files import too_large

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# For people who look into the folder; the agent goes by what is inside.
_SUFFIXES = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"RIFF", ".webp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
)


class UploadsUnavailable(PantryError):  # noqa: N818 - reads as what happened
    """An image could not be kept; nothing of it is left."""


def check_image(content: bytes) -> None:
    """Decode it once, within the limits the agent has.

    Raises:
        ImageRefused: 413, 415 or 422; the agent would refuse it too.
    """
    if not content:
        raise ImageRefused(422, "empty", "The file is empty; send a JPEG, PNG, WebP or TIFF image.")
    if len(content) > MAX_BYTES:
        raise too_large(MAX_BYTES)
    decode_image(content)


class UploadFolder:
    """A folder of images, private to this user; it is made on first use.

    Args:
        folder: absolute; the agent must be allowed to read it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, content: bytes) -> Path:
        """Write an image and return its path. Once this returns, it is on the disk.

        Raises:
            UploadsUnavailable: the folder cannot be written, or the disk is full.
        """
        path = self.folder / f"{secrets.token_hex(16)}{_suffix(content)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, content)
        except OSError as error:
            self.remove(path)
            raise UploadsUnavailable(
                f"The image could not be kept ({error.strerror}): the folder of uploads needs room and rights."
            ) from error
        return path

    def remove(self, path: Path) -> None:
        """Take an image back that nothing refers to."""
        with suppress(OSError):
            path.unlink()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, _WRITE, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name too has to survive a power cut, since a row will refer to it
    finally:
        os.close(folder)


def _suffix(content: bytes) -> str:
    return next((suffix for start, suffix in _SUFFIXES if content.startswith(start)), "")
