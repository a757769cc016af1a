"""The benchmarks run and find every answer. What they measure is not judged here."""

import os

import pytest

from tests.benchmarks.processes import Bench
from tests.benchmarks.scenarios import SCENARIOS, Sizes
from tests.benchmarks.table import Figure, table
from tests.benchmarks.talk import Missing, all_at_once
from tests.emulators.telegram import TelegramControl, TelegramEmulator

pytestmark = pytest.mark.acceptance

SMALL = Sizes(
    runs=1, starts=1, quiet=3, chats=3, each=2, long=4, window=2, crowd=3, sessions=5, warm=1,
    histories=3, turns=2, commands=2, rest=0.1, rush=5, within=0.1,
)  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_scenario_measures_something(name, tmp_path):
    figures = await SCENARIOS[name](tmp_path, SMALL)
    # So few chats may leave the memory as it was, a library may cost more than all of Argent, and
    # a gateway that rests for so short a time may do nothing at all.
    assert all(min(each.values) > 0 for each in figures if not _may_be_nothing(each))


def _may_be_nothing(figure: Figure) -> bool:
    return figure.name.startswith(("more", "CPU in")) or figure.name.endswith("added")


async def test_an_answer_that_does_not_come_is_missed():
    async with TelegramEmulator() as tg, TelegramControl(tg.url) as control:
        deaf = Bench(os.getpid(), control, model=None, connected=0, patience=0.1)
        with pytest.raises(Missing):
            await all_at_once(deaf, chats=2, each=1)


def test_a_figure_stands_beside_its_target_and_its_floor():
    shown = table([Figure("replies", "/s", [300.0, 420.0, 310.0], ">= 250", 1234.0)])
    assert shown.splitlines()[-1].split() == [
        "replies", "310", "/s", "300", "…", "420", ">=", "250", "1,234", "/s",
    ]  # fmt: skip
