"""A database that something wrote into: it is refused with a way out, or mended; never believed.

The gateway was killed, so that its log of changes is there to be damaged, too. What was said before
may be answered once more or not at all: that is what a disk that loses data costs. No chat hears
what was said in another, no history is changed, and whoever writes from then on is answered.
"""

import asyncio
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.checker import words_in
from tests.faults.campaign.fault import Fault, Result, Trials, total
from tests.faults.campaign.scene import SILENCE, Scene, scene
from tests.faults.forge.client import Forge, available, forge

_TOGETHER = 4
_PAGE = 4096
_WRONG = ("strange", "crossed", "mixed", "unreadable")
"""What no damage excuses."""

_SAYS = ("backup", "restore", "aside")
"""A refusal names one of these ways out."""

Damage = Callable[[Path, random.Random], None]


@dataclass(frozen=True)
class DamagedDatabase:
    """Each trial: a world of its own, whose database is damaged once."""

    name: str = "a damaged database"
    trials: Trials = Trials(small=3, medium=40, all=200)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        places = asyncio.Semaphore(_TOGETHER)
        kinds = rng.sample(list(DAMAGES), len(DAMAGES))
        seeds = [rng.randrange(10**6) for _ in range(trials)]

        async def one(forked: Forge, number: int) -> Result:
            kind = kinds[number % len(kinds)]
            async with places:
                try:
                    return await _trial(forked, folder / str(number), kind, seeds[number])
                except (AssertionError, TimeoutError) as error:
                    said = str(error) or "nothing happened"
                    return Result(tried=1, broken=(f"{kind} {seeds[number]}: {said}",))

        async with forge() as forked:
            return total(await asyncio.gather(*(one(forked, n) for n in range(trials))))


async def _trial(forked: Forge, folder: Path, kind: str, seed: int) -> Result:
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    async with scene(forked, folder, rng) as here:
        await here.begins(None)
        await here.works()
        await here.gateway.kill()
        kept = here.gateway.histories()
        DAMAGES[kind](here.gateway.state, rng)
        told = await _starts(here)
        said = len(here.crowd.said)
        if told is not None:
            return Result(tried=1, acknowledged=said, broken=_refused(told, f"{kind} {seed}"))
        for town, seat in here.seats:
            await here.crowd.say(town, seat)
        await here.crowd.quiet(SILENCE)
        assert await here.gateway.terminate() == 0, here.gateway.tail()
        judged = here.judged(here.mark(), f"{kind} {seed}")
        wrong = [each for each in judged.broken if any(f": {kind}: " in each for kind in _WRONG)]
        new = {each for line in here.crowd.said[said:] for each in words_in(line.text)}
        answered = {each for line in here.record().sent for each in words_in(line.text)}
        wrong += [f"{kind} {seed}: {each} got no answer" for each in new - answered]
        now = here.gateway.histories()
        wrong += [
            f"{kind} {seed}: the history of {session} is another"
            for session, data in kept.items()
            # The end of an array gives way to what is added to it.
            if not now.get(session, b"").startswith(data.rstrip(b"\n]"))
        ]
        return Result(tried=1, acknowledged=len(here.crowd.said), broken=tuple(wrong))


async def _starts(here: Scene) -> str | None:
    """Start on what is there; what it said, if it refused to."""
    lines, connected = len(here.gateway.lines), here.gateway.times("connected")
    await here.gateway.spawn()
    if not await here.ends_while(here.gateway.ready()):
        # Where it does not know any more how far it had read, it reads from here on.
        await here.gateway.logged("connected", connected + len(here.crowd.towns))
        return None
    await here.gateway.ended()
    return "".join(here.gateway.lines[lines:])


def _refused(told: str, trial: str) -> tuple[str, ...]:
    if any(way in told for way in _SAYS) and "gateway.db" in told:
        return ()
    return (f"{trial}: it refused without a way out: {told}",)


def _page(fill: Callable[[random.Random], bytes]) -> Damage:
    def damage(state: Path, rng: random.Random) -> None:
        path = state / "gateway.db"
        pages = max(path.stat().st_size // _PAGE, 1)
        with path.open("r+b") as database:
            database.seek(rng.randrange(pages) * _PAGE)
            database.write(fill(rng))

    return damage


def _cut(name: str) -> Damage:
    def damage(state: Path, rng: random.Random) -> None:
        path = state / name
        with path.open("r+b") as file:
            file.truncate(rng.randrange(path.stat().st_size or 1))

    return damage


def _garbage_in_the_log(state: Path, rng: random.Random) -> None:
    path = state / "gateway.db-wal"
    with path.open("r+b") as log:
        log.seek(rng.randrange(path.stat().st_size or 1))
        log.write(rng.randbytes(_PAGE))


def _no_database(state: Path, rng: random.Random) -> None:
    (state / "gateway.db").write_bytes(b"")


def _old_log(state: Path, rng: random.Random) -> None:
    """The log of another time beside the database."""
    shutil.copyfile(state / "search.db-wal", state / "gateway.db-wal")


DAMAGES: Mapping[str, Damage] = {
    "a page of garbage": _page(lambda rng: rng.randbytes(_PAGE)),
    "a page of zeros": _page(lambda _: bytes(_PAGE)),
    "a database cut short": _cut("gateway.db"),
    "a log cut short": _cut("gateway.db-wal"),
    "garbage in the log": _garbage_in_the_log,
    "an empty database": _no_database,
    "another database's log": _old_log,
}

FAULTS: tuple[Fault, ...] = (DamagedDatabase(),) if available() else ()
