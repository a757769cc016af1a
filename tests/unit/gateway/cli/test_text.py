"""Words for people."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.cli.text import ago, called, cost, many, table

NOW = datetime(2026, 1, 30, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (-5, "just now"),
        (59, "59s ago"),
        (60, "1m ago"),
        (3599, "59m ago"),
        (7200, "2h ago"),
        (86_399, "23h ago"),
        (86_400, "1d ago"),
        (40 * 86_400, "40d ago"),
    ],
)
def test_a_time_is_told_in_one_unit(seconds, words):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_side_session_is_called_by_its_key_and_its_name():
    row = {"id": "telegram_1_main", "key": "telegram:1:main", "base": None, "name": None}
    assert called(row) == "telegram:1:main"
    side = row | {"id": "telegram_1_main.tax-return", "base": "telegram_1_main"}
    assert called(side | {"name": "Tax return"}) == "telegram:1:main (Tax return)"
    assert called(side) == "telegram:1:main (tax-return)"


def test_one_is_not_many():
    assert (many(1, "message"), many(15, "message")) == ("1 message", "15 messages")


def test_columns_line_up():
    assert table([("a", "bb"), ("ccc", "d")]) == ["  a    bb", "  ccc  d"]


@pytest.mark.parametrize(
    ("dollars", "unpriced", "words"),
    [
        (0, 0, "$0.00"),
        (0.0004, 0, "$0.0004"),
        (1234.5, 0, "$1,234.50"),
        (0, 7, "unknown"),
        (1.5, 7, "$1.50 and more"),
    ],
)
def test_a_cost_says_when_it_is_not_all(dollars, unpriced, words):
    assert cost({"cost": dollars, "unpriced": unpriced}) == words
