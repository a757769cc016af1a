"""Nothing is slowed down until the platform says so."""

import pytest

from gateway.pacing import CHAT_INTERVAL, MEMORY, Pace


def test_an_unflooded_account_never_waits() -> None:
    pace = Pace()
    for _ in range(1000):
        assert pace.delay("a", 0.0) == 0
        pace.sent("a", 0.0)


def test_a_flood_wait_parks_that_chat_alone() -> None:
    pace = Pace()
    pace.flooded("a", 30, 100.0, whole_account=False)
    assert pace.delay("a", 100.0) == 30
    assert pace.delay("b", 100.0) == 0
    assert pace.delay("a", 130.0) == 0


def test_a_chat_that_was_flooded_is_paced_for_a_while() -> None:
    pace = Pace()
    pace.flooded("a", 5, 0.0, whole_account=False)
    pace.sent("a", 5.0)
    assert pace.delay("a", 5.0) == CHAT_INTERVAL
    after = 5.0 + MEMORY
    pace.sent("a", after)
    assert pace.delay("a", after) == 0


def test_a_flooded_chat_that_is_silent_afterwards_is_forgotten() -> None:
    pace = Pace()
    for number in range(100):
        pace.flooded(str(number), 5, number * 2 * MEMORY, whole_account=False)
    assert len(pace._chats) == 1


def test_a_flood_of_the_account_parks_every_chat() -> None:
    pace = Pace()
    pace.flooded("a", 5, 0.0, whole_account=True)
    assert pace.delay("b", 0.0) == 5


@pytest.mark.parametrize(("chats", "paced"), [("aaaa", False), ("ab", False), ("abc", True)])
async def test_floods_in_several_chats_are_about_the_account(chats: str, paced: bool) -> None:
    pace = Pace()
    for chat in chats:
        pace.flooded(chat, 1, 0.0, whole_account=False)
    assert pace.account_is_paced(1.0) is paced
