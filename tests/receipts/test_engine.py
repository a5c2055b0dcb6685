"""The real recogniser on real pixels."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rapidocr

from pantry_queue.receipts.engine import OcrEngine, OcrUnavailable
from pantry_queue.receipts.extract import extract, mean_confidence
from pantry_queue.receipts.images import Pixels, decode_image
from pantry_queue.receipts.samples import Sample


@pytest.fixture(scope="module")
def shortest(samples: list[Sample]) -> Sample:
    """The sample with the smallest file, which is the cheapest to read."""
    return min((sample for sample in samples if sample.expectation.is_read), key=lambda s: s.path.stat().st_size)


@pytest.fixture(scope="module")
def pixels(shortest: Sample) -> Pixels:
    return decode_image(shortest.path.read_bytes())


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_receipt_is_read_whichever_way_it_lies(
    engine: OcrEngine, pixels: Pixels, shortest: Sample, turns: int
) -> None:
    lines = engine.read(np.ascontiguousarray(np.rot90(pixels, turns)))
    found = extract(lines).metadata
    assert mean_confidence(lines) > 0.9
    assert (found.merchant_name, found.purchase_date, found.total_amount) == (
        shortest.merchant,
        shortest.purchase_date,
        shortest.total,
    )


@pytest.mark.parametrize("shape", [(30, 30), (30, 2400), (900, 600)])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_plain_page_has_no_text(engine: OcrEngine, shape: tuple[int, int], shade: int) -> None:
    assert engine.read(np.full((*shape, 3), shade, dtype=np.uint8)) == []


def test_loading_and_reading_never_touch_the_network(monkeypatch: pytest.MonkeyPatch, pixels: Pixels) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the recogniser reached for the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(AssertionError):
        socket.create_connection(("127.0.0.1", 9))
    fresh = OcrEngine()
    fresh.warm()
    assert fresh.read(pixels[: pixels.shape[0] // 3])


def test_missing_models_are_told_and_never_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rapidocr, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(OcrUnavailable, match=r"without its model .*onnx; install rapidocr"):
        OcrEngine()
