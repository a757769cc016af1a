"""How soon a dead platform is noticed, by the figures that are built in: within a minute."""

from datetime import timedelta

from annotated_types import Le

from channels.discord.link import HEARTBEAT_TIMEOUT
from channels.slack.events_api import CHECK_EVERY as SLACK_CHECK
from channels.slack.socket import CONNECT_SECONDS, QUIET_SECONDS
from channels.telegram.client import POLL_GRACE_SECONDS
from channels.telegram.config import TelegramSettings
from channels.telegram.webhook import CHECK_EVERY as TELEGRAM_CHECK

MINUTE = timedelta(minutes=1)
DISCORDS_HEARTBEAT = timedelta(milliseconds=41_250)
"""https://docs.discord.com/developers/events/gateway#sending-heartbeats"""

GRACE = timedelta(seconds=POLL_GRACE_SECONDS)


def test_an_answer_to_the_longest_poll_is_missed_within_a_minute() -> None:
    (longest,) = (
        rule.le
        for rule in TelegramSettings.model_fields["poll_seconds"].metadata
        if isinstance(rule, Le)
    )
    assert timedelta(seconds=float(str(longest))) + GRACE < MINUTE


def test_a_platform_that_calls_us_is_asked_often_enough_to_be_missed_within_a_minute() -> None:
    assert TELEGRAM_CHECK + GRACE < MINUTE
    assert 2.5 * SLACK_CHECK < MINUTE


def test_an_answer_to_a_heartbeat_is_missed_within_a_minute_and_not_before_it_is_due() -> None:
    assert DISCORDS_HEARTBEAT < timedelta(seconds=HEARTBEAT_TIMEOUT) < MINUTE


def test_a_pong_is_missed_within_a_minute() -> None:
    quiet = timedelta(seconds=QUIET_SECONDS)
    assert 2 * quiet < 2.5 * quiet < MINUTE
    assert timedelta(seconds=CONNECT_SECONDS) < MINUTE
