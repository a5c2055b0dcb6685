"""The door for ``s3://bucket/key`` and ``minio://bucket/key``: one endpoint, listed buckets."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from .files import too_large
from .refusal import ImageRefused
from .sources import ObjectStore

if TYPE_CHECKING:
    from minio import Minio
    from minio.error import S3Error
    from urllib3 import BaseHTTPResponse

TOTAL_SECONDS = 20.0
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 10.0
_CHUNK_BYTES = 64 * 2**10
_MAX_KEY_BYTES = 1024
_MISSING = ("NoSuchKey", "NoSuchBucket", "NoSuchVersion")


def read_object(place: str, store: ObjectStore | None, *, max_bytes: int, seconds: float = TOTAL_SECONDS) -> bytes:
    """The content of the object ``place``, which is ``bucket/key`` as it follows ``s3://``.

    The endpoint is never taken from a request. No redirect is followed.

    :param seconds: the time for all of it; looked at between pieces of 64 KiB
    :raises ImageRefused: 400 ``bad_path``; 403 ``objects_off``, ``bucket_not_allowed``, ``object_denied``;
        404 ``not_found``; 413 ``too_large``; 503 ``store_unavailable``
    """
    if store is None:
        raise ImageRefused(403, "objects_off", "Images from S3 are not enabled; set S3_ENDPOINT for the agent.")
    bucket, _, key = place.partition("/")
    _check_key(key)
    if bucket not in store.buckets:
        raise ImageRefused(403, "bucket_not_allowed", "The image's bucket is not on the list of buckets to read.")

    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        return _download(_client(store).get_object(bucket, key), max_bytes, time.monotonic() + seconds)
    except S3Error as error:
        raise _refusal(error) from None
    except ValueError:
        raise ImageRefused(400, "bad_path", "The image's bucket or key has a form that S3 does not have.") from None
    except (MinioException, HTTPError, OSError):
        raise _unavailable() from None


def _check_key(key: str) -> None:
    try:
        usable = 0 < len(key.encode()) <= _MAX_KEY_BYTES
    except UnicodeEncodeError:
        usable = False
    if not usable or not key.isprintable() or any(part in ("", ".", "..") for part in key.split("/")):
        raise ImageRefused(400, "bad_path", "The image's key is empty, too long, or holds parts such as '..'.")


@lru_cache(maxsize=4)
def _client(store: ObjectStore) -> Minio:
    import urllib3
    from minio import Minio

    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        # Neither tried again nor sent elsewhere: the queue tries again, and elsewhere is not ours.
        retries=False,
    )
    return Minio(
        endpoint=store.endpoint,
        access_key=store.access_key,
        secret_key=store.secret_key,
        secure=store.secure,
        region=store.region,
        http_client=pool,
    )


def _download(response: BaseHTTPResponse, max_bytes: int, end: float) -> bytes:
    content = bytearray()
    try:
        for chunk in response.stream(_CHUNK_BYTES, decode_content=False):
            content += chunk
            if len(content) > max_bytes:
                raise too_large(max_bytes)
            if time.monotonic() > end:
                raise _unavailable()
    except BaseException:
        # The rest is not read: the connection cannot be used again.
        response.close()
        raise
    response.release_conn()
    return bytes(content)


def _refusal(error: S3Error) -> ImageRefused:
    if error.code in _MISSING:
        return ImageRefused(404, "not_found", "There is no such image.")
    if error.code == "AccessDenied":
        return ImageRefused(403, "object_denied", "The object store does not give the image to this agent.")
    # Wrong keys among them: a fault of the set-up must not make receipts fail for good.
    return _unavailable()


def _unavailable() -> ImageRefused:
    return ImageRefused(503, "store_unavailable", "The object store cannot be read now; check it and try again.")
