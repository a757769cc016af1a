"""When a gateway lives, and when it is ready."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.channel import Condition
from gateway.health import (
    GONE_AFTER,
    LONGEST_SILENCE,
    MOST_LAG,
    ChannelVitals,
    Stage,
    Vitals,
    judge,
)

HEALTHY = ChannelVitals("telegram", Condition.HEALTHY, proved=3.0, tried=3.0)
TRYING = ChannelVitals("discord", Condition.DEGRADED, proved=9000.0, tried=40.0)
REFUSED = ChannelVitals("slack", Condition.FAILED, proved=None, tried=2000.0, resumes=1500.0)
DEAF = ChannelVitals("slack", Condition.DEGRADED, proved=9000.0, tried=GONE_AFTER + 1)
WELL = Vitals(Stage.RUNNING, loop_lag=0.0, ledger_silence=4.0, channels=(HEALTHY,))

seconds = st.floats(0, 1e6)
channels = st.builds(
    ChannelVitals,
    st.sampled_from(["telegram", "discord", "slack"]),
    st.sampled_from(Condition),
    st.none() | seconds,
    seconds,
    st.none() | st.floats(-100, 1e6),
)
anything = st.builds(
    Vitals,
    st.sampled_from(Stage),
    seconds,
    seconds,
    st.none() | st.just("the disk is full"),
    st.lists(channels, max_size=3).map(tuple),
)


def test_a_gateway_with_a_healthy_channel_lives_and_is_ready():
    verdict = judge(WELL)
    assert (verdict.live, verdict.ready, verdict.reasons) == (True, True, ())


def test_a_gateway_without_channels_is_ready_for_its_terminal():
    assert judge(replace(WELL, channels=())).ready


@pytest.mark.parametrize(
    ("vitals", "why"),
    [
        (replace(WELL, loop_lag=MOST_LAG), "the event loop is 5.0 s late"),
        (
            replace(WELL, ledger_silence=LONGEST_SILENCE + 1),
            "the ledger has taken no write for 26 s",
        ),
        (replace(WELL, channels=(DEAF,)), "no channel gives a sign of life: slack"),
    ],
)
def test_what_only_a_restart_can_mend_is_not_live(vitals, why):
    verdict = judge(vitals)
    assert not verdict.live
    assert verdict.reasons[0] == why


@pytest.mark.parametrize(
    ("vitals", "why"),
    [
        (replace(WELL, stage=Stage.STARTING), "it is starting"),
        (replace(WELL, stage=Stage.STOPPING), "it is stopping"),
        (replace(WELL, storage_problem="the disk is full"), "the disk is full"),
        (
            replace(WELL, channels=(TRYING, REFUSED)),
            "no channel is healthy: discord is degraded, slack is failed",
        ),
    ],
)
def test_what_the_outside_can_mend_is_live_and_not_ready(vitals, why):
    verdict = judge(vitals)
    assert (verdict.live, verdict.ready, verdict.reasons) == (True, False, (why,))


def test_one_channel_that_works_is_enough_to_be_ready():
    assert judge(replace(WELL, channels=(DEAF, HEALTHY))).ready


def test_a_channel_may_be_silent_while_nothing_is_taken_in():
    for stage in (Stage.STARTING, Stage.STOPPING):
        assert judge(replace(WELL, stage=stage, channels=(DEAF,))).live


@given(anything)
def test_whatever_is_ready_lives_and_whatever_is_not_says_why(vitals):
    verdict = judge(vitals)
    assert verdict.live or not verdict.ready
    assert verdict.ready == (not verdict.reasons)
    assert all(verdict.reasons)


@given(anything)
def test_no_outage_of_a_platform_ends_a_gateway_whose_channels_try(vitals):
    """The watchdog is fed while it is live: an outage must never have it restarted for ever."""
    trying = tuple(replace(each, tried=60.0) for each in vitals.channels)
    well = replace(vitals, loop_lag=0.0, ledger_silence=0.0, channels=trying)
    assert judge(well).live
