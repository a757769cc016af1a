"""Samples of the campaign: gateways that are told to stop, and what is wrong around them."""

import logging
import random
from pathlib import Path

import pytest

from tests.faults.campaign import clocks
from tests.faults.campaign.clocks import ClockJumps
from tests.faults.campaign.damage import DamagedDatabase
from tests.faults.campaign.fault import Fault, Size
from tests.faults.campaign.reloads import ReloadStorm
from tests.faults.campaign.stops import StopAtACall
from tests.faults.forge.client import available

HERE: list[tuple[Fault, int]] = [(ReloadStorm(), 15)]
"""The rows that this machine can run, and how many trials belong to every run."""

if available():
    HERE += [(StopAtACall(), 3), (DamagedDatabase(), 2)]
if clocks.available():
    HERE += [(ClockJumps(), 1)]


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("fault", "trials"), HERE, ids=lambda each: getattr(each, "name", ""))
async def test_a_sample_breaks_no_promise(fault: Fault, trials: int, tmp_path: Path) -> None:
    await kept(fault, trials, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", [fault for fault, _ in HERE], ids=lambda fault: fault.name)
async def test_a_night_of_it_breaks_no_promise(fault: Fault, tmp_path: Path) -> None:
    await kept(fault, fault.trials.of(Size.ALL), tmp_path)


async def kept(fault: Fault, trials: int, folder: Path) -> None:
    """So many trials, chosen anew each time; `make faults SEED=…` repeats them."""
    seed = random.randrange(10**6)
    print(f"SEED={seed}")
    result = await fault.run(seed, trials, folder)
    assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)
    assert result.tried > trials // 2, "hardly any of them could be tried"
