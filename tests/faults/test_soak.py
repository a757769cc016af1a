"""A day in minutes, and whether what it is judged by can tell a leak from a cache."""

import random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.faults.campaign.soak import FEW, MANY
from tests.faults.soak.day import HOURS, Deed, busy, hours
from tests.faults.soak.gauge import containers
from tests.faults.soak.slope import Bound, slope, trends
from tests.faults.soak.soak import Size, report, soaked


@pytest.mark.timeout(300)
async def test_nothing_grows_in_a_day_of_mixed_faults(tmp_path) -> None:
    found = await soaked(1, FEW, tmp_path)
    assert not found.broken(), report(found)
    assert sum(found.counts.outcomes.values()) >= found.said / 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("size", [MANY], ids=["busy"])
async def test_nothing_grows_in_a_busy_day(tmp_path, size: Size) -> None:
    found = await soaked(random.randrange(10**6), size, tmp_path)
    print(report(found))
    assert not found.broken(), report(found)


@given(st.floats(-5, 5), st.lists(st.floats(-1, 1), min_size=8, max_size=30))
def test_a_slope_is_found_whatever_a_few_samples_say(growth: float, noise: list[float]) -> None:
    values = [growth * n + off / 100 for n, off in enumerate(noise)]
    values[len(values) // 2] += 1e6
    assert slope(values) == pytest.approx(growth, abs=0.05)


def test_what_grows_with_every_hour_is_not_flat_and_a_full_cache_is() -> None:
    samples = [{"leak": 100.0 + 3 * n, "cache": min(40.0 * n, 120.0)} for n in range(HOURS)]
    leak, cache = sorted(trends(samples, {}, other=Bound(5)), key=lambda each: each.flat)
    assert (leak.name, leak.growth, cache.name) == ("leak", 72.0, "cache")
    assert cache.flat
    assert not leak.flat


def test_every_container_is_found_that_is_reached_from_a_gateway() -> None:
    from gateway.limits import Window

    window = Window(3, 60.0)
    before = containers(window)
    window.add("somebody", 1.0)
    window.add("else", 1.0)
    after = containers(window)
    assert (before["Window._times"], after["Window._times"]) == (0, 2)


def test_a_day_has_its_night_its_peaks_and_every_deed() -> None:
    assert busy(3) < 0.1 < 0.9 < busy(12)
    assert busy(20) > 0.9
    day = list(hours(1, HOURS, 600))
    assert {step.deed for steps in day for step in steps} == set(Deed)
    assert list(hours(1, HOURS, 600)) == day
