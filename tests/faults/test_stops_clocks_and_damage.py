"""Gateways that are told to stop, and whose clocks, settings and databases go wrong."""

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

HERE: list[Fault] = [ReloadStorm()]
"""The rows that this machine can run."""

if available():
    HERE += [StopAtACall(), DamagedDatabase()]
if clocks.available():
    HERE += [ClockJumps()]


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


if available():

    @pytest.mark.timeout(120)
    async def test_a_gateway_that_is_told_to_stop_at_any_call_ends_in_order(tmp_path: Path) -> None:
        await kept(StopAtACall(), 2, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", HERE, ids=lambda fault: fault.name)
async def test_a_night_of_it_breaks_no_promise(fault: Fault, tmp_path: Path) -> None:
    await kept(fault, fault.trials.of(Size.ALL), tmp_path)


async def kept(fault: Fault, trials: int, folder: Path) -> None:
    """So many trials, chosen anew each time; `make faults SEED=…` repeats them."""
    seed = random.randrange(10**6)
    print(f"SEED={seed}")
    result = await fault.run(seed, trials, folder)
    assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)
    assert result.tried >= trials // 2, "hardly any of them could be tried"
