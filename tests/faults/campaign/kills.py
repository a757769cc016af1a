"""kill -9 at a system call: every one that changes a file or talks to somebody."""

import random
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.campaign.chains import chains, spread
from tests.faults.campaign.fault import Fault, Result, Trials
from tests.faults.campaign.scene import Scene, scene
from tests.faults.forge.client import available, forge
from tests.faults.forge.harm import Harm, Seen
from tests.faults.hasty import KEPT

_COLD = 0.2
"""The share of starts after a crash that are made, and timed, with an interpreter of their own."""


@dataclass(frozen=True)
class KillAtACall:
    """Each trial: a life that is killed there, a start, and quiet; see `Scene`."""

    name: str = "kill at a system call"
    trials: Trials = Trials(small=6, medium=300, all=100_000)
    variant: str = KEPT

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        async with forge() as forked:
            async with scene(forked, folder / "counted", rng, variant=self.variant) as first:
                counted = await first.lives(None)
            harms = spread(_kills(counted), trials, rng)
            result = await chains(
                forked, harms, _trial, folder / "tried", seed, variant=self.variant
            )
        existing = sum(counted.counts.values())
        told = f"a life makes {existing} calls of {len(counted.counts)} kinds"
        return result + Result(figures=(told,))


def _kills(counted: Seen) -> dict[str, list[Harm]]:
    return {
        name: [Harm((name,), at) for at in range(1, count + 1)]
        for name, count in sorted(counted.counts.items())
    }


async def _trial(here: Scene, harm: Harm) -> Result:
    mark = here.mark()
    seen = await here.lives(harm)
    if seen.done is not None:
        await here.recovers(cold=here.rng.random() < _COLD)
    judged = here.judged(mark, f"{harm} ({seen.done})")
    # Where a life came to an end before the call, nothing was tried.
    return replace(judged, tried=int(seen.done is not None))


FAULTS: tuple[Fault, ...] = (KillAtACall(),) if available() else ()
