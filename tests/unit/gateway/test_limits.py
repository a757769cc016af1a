"""How often people may have the agent work for them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import Limits, LimitSettings, TooMany, Turn, Window
from state.keys import Address, SessionKey, SessionType
from state.messages import InboundMessage, Sender
from tests.unit.gateway.messages import message

ALICES = SessionKey("telegram", "7", SessionType.DM)
ROOM = SessionKey("telegram", "-5", SessionType.GROUP)
THREAD = SessionKey("telegram", "-5", SessionType.TOPIC, "3")
BOB = Sender("8", "Bob")


def limits(sender: int = 2, group: int = 3) -> Limits:
    settings = LimitSettings(sender_turns=sender, group_turns=group, window_minutes=10)
    return Limits(settings)


def said(text: str = "hello", who: Sender | None = None) -> InboundMessage:
    who = who or Sender("7", "Alice")
    return message(text, sender=who, address=Address("telegram", who.id))


def test_a_sender_is_taken_so_often_and_again_when_the_window_has_passed() -> None:
    asked = limits()
    assert isinstance(asked.take(said(), ALICES, 0.0), Turn)
    assert isinstance(asked.take(said(), ALICES, 100.0), Turn)
    found = asked.take(said(), ALICES, 200.0)
    assert isinstance(found, TooMany)
    assert (found.notice, found.turns, found.seconds) == ("limit_sender", 2, 400.0)
    assert isinstance(asked.take(said(), ALICES, 600.0), Turn)
    assert isinstance(asked.take(said(), ALICES, 601.0), TooMany)


def test_whoever_came_too_often_is_told_once_in_a_window() -> None:
    asked = limits(sender=1)
    asked.take(said(), ALICES, 0.0)
    found = [asked.take(said(), ALICES, at) for at in (1.0, 2.0, 3.0)]
    assert [each.tell for each in found if isinstance(each, TooMany)] == [True, False, False]


def test_who_was_not_told_after_all_is_told_next() -> None:
    asked = limits(sender=1)
    asked.take(said(), ALICES, 0.0)
    found = asked.take(said(), ALICES, 1.0)
    assert isinstance(found, TooMany)
    asked.untold(found)
    again = asked.take(said(), ALICES, 2.0)
    assert isinstance(again, TooMany)
    assert again.tell


def test_a_group_is_told_once_whoever_came_too_often() -> None:
    asked = limits(sender=1, group=9)
    for who in (None, BOB):
        asked.take(said(who=who), ROOM, 0.0)
    found = [asked.take(said(who=who), ROOM, 1.0) for who in (None, BOB)]
    assert [each.tell for each in found if isinstance(each, TooMany)] == [True, False]


def test_a_group_and_its_threads_share_what_they_may() -> None:
    asked = limits(sender=0, group=2)
    assert isinstance(asked.take(said(), ROOM, 0.0), Turn)
    assert isinstance(asked.take(said(who=BOB), THREAD, 0.0), Turn)
    found = asked.take(said(who=Sender("9", "Carol")), ROOM, 1.0)
    assert isinstance(found, TooMany)
    assert found.notice == "limit_group"


def test_a_sender_s_chats_share_what_they_may() -> None:
    asked = limits(sender=1)
    asked.take(said(), ROOM, 0.0)
    assert isinstance(asked.take(said(), ALICES, 1.0), TooMany)


def test_what_a_full_group_declines_costs_its_sender_nothing() -> None:
    asked = limits(sender=1, group=1)
    asked.take(said(who=BOB), ROOM, 0.0)
    assert isinstance(asked.take(said(), ROOM, 1.0), TooMany)
    assert isinstance(asked.take(said(), ALICES, 2.0), Turn)


def test_what_was_taken_before_counts_once() -> None:
    asked = limits(sender=1, group=1)
    turn = asked.take(said(), ROOM, 0.0)
    assert isinstance(turn, Turn)
    asked.take_back(turn)
    assert isinstance(asked.take(said(), ROOM, 1.0), Turn)


def test_commands_are_no_turns_unless_a_model_works_for_them() -> None:
    asked = limits(sender=1)
    for text in ("/stop", "/help", "/status"):
        assert asked.take(said(text), ALICES, 0.0) is None
    assert isinstance(asked.take(said("/compact"), ALICES, 0.0), Turn)


def test_nought_is_no_limit() -> None:
    asked = limits(sender=0, group=0)
    found = [asked.take(said(), ROOM, 0.0) for _ in range(1_000)]
    assert all(isinstance(each, Turn) for each in found)


def test_a_restart_forgets_neither_a_sender_in_private_nor_a_group() -> None:
    asked = limits(sender=2, group=2)
    ago = timedelta(minutes=4)
    asked.recall([(ALICES, ago), (ALICES, ago), (ROOM, ago), (THREAD, ago)], 1_000.0)
    private = asked.take(said(), ALICES, 1_000.0)
    assert isinstance(private, TooMany)
    assert private.seconds == 360.0
    assert isinstance(asked.take(said(who=BOB), ROOM, 1_000.0), TooMany)


def test_who_has_not_come_for_long_is_forgotten() -> None:
    window = Window(3, 60.0)
    for number in range(50_000):
        window.add(str(number), float(number))
    assert len(window) <= 2_000


@given(
    most=st.integers(1, 4),
    gaps=st.lists(st.floats(0, 40, allow_nan=False), max_size=60),
)
def test_no_window_ever_holds_more_than_it_may(most: int, gaps: list[float]) -> None:
    window, taken, now = Window(most, 60.0), list[float](), 0.0
    for gap in gaps:
        now += gap
        until = window.full_until("a", now)
        if until is None:
            window.add("a", now)
            taken.append(now)
        else:
            assert now < until <= now + 60.0
    for at in taken:
        assert sum(at - 60.0 < other <= at for other in taken) <= most
