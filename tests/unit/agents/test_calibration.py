"""Estimates come closer to what a provider counts, and never run away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.calibration import LARGEST, SMALLEST, Calibrations

MODEL = "openai:m"


def after(*pairs: tuple[int, int]) -> Calibrations:
    """What is known after these requests: estimated and counted tokens."""
    known = Calibrations()
    for estimated, counted in pairs:
        known.learn(MODEL, estimated=estimated, counted=counted)
    return known


def test_nothing_is_corrected_before_anything_was_counted():
    assert after().corrected(MODEL, 1000) == 1000


def test_the_first_count_is_believed_and_later_ones_little_by_little():
    assert after((1000, 1500)).corrected(MODEL, 1000) == 1500
    assert after((1000, 1500), (1000, 1000)).corrected(MODEL, 1000) == 1400


def test_a_model_teaches_nothing_about_another():
    assert after((1000, 1500)).corrected("openai:other", 1000) == 1000


@pytest.mark.parametrize("pair", [(0, 5000), (199, 400), (5000, 0)])
def test_a_request_that_is_too_short_teaches_nothing(pair):
    assert after(pair).corrected(MODEL, 1000) == 1000


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9))))
def test_whatever_is_counted_a_correction_stays_sane(pairs: list[tuple[int, int]]) -> None:
    assert SMALLEST * 1000 <= after(*pairs).corrected(MODEL, 1000) <= LARGEST * 1000


@given(st.floats(SMALLEST, LARGEST), st.integers(1000, 10**6))
def test_a_steady_tokenizer_is_learnt_exactly(ratio: float, size: int) -> None:
    known = after(*[(size, round(size * ratio))] * 5)
    assert known.corrected(MODEL, size) == pytest.approx(size * ratio, abs=2)
