"""A gateway as the daemon runs it, on a clock that turns, among people who never stop."""

import asyncio
import gc
import logging
import os
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
import tomlkit

from gateway.clock import Clock
from gateway.config_load import load
from gateway.config_source import ConfigSource
from gateway.daemon import Running, running
from state.records import Counts
from tests.benchmarks.probes import resident_megabytes
from tests.benchmarks.processes import server
from tests.faults.soak.day import COMMANDS, Deed, Step, hours
from tests.faults.soak.folk import Folk, everybody
from tests.faults.soak.gauge import sample
from tests.faults.soak.meter import Meter
from tests.faults.soak.slope import Bound, Trend, trends

_HOUR = timedelta(hours=1)
_AT_ONCE = 40
"""Deeds in one moment."""

_PATIENCE = 120.0
_LOOK_EVERY = 0.02
_TROUBLE = 0.05
_WORDS = "We should talk about the plan for tomorrow and who brings what. "

_LONGEST_CONTEXT = 8

LAG = 0.1
"""Seconds that no callback may take."""

_MEMORY = "memory, MB"

BOUNDS: Mapping[str, Bound] = {
    "descriptors": Bound(2),
    "tasks": Bound(2),
    # The pools begin a thread when all others are busy, up to a number.
    "threads": Bound(8, 40),
    # 1 MB an hour.
    _MEMORY: Bound(24, 400),
}


class Wrist(Clock):
    """A clock that is turned. It ends where the real one is, so that nothing seems to come late."""

    def __init__(self, span: timedelta) -> None:
        self._began, self._passed = datetime.now(UTC) - span, timedelta(0)

    def now(self) -> datetime:
        return self._began + self._passed

    def steady(self) -> float:
        return self._passed.total_seconds()

    def passes(self, span: timedelta) -> None:
        """Turn it."""
        self._passed += span


@dataclass(frozen=True, slots=True)
class Size:
    """How many hours, chats on each platform, deeds in a peak hour."""

    hours: int
    chats: int
    peak: int


def _bounds(size: Size, before: float) -> Mapping[str, Bound]:
    """What is in the contexts of open sessions goes up and down with who wrote last.

    `before` is the memory that the process had in use for whatever it did earlier, in MB.
    """
    chats = 3 * size.chats
    memory = BOUNDS[_MEMORY]
    contexts = {
        "OpenSession.turns": Bound(chats, chats * _LONGEST_CONTEXT),
        "Transcript._said": Bound(2 * chats, 2 * chats * _LONGEST_CONTEXT),
        _MEMORY: replace(memory, most=memory.most + before),
    }
    return {**BOUNDS, **contexts}


@dataclass
class Soaked:
    """What came of it. `lag` is the loop's worst, `held` what held it up for longer than `LAG`."""

    said: int = 0
    counts: Counts = field(default_factory=Counts)
    trends: Sequence[Trend] = ()
    lag: float = 0.0
    held: Sequence[str] = ()
    seconds: float = 0.0
    unanswered: int = 0

    def broken(self) -> list[str]:
        """What was not kept."""
        told = [str(each) for each in self.trends if not each.flat]
        if self.lag > LAG:
            told.append(f"something held the loop for {1e3 * self.lag:.0f} ms: {self.held}")
        if self.unanswered:
            told.append(f"{self.unanswered} messages have no outcome, or parts no receipt")
        return told


async def soaked(seed: int, size: Size, folder: Path) -> Soaked:
    """Let so many hours pass on a state folder. Raises when people cannot talk at all."""
    began, before = time.monotonic(), resident_megabytes(os.getpid())
    told = ("--seed", str(seed), "--trouble", str(_TROUBLE))
    async with AsyncExitStack() as stack:
        folks = await stack.enter_async_context(everybody(size.chats))
        model = await stack.enter_async_context(server("tests.faults.soak.model", folder, *told))
        state = folder / "state"
        state.mkdir(mode=0o700)
        clock = Wrist(_HOUR * size.hours)
        config = _config(state, folks, model["url"])
        loaded = load(config, {})
        source = ConfigSource(config, {}, state, {}, last=loaded)
        run = await stack.enter_async_context(
            running(loaded.settings, state, source=source, clock=clock)
        )
        # As `serve` does: what was loaded stays, and no collection walks over it.
        gc.freeze()
        stack.callback(gc.unfreeze)
        meter = stack.enter_context(Meter(LAG))
        life = _Life(run, folks, clock, random.Random(seed), meter)
        await life.greeting()
        for steps in hours(seed, size.hours, size.peak):
            await life.hour(steps)
        counts = await run.gateway.ledger.counts()
        return Soaked(
            said=life.said,
            counts=counts,
            trends=trends(
                life.samples, _bounds(size, before), other=Bound(max(0.01 * life.said, 5))
            ),
            lag=meter.worst,
            held=meter.held,
            seconds=time.monotonic() - began,
            unanswered=counts.pending + counts.owed,
        )


