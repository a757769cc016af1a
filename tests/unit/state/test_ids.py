"""Identifiers sort by time, and stay the same for the same thing."""

import pytest

from state.ids import idempotency_key, ulid


def test_ulids_sort_by_time() -> None:
    low, high = bytes(10), b"\xff" * 10
    assert ulid(0, low) == "0" * 26
    assert ulid(1, low) > ulid(0, high)
    assert ulid((1 << 48) - 1, high) == "7" + "Z" * 25


def test_the_known_example_of_the_specification() -> None:
    assert ulid(1469918176385, bytes(10)).startswith("01ARYZ6S41")


@pytest.mark.parametrize(("at", "entropy"), [(-1, bytes(10)), (1 << 48, bytes(10)), (0, b"")])
def test_what_does_not_fit_is_refused(at: int, entropy: bytes) -> None:
    with pytest.raises(ValueError):
        ulid(at, entropy)


def test_an_idempotency_key_belongs_to_one_part() -> None:
    key = idempotency_key("telegram", "4711", 0)
    assert key == idempotency_key("telegram", "4711", 0)
    assert len(key) == 24
    others = {
        idempotency_key("telegram", "4711", 1),
        idempotency_key("telegram", "471", 10),
        idempotency_key("telegram-work", "4711", 0),
        idempotency_key("telegram", "\ud800", 0),
    }
    assert len(others | {key}) == 5
