"""From an image path to pixels, with every door closed that was not opened.

:func:`read_image` gets the bytes, :func:`decode_image` the pixels; both refuse with :class:`ImageRefused`.
"""

from __future__ import annotations

from .decode import DecodeLimits, Pixels, decode_image
from .door import MAX_BYTES, read_image
from .refusal import ImageRefused
from .sources import ImageSources, ObjectStore

__all__ = [
    "MAX_BYTES",
    "DecodeLimits",
    "ImageRefused",
    "ImageSources",
    "ObjectStore",
    "Pixels",
    "decode_image",
    "read_image",
]
