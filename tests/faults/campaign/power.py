"""Power that goes at a system call: what was not synced is there in part, or not at all."""

import random
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.campaign.chains import chains, spread
from tests.faults.campaign.fault import Fault, Result, Trials
from tests.faults.campaign.scene import Scene, scene
from tests.faults.forge.client import available, forge
from tests.faults.forge.harm import Harm, Seen
from tests.faults.forge.recorder import log_of
from tests.faults.hasty import KEPT
from tests.faults.power.cuts import Cut, forgotten, image, leave
from tests.faults.power.deed import deeds
from tests.faults.power.platter import Platter

_COLD = 0.2
_KILLED_BEFORE = 0.25
"""The share of cuts that meet a gateway which takes up what a killed one left unsynced."""

_KNOWN = ": left: discord:"
"""A preview whose record was cut off, where the turn that began anew took in one message more and
so did not find it: docs/adr/0008 has it among its consequences. It is told, and counted as kept."""


@dataclass(frozen=True)
class PowerCut:
    """Each trial: a life that ends there, a disk that kept what it had to, and a start on that."""

    name: str = "power cut"
    trials: Trials = Trials(small=4, medium=200, all=1_000)
    variant: str = KEPT

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        async with forge() as forked:
            async with scene(forked, folder / "counted", rng, variant=self.variant) as first:
                counted = await first.lives(None)
            harms = spread(_moments(counted), trials, rng)
            return await chains(forked, harms, _trial, folder / "tried", seed, variant=self.variant)


def _moments(counted: Seen) -> dict[str, list[Harm]]:
    return {
        name: [Harm((name,), at) for at in range(1, count + 1)]
        for name, count in sorted(counted.counts.items())
    }


async def _trial(here: Scene, harm: Harm) -> Result:
    mark = here.mark()
    state = here.gateway.state
    log = log_of(state)
    log.unlink(missing_ok=True)
    platter = Platter.of(state)
    harm = replace(harm, record=str(state))
    seen = await here.lives(harm)
    if seen.done is not None and here.rng.random() < _KILLED_BEFORE:
        here.crowd.kills.append(time.monotonic())
        seen = await here.lives(replace(harm, at=here.rng.randint(1, harm.at)))
    if seen.done is None:
        return here.judged(mark, f"{harm} (never)")
    for deed in deeds(log.read_bytes()):
        platter.do(deed)
    cut = here.rng.choice(list(Cut))
    leave(image(platter, cut, here.rng), platter, state)
    forgotten(state)
    await here.recovers(cold=here.rng.random() < _COLD)
    trial = f"{harm} ({seen.done}), with {cut.value}"
    judged = here.judged(mark, trial)
    left = [each.removeprefix(f"{trial}: ") for each in judged.broken if _KNOWN in each]
    broken = tuple(each for each in judged.broken if _KNOWN not in each)
    return replace(judged, tried=1, broken=broken, figures=tuple(left))


FAULTS: tuple[Fault, ...] = (PowerCut(),) if available() else ()
