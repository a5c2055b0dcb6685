"""How a sample came to be an image: printed clean, laid on a scanner, or taken by telephone."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageFilter

Look = Callable[[Image.Image, random.Random], Image.Image]

_TABLES = ((92, 70, 52), (60, 62, 66), (120, 112, 100), (38, 40, 48))


def clean(picture: Image.Image, chance: random.Random) -> Image.Image:
    """As printed."""
    return picture.convert("RGB")


def scan(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A flat-bed look: faded ink, noise, a little blur, and at most 1.5 degrees askew."""
    fade = chance.randint(0, 70)
    faded = picture.point([min(255, value + fade) if value < 128 else value for value in range(256)])
    noisy = _noisy(faded, chance, strength=chance.uniform(0.1, 0.25))
    blurred = noisy.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 0.9)))
    turned = blurred.rotate(chance.uniform(-1.5, 1.5), expand=True, fillcolor=245, resample=Image.Resampling.BICUBIC)
    return turned.convert("RGB")


def photo(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A telephone's look: perspective, a dark table around, uneven warm light, blur."""
    paper = scan(picture, chance)
    border = round(paper.width * 0.18)
    table = Image.new("RGB", (paper.width + 2 * border, paper.height + 2 * border), chance.choice(_TABLES))
    table.paste(paper, (border, border))
    width, height = table.size

    def shift() -> float:
        return chance.uniform(-0.05, 0.05) * paper.width

    corners = ((0, 0), (0, height), (width, height), (width, 0))
    moved = [value + shift() for corner in corners for value in corner]
    tilted = table.transform(table.size, Image.Transform.QUAD, moved, Image.Resampling.BICUBIC)
    lit = ImageChops.multiply(tilted, _light(tilted.size, chance))
    return lit.filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 1.1)))


LOOKS: tuple[Look, ...] = (clean, scan, photo)


def _noisy(picture: Image.Image, chance: random.Random, *, strength: float) -> Image.Image:
    # From our own generator: Pillow's noise cannot be seeded.
    size = picture.size
    noise = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    gentle = noise.point([128 + round((value - 128) * strength) for value in range(256)])
    return ImageChops.add(picture, gentle, offset=-128)


def _light(size: tuple[int, int], chance: random.Random) -> Image.Image:
    fall = Image.linear_gradient("L").rotate(chance.choice([0, 90, 180, 270])).resize(size)
    light = fall.point([150 + int(value * 0.41) for value in range(256)])
    warm = [light.point([max(0, value - less) for value in range(256)]) for less in (0, 6, 22)]
    return Image.merge("RGB", warm)