def _config(state: Path, folks: Sequence[Folk], model: str) -> Path:
    # So short that every context has been full, and shortened, before the figures are looked at.
    session = {
        "max_messages": _LONGEST_CONTEXT,
        "preserve_recent": 2,
        "idle_after": 1800,
        "archive_after": "6h",
    }
    settings: dict[str, Any] = {
        "agents": {"defaults": {"model": "openai:test", "session": session}},
        "models": {"openai": {"base_url": f"{model}/v1", "api_key": "sk-soak"}},
        "limits": {"sender_turns": 0, "group_turns": 0},
        "gateway": {"port": 0},
        "channels": {folk.platform: folk.account for folk in folks},
    }
    path = state / "argent.toml"
    path.write_text(tomlkit.dumps(settings))
    path.chmod(0o600)
    return path


_SAID: Mapping[Deed, Callable[[int], str]] = {
    Deed.SAY: lambda number: f"Word {number}",
    Deed.LONG: lambda number: f"{number}: {_WORDS * 120}",
    Deed.ASK_TIME: lambda number: f"/time {number}",
    Deed.COMMAND: lambda number: COMMANDS[number % len(COMMANDS)],
}


class _Life:
    """Carries the deeds of each hour out."""

    def __init__(
        self,
        run: Running,
        folks: Sequence[Folk],
        clock: Wrist,
        rng: random.Random,
        meter: Meter,
    ) -> None:
        self._run, self._folks, self._clock, self._rng = run, folks, clock, rng
        self._meter = meter
        self.samples: list[dict[str, float]] = []
        self.said = 0

    async def greeting(self) -> None:
        """Everybody comes in: from then on nobody is new."""
        everyone = deque((folk, spot) for folk in self._folks for spot in folk.spots)
        while everyone:
            some = [everyone.popleft() for _ in range(min(_AT_ONCE, len(everyone)))]
            await asyncio.gather(*(folk.say(spot, "Good night") for folk, spot in some))
            self.said += len(some)
            await self._quiet()

    async def hour(self, steps: Sequence[Step]) -> None:
        """An hour: its deeds, a quiet moment, the janitor, and a look at everything."""
        waiting = deque(steps)
        while waiting:
            some = [waiting.popleft() for _ in range(min(_AT_ONCE, len(waiting)))]
            await asyncio.gather(*(self._do(step) for step in some))
            await self._quiet()
            self._clock.passes(_HOUR * len(some) / len(steps))
        await self._run.gateway._janitor.round()
        await self._quiet()
        with self._meter.paused():
            self.samples.append(sample(self._run))

    async def _do(self, step: Step) -> None:
        folk = self._folks[step.number % len(self._folks)]
        if step.deed in _SAID:
            await folk.say(self._rng.choice(folk.spots), _SAID[step.deed](step.number))
            self.said += 1
            return
        match step.deed:
            case Deed.EDIT:
                await folk.edit(f"Word {step.number}")
            case Deed.DELETE:
                await folk.delete()
            case Deed.SHARE:
                await folk.share(self._rng.choice(folk.spots))
            case Deed.STRANGER:
                await folk.say(self._rng.choice(folk.strangers), "Let me in")
            case Deed.TROUBLE:
                await folk.fails(step.number)
            case _:
                await self._run.gateway.reloading.reload()

    async def _quiet(self) -> None:
        """Wait until nothing is to be done: everything said was taken in, answered and sent."""
        gateway = self._run.gateway
        before: object = None
        async with asyncio.timeout(_PATIENCE):
            while True:
                await asyncio.sleep(_LOOK_EVERY)
                counts = await gateway.ledger.counts()
                busy = counts.pending or counts.owed or len(gateway.lanes)
                if not busy and counts == before and await self._all_told():
                    return
                before = counts

    async def _all_told(self) -> bool:
        """Whether the platforms have nothing that they still want to tell."""
        for folk in self._folks:
            if (await folk.here.control.counters()).get("unconfirmed"):
                return False
        return True


def report(soaked: Soaked) -> str:
    """The figures, as they are printed."""
    ended = ", ".join(f"{n} {what}" for what, n in sorted(soaked.counts.outcomes.items()))
    lines = [
        f"{soaked.said} messages in {soaked.seconds:.0f} s: {ended}",
        f"the loop's worst lag: {1e3 * soaked.lag:.0f} ms",
        *(str(each) for each in soaked.trends if each.name in BOUNDS or not each.flat),
        f"{len(soaked.trends)} figures watched",
    ]
    return "\n".join(lines)


def main() -> int:
    """``python -m tests.faults.soak.soak [hours] [chats] [peak] [seed]``."""
    # What it logs would be all that is seen.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    given = [int(each) for each in sys.argv[1:]]
    many, chats, peak, seed = (*given, *(24, 60, 600, 1)[len(given) :])
    with tempfile.TemporaryDirectory(prefix="argent-soak-") as folder:
        found = asyncio.run(soaked(seed, Size(many, chats, peak), Path(folder)))
    print(report(found))
    for each in found.broken():
        print(f"BROKEN {each}")
    return 1 if found.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
