"""kill -9 at a system call: every one that changes a file or talks to somebody."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.acceptance.checker import repeats
from tests.faults.campaign.fault import Fault, Result, Trials, total
from tests.faults.campaign.scene import Scene, scene
from tests.faults.forge.client import Forge, available, forge
from tests.faults.forge.harm import WATCHED, Harm, Seen
from tests.faults.hasty import KEPT

TOGETHER = 3
"""Scenes at a time: each waits for most of its time."""

_LONGEST_CHAIN = 20
"""Lives of one world: what was said stays on its disk, as it does for an owner."""

_COLD_EVERY = 6


def points(counts: Mapping[str, int], most: int, rng: random.Random) -> Sequence[Harm]:
    """So many kills at different calls, of each kind of call as early as possible."""
    by_kind: dict[str, list[Harm]] = defaultdict(list)
    for name in WATCHED:
        by_kind[name] = [Harm((name,), at) for at in range(1, counts.get(name, 0) + 1)]
        rng.shuffle(by_kind[name])
    kinds = [each for each in by_kind.values() if each]
    chosen: list[Harm] = []
    while kinds and len(chosen) < most:
        chosen += [kind.pop() for kind in kinds]
        kinds = [each for each in kinds if each]
    return chosen[:most]


@dataclass(frozen=True)
class KillAtEveryCall:
    """Each trial: one life that is killed there, a start, and quiet; see `Scene`."""

    name: str = "kill at a system call"
    trials: Trials = Trials(small=27, medium=300, all=100_000)
    variant: str = KEPT

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        async with forge() as forked:
            async with scene(forked, folder / "counted", rng, variant=self.variant) as first:
                counted = await first.lives(None)
            harms = points(counted.counts, trials, rng)
            chains = list(_chains(harms))
            results = await _together(self, forked, chains, folder, seed)
        existing = sum(counted.counts.values())
        told = f"{existing} calls in a life, of {len(counted.counts)} kinds; {len(harms)} tried"
        return total(results) + Result(figures=(told,))


def _chains(harms: Sequence[Harm]) -> Iterator[Sequence[Harm]]:
    """The harms of each world, so that every scene at work has some."""
    length = max(1, min(_LONGEST_CHAIN, -(-len(harms) // TOGETHER)))
    for start in range(0, len(harms), length):
        yield harms[start : start + length]


async def _together(
    fault: KillAtEveryCall,
    forked: Forge,
    chains: Sequence[Sequence[Harm]],
    folder: Path,
    seed: int,
) -> list[Result]:
    places = asyncio.Semaphore(TOGETHER)

    async def one(number: int, harms: Sequence[Harm]) -> Result:
        async with places:
            return await _chain(fault, forked, harms, folder / str(number), seed + number)

    return await asyncio.gather(*(one(n, harms) for n, harms in enumerate(chains)))


async def _chain(
    fault: KillAtEveryCall, forked: Forge, harms: Sequence[Harm], folder: Path, seed: int
) -> Result:
    """One trial after the other in one world; what is broken once ends that world."""
    left = list(harms)
    result = Result()
    world = 0
    while left:
        world += 1
        place = folder / str(world)
        place.mkdir(parents=True)
        async with scene(forked, place, random.Random(seed), variant=fault.variant) as here:
            while left:
                harm = left.pop(0)
                came = await _trial(here, harm, cold=len(left) % _COLD_EVERY == 0)
                result += came
                if came.broken:
                    break
    return result


async def _trial(here: Scene, harm: Harm, *, cold: bool) -> Result:
    said, repeated = len(here.crowd.said), repeats(here.record()) if here.crowd.said else 0
    try:
        seen = await here.lives(harm)
        if seen.done is not None:
            await here.recovers(cold=cold)
    except (AssertionError, TimeoutError) as error:
        return Result(tried=1, broken=(f"{harm}: {error!r}",))
    record = here.record()
    judged = Result.of(record, trial=_named(harm, seen), ready=max(here.starts, default=None))
    return replace(
        judged,
        tried=int(seen.done is not None),
        acknowledged=len(record.said) - said,
        repeated=judged.repeated - repeated,
        broken=(*judged.broken, *(f"{harm}: {each}" for each in here.run_twice())),
    )


def _named(harm: Harm, seen: Seen) -> str:
    return f"{harm} ({seen.done})"


FAULTS: tuple[Fault, ...] = (KillAtEveryCall(),) if available() else ()
