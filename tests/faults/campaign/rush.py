"""A rush: far more chats write within seconds than can be answered at once.

`python -m tests.benchmarks rush` tells more about the same.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from tests.benchmarks.processes import argent
from tests.benchmarks.rush import THINKS, Rush, poured
from tests.benchmarks.talk import Missing, warm_up
from tests.faults.campaign.fault import Fault, Result, Trials

PER_SECOND = 1_000
_WARM = 20


@dataclass(frozen=True, slots=True)
class Chats:
    """Every trial is a chat; a thousand of them write in each second."""

    name: str = "a rush of chats"
    trials: Trials = Trials(small=1_000, medium=3_000, all=10_000)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        async with argent(folder, thinks=THINKS) as bench:
            await warm_up(bench, _WARM)
            try:
                rush = await poured(bench, trials, trials / PER_SECOND)
            except Missing as missing:
                return Result(tried=trials, lost=1, broken=(f"rush: {missing}",))
        return Result(
            tried=trials,
            acknowledged=trials,
            broken=tuple(broken_by(rush)),
            figures=(_told(rush),),
        )


def broken_by(rush: Rush) -> list[str]:
    """What no machine excuses; how fast it was is told in the figures."""
    return [] if rush.peak <= MOST_MEMORY else [f"rush: {rush.peak:.0f} MB of memory in use"]


MOST_MEMORY = 500
"""Megabytes: above the 300 that are aimed at by what other C libraries and allocators take more."""


def _told(rush: Rush) -> str:
    late = 1e3 * quantiles(rush.acknowledged, n=100)[98]
    return (
        f"{len(rush.said):,} chats: all durable after {rush.durable:.1f} s, acknowledged in "
        f"{late:.0f} ms (p99), all answered after {rush.all_answered:.1f} s, the unluckiest waited "
        f"{rush.unfair:.1f} times as long as most, {rush.peak:.0f} MB"
    )


FAULTS: tuple[Fault, ...] = (Chats(),)
