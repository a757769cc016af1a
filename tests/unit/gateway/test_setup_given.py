"""A secret that is read once is taken whole, or not at all."""

import io

import pytest

from gateway.config_secrets import LARGEST
from gateway.setup.given import WronglyGiven, secret


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"x" * (LARGEST + 1), "64 kB"),
        (b"123:\xff\xfe", "is not UTF-8"),
        (b" \n", "holds no secret"),
    ],
)
def test_what_is_no_secret_is_not_written_as_one(monkeypatch, given, said):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    with pytest.raises(WronglyGiven, match=said):
        secret("-")


def test_a_secret_is_taken_without_the_line_that_it_stood_on(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"123:token\r\n")))
    assert secret("-") == "123:token"
