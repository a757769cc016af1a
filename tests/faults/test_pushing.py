"""A few trials of what pushes a gateway; the campaign makes all of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.rush import Rush
from tests.faults.campaign.fault import Fault
from tests.faults.campaign.huge import TooMuch
from tests.faults.campaign.models import ModelFails
from tests.faults.campaign.rush import Chats, broken_by
from tests.faults.campaign.slowness import ChatHeldUp, NeverReads

QUICK = [ModelFails(), TooMuch(), ChatHeldUp()]
FEW = {ModelFails: 5, TooMuch: 3, ChatHeldUp: 1}
KEPT = Rush(
    said=[0.0, 1.0, 2.0, 3.0],
    confirmed=[0.1, 1.1, 2.1, 3.1],
    answered=[0.5, 1.5, 2.5, 3.5],
    peak=100.0,
    cpu=1.0,
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.name)
async def test_a_gateway_keeps_its_promises(row: Fault, tmp_path: Path) -> None:
    found = await row.run(7, FEW[type(row)], tmp_path)
    assert found.tried == FEW[type(row)]
    assert not found.broken


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("row", [*QUICK, NeverReads(), Chats()], ids=lambda row: row.name)
async def test_a_gateway_keeps_its_promises_all_along(row: Fault, tmp_path: Path) -> None:
    found = await row.run(8, row.trials.medium, tmp_path)
    print(found.figures)
    assert not found.broken


def test_a_rush_is_told_in_seconds_from_its_first_message() -> None:
    assert (KEPT.durable, KEPT.all_answered) == (3.1, 3.5)
    assert KEPT.acknowledged == pytest.approx([0.1] * 4)


def test_a_chat_that_waits_far_longer_than_its_neighbour_was_treated_unfairly() -> None:
    assert KEPT.unfair == pytest.approx(1.0)
    assert replace(KEPT, answered=[0.5, 9.0, 2.5, 3.5]).unfair > 1.5


def test_memory_that_grows_with_the_crowd_is_not_let_pass() -> None:
    assert not broken_by(KEPT)
    assert broken_by(replace(KEPT, peak=1_000.0))
