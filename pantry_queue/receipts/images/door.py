"""The one function from an ``image_path`` to bytes: looks at the scheme and sends it through its door."""

from __future__ import annotations

import re
from urllib.parse import unquote

import anyio.to_thread

from .fetch import fetch
from .files import read_file
from .objects import read_object
from .refusal import ImageRefused
from .sources import ImageSources

MAX_BYTES = 15 * 2**20
MAX_PATH_LENGTH = 2048

_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*)://(.*)$", re.DOTALL)


async def read_image(image_path: str, sources: ImageSources, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of the image that ``image_path`` names, if ``sources`` allow it.

    Plain paths and ``file://`` lead to files, ``s3://bucket/key`` and ``minio://bucket/key`` to the one object
    store, ``http(s)://`` to listed hosts. Only the last is waited for here; the others run in a thread.

    :param max_bytes: an image of more bytes is refused, without reading further
    :raises ImageRefused: with a stable ``code`` and an HTTP ``status``
    """
    if not image_path or len(image_path) > MAX_PATH_LENGTH:
        raise ImageRefused(400, "bad_path", f"The image path must have 1 to {MAX_PATH_LENGTH} characters.")
    url = _URL.match(image_path)
    if url is None:
        return await anyio.to_thread.run_sync(_file, image_path, sources, max_bytes)
    scheme, rest = url[1].lower(), url[2]
    match scheme:
        case "file":
            return await anyio.to_thread.run_sync(_file, _path_of_file_url(rest), sources, max_bytes)
        case "s3" | "minio":
            return await anyio.to_thread.run_sync(_object, rest, sources, max_bytes)
        case "http" | "https":
            return await fetch(image_path, sources, max_bytes=max_bytes)
    raise ImageRefused(
        400, "bad_scheme", "The image path has a scheme that is not read; use a path, file, s3, minio or http(s)."
    )


def _file(path: str, sources: ImageSources, max_bytes: int) -> bytes:
    return read_file(path, sources.roots, max_bytes=max_bytes)


def _object(place: str, sources: ImageSources, max_bytes: int) -> bytes:
    return read_object(place, sources.objects, max_bytes=max_bytes)


def _path_of_file_url(rest: str) -> str:
    host, slash, path = rest.partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        raise ImageRefused(400, "bad_path", "A file:// URL must be file:///absolute/path, on this machine.")
    return unquote("/" + path, errors="surrogateescape")
