"""Samples: the same everywhere, with exact truth, and readable."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from pantry_queue.receipts import sample_words
from pantry_queue.receipts.engine import OcrEngine
from pantry_queue.receipts.extract import extract
from pantry_queue.receipts.images import ImageRefused, decode_image
from pantry_queue.receipts.samples import BLANK, NOT_AN_IMAGE, REFUSED_TWICE, Expectation, Sample, draw_samples


def test_good_samples_are_read_right(engine: OcrEngine, samples: list[Sample]) -> None:
    good = [sample for sample in samples if sample.expectation.is_read]
    assert len(good) == 7
    assert {sample.currency for sample in good} == {"USD", "GBP", "EUR", "MYR"}
    for sample in good:
        found = extract(engine.read(decode_image(sample.path.read_bytes()))).metadata
        truth = (sample.purchase_date, sample.total, sample.currency)
        assert (found.purchase_date, found.total_amount, found.currency) == truth, sample.path.name


def test_the_bad_ones_are_bad_as_they_say(samples: list[Sample], engine: OcrEngine) -> None:
    by_name = {sample.path.name: sample for sample in samples}
    assert by_name[NOT_AN_IMAGE].expectation is Expectation.NOT_AN_IMAGE
    with pytest.raises(ImageRefused) as refused:
        decode_image(by_name[NOT_AN_IMAGE].path.read_bytes())
    assert refused.value.code == "bad_image"
    assert by_name[BLANK].expectation is Expectation.NO_TEXT
    assert engine.read(decode_image(by_name[BLANK].path.read_bytes())) == []
    assert by_name[REFUSED_TWICE].expectation is Expectation.READ_AFTER_REFUSALS
    assert not by_name[BLANK].expectation.is_read


def test_the_same_seed_draws_the_same_receipts(tmp_path: Path) -> None:
    first, again, other = (draw_samples(tmp_path / name, 3, seed) for name, seed in (("a", 5), ("b", 5), ("c", 6)))
    assert [s.path.read_bytes() for s in first] == [s.path.read_bytes() for s in again]
    assert [s.path.read_bytes() for s in first] != [s.path.read_bytes() for s in other]
    assert [{**asdict(s), "path": None} for s in first] == [{**asdict(s), "path": None} for s in again]


def test_more_samples_do_not_change_the_first_ones(tmp_path: Path) -> None:
    few, more = draw_samples(tmp_path / "a", 1, 5), draw_samples(tmp_path / "b", 2, 5)
    assert few[0].path.read_bytes() == more[0].path.read_bytes()


def test_only_letters_that_the_font_has_are_printed() -> None:
    assert Path(sample_words.__file__).read_text(encoding="utf-8").isascii()
