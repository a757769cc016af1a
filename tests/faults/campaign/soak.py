"""A day in minutes: traffic that never stops, mixed faults, and figures that may not grow."""

from dataclasses import dataclass
from pathlib import Path

from tests.faults.campaign.fault import Fault, Result, Trials
from tests.faults.soak.soak import Size, report, soaked

HOURS = 24
FEW = Size(HOURS, chats=4, peak=12)
MANY = Size(HOURS, chats=60, peak=600)


@dataclass(frozen=True, slots=True)
class Day:
    """Every trial is an hour of the same day; several days go on where the last one ended."""

    name: str = "a day of mixed faults"
    trials: Trials = Trials(small=HOURS, medium=HOURS, all=HOURS)
    size: Size = MANY

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        found = await soaked(seed, self.size, folder)
        return Result(
            tried=trials,
            acknowledged=sum(found.counts.outcomes.values()),
            lost=found.unanswered,
            broken=tuple(f"soak {seed}: {each}" for each in found.broken()),
            figures=tuple(report(found).splitlines()),
        )


FAULTS: tuple[Fault, ...] = (Day(),)
