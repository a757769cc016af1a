"""kill -9 at a random moment, while sixty chats of three platforms never fall silent."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.acceptance.test_kill_three import LONG, PAUSE, day
from tests.faults.campaign.fault import Fault, Result, Trials


@dataclass(frozen=True)
class KillUnderLoad:
    """Each trial is a kill of one long day, in which the next gateway starts at once."""

    name: str = "kill under load"
    trials: Trials = Trials(small=6, medium=50, all=300)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        record = await day(folder, kills=trials, told_again=True, seed=seed)
        return replace(Result.of(record, trial=f"{trials} kills"), tried=trials)


@dataclass(frozen=True)
class KillGrowingAnswers:
    """The same, and every answer is seen growing."""

    name: str = "kill while answers grow"
    trials: Trials = Trials(small=3, medium=20, all=100)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        record = await day(
            folder, kills=trials, told_again=True, pause=PAUSE, phrase=LONG, seed=seed
        )
        return replace(Result.of(record, trial=f"{trials} kills"), tried=trials)


FAULTS: tuple[Fault, ...] = (KillUnderLoad(), KillGrowingAnswers())
