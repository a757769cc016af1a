"""SIGTERM at a system call: whatever a gateway is about, it ends in order and leaves nothing.

A quarter of them are told twice, at any moment of the drain, and end at once as in a crash.
"""

import asyncio
import json
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from state.files.lock import FileLock
from tests.faults.campaign.chains import chains, spread
from tests.faults.campaign.fault import Fault, Result, Trials
from tests.faults.campaign.scene import Scene, scene
from tests.faults.forge.client import available, forge
from tests.faults.forge.harm import Harm

DRAIN = 25.0
"""Seconds that a stop may take."""

AT_ONCE = 2.0
"""Seconds that the second signal may take."""

_INTAKE = 1.0
"""Seconds after which nothing more may be taken; 0.1 on a machine that is not busy with tests."""

_TWICE = 0.25
_IMPATIENCE = 0.5


@dataclass(frozen=True)
class StopAtACall:
    """Each trial: a life that is told to stop there, a start, and quiet."""

    name: str = "stop at a system call"
    trials: Trials = Trials(small=4, medium=200, all=500)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        async with forge() as forked:
            async with scene(forked, folder / "counted", rng) as first:
                counted = await first.lives(None)
            moments = {
                name: [Harm((name,), at, signal=signal.SIGTERM) for at in range(1, count + 1)]
                for name, count in sorted(counted.counts.items())
            }
            harms = spread(moments, trials, rng)
            return await chains(forked, harms, _trial, folder / "tried", seed)


async def _trial(here: Scene, harm: Harm) -> Result:
    mark, lines, calls = here.mark(), len(here.gateway.lines), _calls(here)
    stopped = here.gateway.times("stopping")
    await here.begins(harm)
    twice = here.rng.random() < _TWICE
    told_twice = asyncio.create_task(_asks_again(here)) if twice else None
    ended = await here.ends_while(here.works())
    if told_twice is not None:
        told_twice.cancel()
        await asyncio.gather(told_twice, return_exceptions=True)
    if not ended and here.gateway.times("stopping") == stopped:
        # It was never told, or is about to obey: then this is the second time.
        here.gateway.signal(signal.SIGTERM)
        twice = True
    await here.gateway.ended()
    code, seen = await here.came()
    trial = f"{harm} ({seen.done})"
    logged = [json.loads(line) for line in here.gateway.lines[lines:] if line.startswith("{")]
    broken = [f"{trial}: {each}" for each in _took(logged)]
    if code == 0:
        broken += [f"{trial}: {each}" for each in _left(here.gateway.state)]
    crashed = code == -signal.SIGTERM
    # Before it has begun anything, there is nothing to be ended in order.
    if code and not (crashed and (twice or _calls(here) == calls)):
        broken.append(f"{trial}: it ended with {code}: {here.gateway.tail()}")
    await here.recovers(cold=False, crashed=crashed)
    judged = here.judged(mark, trial)
    return replace(
        judged, tried=int(seen.done is not None), broken=(*judged.broken, *broken), ready=None
    )


def _calls(here: Scene) -> int:
    """How often any platform was called."""
    return sum(town.calls for town in here.crowd.towns)


async def _asks_again(here: Scene) -> None:
    await here.gateway.logged("stopping", here.gateway.times("stopping") + 1)
    await asyncio.sleep(here.rng.uniform(0, _IMPATIENCE))
    here.gateway.signal(signal.SIGTERM)


def _took(logged: list[dict[str, str]]) -> Iterator[str]:
    """How long it went on taking messages, and how long it took to end."""
    at = {each["event"]: datetime.fromisoformat(each["at"]) for each in logged}
    if "stopping" not in at:
        return
    if "accepted" in at and (late := (at["accepted"] - at["stopping"]).total_seconds()) > _INTAKE:
        yield f"it took a message {late:.1f} s after it was told to stop"
    last = datetime.fromisoformat(logged[-1]["at"])
    if (seconds := (last - at["stopping"]).total_seconds()) > DRAIN:
        yield f"it took {seconds:.0f} s to stop"


def _left(state: Path) -> Iterator[str]:
    """What a gateway that has ended should have taken with it."""
    if (state / "control.sock").exists():
        yield "it left its socket"
    for path in [*state.rglob("*.lock"), *state.parent.rglob("*.lock")]:
        lock = FileLock.take(path, "")
        if lock is None:
            yield f"somebody holds {path.name}"
        else:
            lock.release()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (
                str(process.name) != str(os.getpid())
                and str(state).encode() in (process / "cmdline").read_bytes()
            ):
                yield f"process {process.name} still runs"


FAULTS: tuple[Fault, ...] = (StopAtACall(),) if available() else ()
