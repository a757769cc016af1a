"""Trials in worlds of their own, some at a time: each waits for most of its time."""

import asyncio
import random
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.faults.campaign.fault import Result, total
from tests.faults.campaign.scene import Scene, scene
from tests.faults.forge.client import Forge
from tests.faults.forge.harm import Harm
from tests.faults.hasty import KEPT

K = TypeVar("K")
Trial = Callable[[Scene, Harm], Awaitable[Result]]
"""Makes one trial in a world, after which no gateway runs."""

TOGETHER = 6
_LONGEST = 20
"""Trials in one world: what was said stays on its disk, as it does for an owner."""


async def chains(
    forge: Forge,
    harms: Sequence[Harm],
    trial: Trial,
    folder: Path,
    seed: int,
    *,
    variant: str = KEPT,
) -> Result:
    """One trial for each harm. A world in which something was broken is left for a new one."""
    places = asyncio.Semaphore(TOGETHER)

    async def one(number: int, harms: Sequence[Harm]) -> Result:
        async with places:
            return await _chain(forge, list(harms), trial, folder / str(number), seed, variant)

    length = max(1, min(_LONGEST, -(-len(harms) // TOGETHER)))
    shares = [harms[start : start + length] for start in range(0, len(harms), length)]
    return total(await asyncio.gather(*(one(n, each) for n, each in enumerate(shares))))


async def _chain(
    forge: Forge, left: list[Harm], trial: Trial, folder: Path, seed: int, variant: str
) -> Result:
    result = Result()
    world = 0
    while left:
        world += 1
        place = folder / str(world)
        place.mkdir(parents=True)
        async with scene(forge, place, random.Random(seed), variant=variant) as here:
            while left:
                came = await _made(trial, here, left.pop(0))
                result += came
                if came.broken:
                    break
    return result


async def _made(trial: Trial, here: Scene, harm: Harm) -> Result:
    try:
        return await trial(here, harm)
    except (AssertionError, TimeoutError) as error:
        # What did not happen at all is broken, too: it did not start, it did not end.
        waited = traceback.extract_tb(error.__traceback__)[-1].line
        said = str(error) or f"nothing came of {waited}: {here.gateway.tail()}"
        return Result(tried=1, broken=(f"{harm}: {said}",))


def spread(kinds: dict[K, list[Harm]], most: int, rng: random.Random) -> Sequence[Harm]:
    """So many harms, of each kind as early as possible."""
    left: dict[K, list[Harm]] = defaultdict(list)
    for kind, harms in kinds.items():
        left[kind] = rng.sample(harms, len(harms))
    chosen = list(_in_turn(list(left.values())))
    return chosen[:most]


def _in_turn(kinds: list[list[Harm]]) -> Iterator[Harm]:
    while kinds := [each for each in kinds if each]:
        for each in kinds:
            yield each.pop()
