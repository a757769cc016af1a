"""A short day on three platforms that is played again and again, each time with some harm.

In nine chats (a private one, a group and a thread of each platform) a dozen messages are said; one
answer is shown while it grows, one is known only after a command in a sandbox, and contexts are so
small that they are compacted all the time. The gateway is a fork of a warm process (`tests.faults.
forge`), each day of which is a *life*: it starts, hears what is said, and is stopped or killed.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.acceptance.checker import Record, repeats
from tests.acceptance.crowd import Crowd
from tests.acceptance.gateway_process import (
    GatewayProcess,
    Process,
    WorldOfThree,
    launched,
    world_of_three,
)
from tests.acceptance.parrot import Apprentice
from tests.acceptance.towns import DiscordTown, Seat, SlackTown, TelegramTown, Town
from tests.emulators.telegram import User
from tests.faults.campaign.fault import Result
from tests.faults.forge.client import Forge, Forged
from tests.faults.forge.harm import Harm, Seen
from tests.faults.hasty import KEPT

ONCE = ("discord:",)
"""A nonce that Discord has seen is not shown again."""

SETTINGS = (
    "agents.defaults.session.max_context_tokens=1000",
    "agents.defaults.tools=current_time,bash",
    "limits.sender_turns=0",
    "limits.group_turns=0",
    # A command needs to be contained here, and no more than that.
    "sandbox.min_limits=soft",
)
CHATS = 3
"""On each platform."""

PLAIN = "{word}, please"
SLOWLY = "{word} slowly and then bit by bit, word for word, until the very end of it all"
RUN = "please run {word} for me"
SILENCE = 20.0
"""Seconds in which nothing is heard, after which nothing more is expected."""

_SETTLES = 20
_LAST_WORDS = 5.0


@dataclass
class Scene:
    """A gateway that is started and stopped under a crowd."""

    there: WorldOfThree
    owner: User
    crowd: Crowd
    seats: Sequence[tuple[Town, Seat]]
    launching: "Launching"
    rng: random.Random
    _looked: int = 0
    starts: list[float] = field(default_factory=list)
    """How long it took until a gateway ran again after a crash, interpreter and all (seconds)."""

    @property
    def gateway(self) -> GatewayProcess:
        return self.there.gateway

    async def lives(self, harm: Harm | None) -> Seen:
        """One life under this harm: a dozen messages, and a stop once they are answered.

        Some are said while nobody listens, before it starts. Afterwards nothing runs.
        """
        await self.begins(harm)
        if await self.ends_while(self.works()):
            await self.gateway.ended()
        else:
            await self.gateway.terminate()
        code, seen = await self.came()
        assert code == (-9 if seen.done else 0), f"it ended with {code}: {self.gateway.tail()}"
        return seen

    async def begins(self, harm: Harm | None) -> None:
        """A start under this harm; some things were said before it, and nobody listened."""
        self.launching.harm = harm
        self._looked = self.gateway.times("sandbox")
        await self._says(self.seats[:: len(self.seats) // 2])
        await self.gateway.spawn()

    async def ends_while(self, doing: Coroutine[Any, Any, None]) -> bool:
        """Do something to a gateway that may end meanwhile; whether it did. Raises what that does.

        A gateway that ended is not waited for, whatever was expected of it.
        """
        ended = asyncio.create_task(self.gateway.wait())
        done = asyncio.create_task(doing)
        await asyncio.wait({ended, done}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done() and not done.cancelled() and done.exception() is not None:
            # What it waited for cannot come any more if the process is about to end.
            await asyncio.wait({ended}, timeout=_LAST_WORDS)
        for each in (ended, done):
            each.cancel()
        await asyncio.gather(ended, done, return_exceptions=True)
        if ended.cancelled():
            done.result()
        return not ended.cancelled()

    async def came(self) -> tuple[int, Seen]:
        """How the last forked gateway ended, and what its warden saw."""
        assert self.launching.forged is not None
        seen = await self.launching.forged.seen
        return await self.launching.forged.wait(), seen

    async def meets(self) -> None:
        """A first life, in which everybody says something once, so that each chat is known.

        Before that there is no promise about what is said while no gateway runs: on Discord, only
        rooms that were heard of are caught up with.
        """
        await self.gateway.start()
        await self.gateway.logged("connected", len(self.crowd.towns))
        await self._says(self.seats)
        await self.crowd.quiet(SILENCE)
        assert await self.gateway.terminate() == 0, self.gateway.tail()

    async def recovers(self, *, cold: bool, crashed: bool = True) -> None:
        """A start after a crash, until everything is answered; then a stop.

        After an end in order (`crashed` is false) nothing may be shown twice. `cold` starts an
        interpreter of its own, as an operator's machine does, and takes the time.
        """
        self.launching.harm, self.launching.cold = None, cold
        await self._arrived()
        began = time.monotonic()
        await self.gateway.spawn()
        if crashed:
            self.crowd.kills.append(time.monotonic())
        await self.gateway.ready()
        if cold:
            self.starts.append(time.monotonic() - began)
        self.launching.cold = False
        await self.crowd.quiet(SILENCE)
        assert await self.gateway.terminate() == 0, self.gateway.tail()

    def mark(self) -> "Mark":
        """Where a trial begins."""
        return Mark(len(self.crowd.said), repeats(self.record()), len(self.told()))

    def judged(self, since: "Mark", trial: str) -> Result:
        """What came of the trial that began there."""
        record = self.record()
        judged = Result.of(record, trial=trial, ready=max(self.starts, default=None))
        return replace(
            judged,
            acknowledged=len(record.said) - since.said,
            repeated=judged.repeated - since.repeated,
            broken=(*judged.broken, *(f"{trial}: {each}" for each in self._run_twice())),
        )

    def record(self) -> Record:
        """What happened up to now."""
        record = self.crowd.record()
        owners = f"{TelegramTown.kind}:{self.owner.chat().id}"
        sent = [line for line in record.sent if line.chat != owners]
        return replace(record, sent=sent, once=ONCE)

    def told(self) -> Sequence[str]:
        """What the owner was told, in a chat where nobody says anything."""
        return [sent.text for sent in self.owner.chat().sent]

    def _run_twice(self) -> Sequence[str]:
        """Commands of models that were run more than once."""
        notes = self.gateway.state.glob("agents/main/sessions/*/workspace/ran.txt")
        ran = Counter(line for note in notes for line in note.read_text().splitlines())
        return [f"run twice: {line}" for line, times in ran.items() if times > 1]

    async def works(self) -> None:
        """A dozen messages for a gateway that was spawned, until they are answered."""
        await self.gateway.ready()
        await self._says(self.seats[1:2], SLOWLY)
        await self._says(self.seats[3:])
        await self._says(self.seats[4:6], SLOWLY)
        # There are no commands until a sandbox was found.
        await self.gateway.logged("sandbox", self._looked + 1)
        await self._says(self.seats[2:3], RUN)
        await self.crowd.quiet(SILENCE)

    async def _says(self, seats: Sequence[tuple[Town, Seat]], phrase: str = PLAIN) -> None:
        for town, seat in seats:
            await self.crowd.say(town, seat, phrase)

    async def _arrived(self) -> None:
        """Whatever the dead one had written to its sockets is with the platforms."""
        for _ in range(_SETTLES):
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Mark:
    """How much had been said, repeated, and told to the owner."""

    said: int
    repeated: int
    told: int


@dataclass
class Launching:
    """How the next gateway of a scene is launched."""

    forge: Forge
    harm: Harm | None = None
    cold: bool = False
    forged: Forged | None = None

    async def __call__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
        if self.cold:
            return await launched(arguments, environment)
        self.forged = await self.forge.launch(arguments, environment, self.harm)
        return self.forged


@asynccontextmanager
async def scene(
    forge: Forge, folder: Path, rng: random.Random, *, variant: str = KEPT
) -> AsyncIterator[Scene]:
    """A world of its own, in which every chat was heard of, and no gateway runs."""
    launching = Launching(forge)
    folder.mkdir(exist_ok=True)
    program = ("tests.faults.hasty", variant)
    async with world_of_three(
        folder, parrot=Apprentice, settings=SETTINGS, program=program, launch=launching
    ) as there:
        towns: list[Town] = [
            TelegramTown(there.telegram),
            DiscordTown(there.discord),
            SlackTown(there.slack),
        ]
        owner = there.telegram.user("Owner")
        owner.chat()
        there.gateway.settings.append(f"channels.telegram.owners={owner.id}")
        crowd = Crowd(there.gateway, towns, rng)
        here = Scene(there, owner, crowd, crowd.sit_down(CHATS), launching, rng)
        await here.meets()
        yield here
