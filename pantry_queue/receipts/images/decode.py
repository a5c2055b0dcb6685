"""Bytes to pixels, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from .refusal import ImageRefused

Pixels = npt.NDArray[np.uint8]

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
# What people send instead: named, so that they know what to do.
_OTHER_KINDS = (
    (b"%PDF-", 0, "a PDF"),
    (b"GIF8", 0, "a GIF"),
    (b"BM", 0, "a BMP"),
    (b"ftyphe", 4, "a HEIC"),
    (b"ftypmif1", 4, "a HEIC"),
    (b"ftypavif", 4, "an AVIF"),
)
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """``max_pixels`` before decoding; the longer side is scaled down to ``max_side``; ``min_side`` after that."""

    max_pixels: int = 50_000_000
    max_side: int = 2400
    # Below it the recogniser scales an image up, which makes a thin strip huge.
    min_side: int = 30


def decode_image(content: bytes, limits: DecodeLimits | None = None) -> Pixels:
    """The pixels of a JPEG, PNG, WebP or TIFF file, turned as its EXIF data says.

    :returns: height x width x 3 bytes in the order blue, green, red, as OpenCV and the recogniser want them
    :raises ImageRefused: 413 ``too_many_pixels``; 415 ``unsupported_format``; 422 ``bad_image``,
        ``image_too_small``
    """
    limits = limits or DecodeLimits()
    try:
        # What decoders warn of (odd tags, sizes that we check ourselves) helps nobody here.
        with warnings.catch_warnings(action="ignore"):
            picture = _decode(content, limits)
    except ImageRefused:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(limits) from None
    except Exception:
        # Decoders raise anything on hostile bytes, and their words are not ours to repeat.
        raise _not_an_image(content) from None
    if min(picture.size) < limits.min_side:
        raise ImageRefused(
            422,
            "image_too_small",
            f"The image is under {limits.min_side} pixels wide or high; send a larger one.",
        )
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def _decode(content: bytes, limits: DecodeLimits) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
        if opened.width * opened.height > limits.max_pixels:
            raise _too_many_pixels(limits)
        # A JPEG can be decoded at a half, a quarter or an eighth of its size at a fraction of the cost.
        opened.draft("RGB", (limits.max_side, limits.max_side))
        opened.load()
        if opened.mode in ("RGB", "L"):
            # Before anything copies it: at its full size a copy is up to 150 MB.
            opened.thumbnail((limits.max_side, limits.max_side))
        picture = _on_white(ImageOps.exif_transpose(opened))
    picture.thumbnail((limits.max_side, limits.max_side))
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    """RGB, with transparent parts made white as paper: black would hide the print."""
    if picture.mode in _SIXTEEN_BIT:
        picture = picture.point(lambda value: value / 256).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    paper = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(paper, layered).convert("RGB")


def _too_many_pixels(limits: DecodeLimits) -> ImageRefused:
    return ImageRefused(
        413,
        "too_many_pixels",
        f"The image has more than {limits.max_pixels // 1_000_000} million pixels; send a smaller one.",
    )


def _not_an_image(content: bytes) -> ImageRefused:
    for start, at, kind in _OTHER_KINDS:
        if content.startswith(start, at):
            return ImageRefused(415, "unsupported_format", f"The file is {kind}; send a JPEG, PNG, WebP or TIFF.")
    return ImageRefused(422, "bad_image", "The file is not a readable JPEG, PNG, WebP or TIFF image.")
