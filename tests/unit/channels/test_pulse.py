"""A channel is as well as its platform proved lately, and says how far behind it is."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.channel import Condition
from channels.errors import RateLimited, Unreachable
from channels.pulse import Pulse
from state.keys import Address
from state.messages import ChatKind, InboundMessage, Malformed, Sender

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)


class Rig:
    """A pulse whose proofs last for thirty seconds, on a clock that a test sets."""

    def __init__(self) -> None:
        self.time = NOON
        self.pulse = Pulse("telegram", stale_after=timedelta(seconds=30), now=lambda: self.time)

    def after(self, seconds: float) -> None:
        self.time = NOON + timedelta(seconds=seconds)

    @property
    def condition(self) -> Condition:
        return self.pulse.health().condition


@pytest.fixture
def rig() -> Rig:
    return Rig()


def message(seconds: float) -> InboundMessage:
    """Sent so many seconds after noon."""
    return InboundMessage(
        source=str(seconds),
        id="1",
        address=Address("telegram", "1"),
        kind=ChatKind.DIRECT,
        sender=Sender("1", "Alice"),
        text="hello",
        at=NOON + timedelta(seconds=seconds),
    )


def test_a_proof_lasts_for_its_time_and_no_longer(rig: Rig) -> None:
    rig.pulse.connected()
    rig.after(30)
    assert rig.condition is Condition.HEALTHY
    rig.after(30.001)
    assert rig.condition is Condition.DEGRADED


def test_every_new_connection_is_counted(rig: Rig) -> None:
    rig.pulse.connected()
    rig.pulse.proved()
    assert rig.pulse.health().generation == 1
    rig.pulse.connected()
    assert rig.pulse.health().generation == 2


def test_the_lag_is_how_long_the_newest_message_was_under_way(rig: Rig) -> None:
    assert rig.pulse.health().lag is None
    rig.after(3)
    rig.pulse.heard(message(1))
    assert rig.pulse.health().lag == 2
    rig.after(10)
    rig.pulse.heard(message(9.5))
    assert rig.pulse.health().lag == 0.5


def test_a_message_that_is_told_again_or_read_from_the_history_is_no_lag(rig: Rig) -> None:
    rig.after(10)
    rig.pulse.heard(message(9))
    rig.after(60)
    rig.pulse.heard(message(9))
    rig.pulse.heard(message(2))
    assert rig.pulse.health().lag == 1


def test_a_sender_whose_clock_is_ahead_has_no_lag(rig: Rig) -> None:
    rig.pulse.heard(message(5))
    assert rig.pulse.health().lag == 0


def test_what_is_no_message_does_not_say_when_it_was_sent(rig: Rig) -> None:
    rig.pulse.heard(Malformed("1", "telegram", b"{}", "no message", NOON))
    assert rig.pulse.health().lag is None


def test_an_answer_and_an_attempt_that_failed_are_signs_of_life(rig: Rig) -> None:
    rig.pulse.starting()
    assert rig.pulse.health().tried_at is None, "to begin is no sign yet"
    rig.after(3)
    rig.pulse.missed(Unreachable("nobody answers"))
    assert rig.pulse.health().tried_at == NOON + timedelta(seconds=3)
    rig.after(5)
    rig.pulse.proved()
    assert rig.pulse.health().tried_at == NOON + timedelta(seconds=5)


def test_a_platform_that_asks_to_wait_is_waited_for_until_it_answers(rig: Rig) -> None:
    rig.pulse.missed(RateLimited(600))
    assert rig.pulse.health().waits_until == NOON + timedelta(seconds=600)
    rig.pulse.missed(RateLimited(1e300))
    assert rig.pulse.health().waits_until == NOON + timedelta(days=1)
    rig.pulse.missed(Unreachable("nobody answers"))
    assert rig.pulse.health().waits_until is None
    rig.pulse.missed(RateLimited(600))
    rig.pulse.proved()
    assert rig.pulse.health().waits_until is None


def test_the_words_of_a_foreign_error_are_not_shown(rig: Rig) -> None:
    rig.pulse.missed(ValueError("https://platform/bot123:token"))
    assert rig.pulse.health().detail == "ValueError"
