"""Clocks that jump: under a running turn, and while no gateway runs.

The machine's clock is libfaketime's (https://github.com/wolfcw/libfaketime): what counts seconds
for time-outs goes on as it did. Nothing is archived or erased by a jump, nothing is lost or shown
twice, and nobody waits longer than without it.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.crowd import Crowd
from tests.acceptance.gateway_process import Process, WorldOfThree, launched, world_of_three
from tests.acceptance.parrot import Apprentice
from tests.acceptance.towns import DiscordTown, SlackTown, TelegramTown, Town
from tests.faults.campaign.fault import Fault, Result, Trials, total
from tests.faults.campaign.scene import CHATS, PLAIN, SILENCE, SLOWLY

_LIBRARIES = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
_TOGETHER = 3
_LONGEST = 15.0
"""Seconds from a word to all answers, a start between them: far below any time-out, far above what
a busy machine needs."""

_HOUR, _DAY = 3600.0, 86_400.0
_2038 = datetime(2038, 1, 19, 3, 14, 5, tzinfo=UTC)
"""Two seconds before 32 bits are full."""


def available() -> bool:
    """Whether clocks can be set for one process."""
    return bool(_LIBRARIES)


@dataclass(frozen=True, slots=True)
class Jumps:
    """Seconds by which the clock is wrong: during a turn, then while no gateway runs."""

    during: float
    between: float

    def __str__(self) -> str:
        return f"clock {self.during:+.0f} s in a turn, {self.between:+.0f} s over a restart"


def jumps() -> Sequence[float]:
    """Where a clock may jump to."""
    until_2038 = (_2038 - datetime.now(UTC)).total_seconds()
    return (_HOUR, -_HOUR, _DAY, -_DAY, until_2038, until_2038 + 3 * _DAY, 8 * _DAY, 0.0)


@dataclass
class SetClock:
    """Launches gateways whose clock is set here."""

    file: Path
    off: float = field(default=0.0)

    def set(self, off: float) -> None:
        """Let the clock be wrong by so many seconds."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{off:+.3f}\n")
        beside.replace(self.file)
        self.off = off

    async def __call__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        faked = {
            "LD_PRELOAD": str(_LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            # It would read the file for every look at the clock, or at most every ten seconds.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        return await launched(arguments, {**environment, **faked})


@dataclass(frozen=True)
class ClockJumps:
    """Each trial: a day on three platforms, with a jump during a turn and one over a restart."""

    name: str = "a clock that jumps"
    trials: Trials = Trials(small=2, medium=14, all=50)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        places = asyncio.Semaphore(_TOGETHER)
        there = jumps()
        chosen = [Jumps(there[n % len(there)], rng.choice(there)) for n in range(trials)]

        async def one(number: int, jump: Jumps) -> Result:
            async with places:
                try:
                    return await _trial(folder / str(number), jump, rng)
                except (AssertionError, TimeoutError) as error:
                    return Result(tried=1, broken=(f"{jump}: {str(error) or 'nothing happened'}",))

        return total(await asyncio.gather(*(one(n, each) for n, each in enumerate(chosen))))


async def _trial(folder: Path, jump: Jumps, rng: random.Random) -> Result:
    folder.mkdir()
    clock = SetClock(folder / "clock")
    clock.set(0.0)
    async with world_of_three(folder, parrot=Apprentice, launch=clock) as there:
        gateway = there.gateway
        towns: list[Town] = [
            TelegramTown(there.telegram),
            DiscordTown(there.discord),
            SlackTown(there.slack),
        ]
        crowd = Crowd(gateway, towns, rng)
        crowd.sit_down(CHATS)
        await gateway.start()
        await gateway.logged("connected", len(towns))
        await _said(crowd, PLAIN)
        await crowd.quiet(SILENCE)
        sessions = sorted(gateway.histories())

        began = time.monotonic()
        asked = len(there.model.asked)
        await _said(crowd, SLOWLY)
        await there.asked(asked + 1)
        clock.set(jump.during)
        await _said(crowd, PLAIN)
        await crowd.quiet(SILENCE)
        during = time.monotonic() - began
        assert await gateway.terminate() == 0, gateway.tail()

        clock.set(jump.between)
        began = time.monotonic()
        await _said(crowd, PLAIN)
        await gateway.start()
        await crowd.quiet(SILENCE)
        between = time.monotonic() - began
        assert await gateway.terminate() == 0, gateway.tail()
        judged = Result.of(crowd.record(), trial=str(jump))
        slow = max(during, between)
        broken = [*_gone(there, sessions), *_late(slow)]
    return replace(judged, broken=(*judged.broken, *(f"{jump}: {each}" for each in broken)))


async def _said(crowd: Crowd, phrase: str) -> None:
    for town, seat in crowd.seats:
        await crowd.say(town, seat, phrase)


def _gone(there: WorldOfThree, sessions: Sequence[str]) -> list[str]:
    """What no jump may do to a conversation."""
    state = there.gateway.state
    gone = [f"{each} is gone" for each in sessions if each not in there.gateway.histories()]
    gone += [f"{path.parent.name} was archived" for path in state.rglob("*.gz")]
    return gone + [f"{path.name} was deleted" for path in state.glob("deleted/*")]


def _late(seconds: float) -> list[str]:
    return [f"the last answer took {seconds:.0f} s"] if seconds > _LONGEST else []


FAULTS: tuple[Fault, ...] = (ClockJumps(),) if available() else ()
