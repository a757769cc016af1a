from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sandbox.sizes import InvalidSize, parse, written


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 512 << 20), ("1g", 1 << 30), ("64k", 64 << 10), ("1000", 1000), ("0", 0),
        ("2 GB", 2 << 30), ("2GiB", 2 << 30), (" 1T ", 1 << 40), ("5b", 5),
    ],
)  # fmt: skip
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse(text) == size


@pytest.mark.parametrize(
    "text", ["", "m", "-1m", "1.5g", "1mm", "1 k k", "٣m", "2000000000g", "1e3"]
)
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSize, match="write"):
        parse(text)


@given(st.integers(0, 1 << 50))
def test_what_is_written_is_read_again(size: int) -> None:
    assert parse(written(size)) == size


@given(st.text())
def test_any_text_is_a_size_or_refused(text: str) -> None:
    with suppress(InvalidSize):
        assert parse(text) >= 0
