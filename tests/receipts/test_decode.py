"""From bytes to pixels: what is accepted, what is refused, and that nothing large is ever decoded."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pantry_queue.receipts.images import DecodeLimits, ImageRefused, decode_image


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def page(mode: str = "RGB", size: tuple[int, int] = (80, 60)) -> Image.Image:
    """White, with a red block at the top left."""
    picture = Image.new("RGB", size, "white")
    picture.paste((255, 0, 0), (0, 0, 20, 15))
    return picture.convert(mode)


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def refusal(content: bytes, limits: DecodeLimits | None = None) -> tuple[int, str]:
    with pytest.raises(ImageRefused) as refused:
        decode_image(content, limits)
    assert refused.value.__cause__ is None
    return refused.value.status, refused.value.code


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("WEBP", "RGB"),
        ("TIFF", "RGB"),
        ("TIFF", "1"),
    ],
)
def test_the_four_formats_become_blue_green_red_bytes(form: str, mode: str) -> None:
    pixels = decode_image(encoded(page(mode), form))
    assert pixels.shape == (60, 80, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags["C_CONTIGUOUS"]
    assert (pixels[50, 70] > 240).all()
    if mode not in ("L", "1"):
        blue, green, red = (int(value) for value in pixels[5, 5])
        assert red > 200 > 60 > max(blue, green)


def test_a_photo_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decode_image(encoded(page(), "JPEG", exif=exif.tobytes(), quality=95))
    assert pixels.shape == (80, 60, 3)
    assert pixels[5, 55, 2] > 200 > 60 > pixels[5, 55, 0]


def test_transparent_parts_are_white_as_paper() -> None:
    assert (decode_image(encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG")) == 255).all()


def test_sixteen_bits_are_scaled_down_not_cut_off() -> None:
    grey = Image.fromarray(np.full((40, 40), 0x8000, dtype=np.uint16))
    assert abs(int(decode_image(encoded(grey, "PNG"))[0, 0, 0]) - 128) <= 1


def test_the_long_side_is_cut() -> None:
    assert decode_image(encoded(page(size=(4000, 1000)), "JPEG")).shape == (600, 2400, 3)
    assert decode_image(encoded(page(size=(1000, 4000)), "PNG")).shape == (2400, 600, 3)


@pytest.mark.parametrize("size", [(8000, 6251), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    assert refusal(png_that_claims(*size)) == (413, "too_many_pixels")


def test_an_image_at_the_limit_of_pixels_is_decoded() -> None:
    limits = DecodeLimits(max_pixels=80 * 60)
    assert decode_image(encoded(page(), "PNG"), limits).shape == (60, 80, 3)
    assert refusal(encoded(page(size=(81, 60)), "PNG"), limits) == (413, "too_many_pixels")


@pytest.mark.parametrize("size", [(1, 1), (29, 500), (500, 29), (8000, 60)])
def test_what_is_too_small_to_read_is_refused(size: tuple[int, int]) -> None:
    assert refusal(encoded(page(size=size), "PNG")) == (422, "image_too_small")


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 and so on",
        encoded(page(), "GIF"),
        encoded(page(), "BMP"),
        b"\0\0\0\x18ftypheic\0\0\0\0",
        b"\0\0\0\x1cftypavif\0\0\0\0",
    ],
)
def test_other_kinds_of_files_are_named(content: bytes) -> None:
    assert refusal(content) == (415, "unsupported_format")


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\xff\xd8\xff", encoded(page(), "PNG")[:60], encoded(page(), "JPEG")[:200], b"\0" * 1000],
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    assert refusal(content) == (422, "bad_image")


WHOLE = [encoded(page(), form) for form in ("JPEG", "PNG", "WEBP", "TIFF")]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(min_value=0, max_value=5000), st.integers(min_value=0, max_value=255)), max_size=12),
    st.integers(min_value=0, max_value=5000),
)
def test_damaged_images_are_decoded_or_refused_and_nothing_else(
    whole: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    damaged = bytearray(whole[: max(1, length)])
    for at, value in changes:
        damaged[at % len(damaged)] = value
    with contextlib.suppress(ImageRefused):
        pixels = decode_image(bytes(damaged))
        assert pixels.ndim == 3
        assert max(pixels.shape) <= 2400
