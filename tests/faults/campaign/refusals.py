"""A system call on the state folder that fails: once, or from then on for a while.

Nothing is acknowledged that is not kept, the owner is told once, and it goes on by itself when the
disk does. A gateway that cannot even start says so with the path, and starts when it can. Half of
those that suffer for long are killed meanwhile: then only what was kept is there.
"""

import asyncio
import errno
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.notices import notice
from tests.faults.campaign.chains import chains, spread
from tests.faults.campaign.fault import Fault, Result, Trials
from tests.faults.campaign.scene import SILENCE, Scene, scene
from tests.faults.forge.client import available, forge
from tests.faults.forge.harm import Harm, Seen

REFUSED = (
    (errno.ENOSPC, ("write", "pwrite64", "openat", "mkdir", "ftruncate", "rename", "link")),
    (errno.EIO, ("write", "pwrite64", "ftruncate", "rename", "unlink", "openat")),
    (errno.EIO, ("fdatasync", "fsync", "syncfs")),
    (errno.EMFILE, ("openat",)),
    (errno.EROFS, ("openat", "mkdir", "rename", "unlink", "rmdir")),
    (errno.EINTR, ("write", "pwrite64", "openat", "fdatasync", "ftruncate")),
)
"""Which calls fail with what."""

LASTING = frozenset({errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS})
"""An interrupted call is made again; where that never ends, nothing else does."""

TOLD = {notice("storage_full"), notice("storage_failed")}
BACK = notice("storage_back")

_A_WHILE = 1.5
"""Seconds for which a disk refuses."""

_KILLED = 0.5
"""The share of those lives that are killed while it does."""

_BUG = "this is a bug"
_SWITCH = "refusing"


@dataclass(frozen=True)
class CallThatFails:
    """Each trial: a life in which the disk refuses, and then does not; see `Scene`."""

    name: str = "a call that fails"
    trials: Trials = Trials(small=4, medium=300, all=100_000)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        async with forge() as forked:
            async with scene(forked, folder / "counted", rng) as first:
                counted = await first.lives(Harm((), 1, below=str(first.gateway.state)))
            harms = spread(_refusals(counted), trials, rng)
            result = await chains(forked, harms, _trial, folder / "tried", seed)
        existing = sum(counted.counts.values())
        return result + Result(figures=(f"a life makes {existing} calls on its state folder",))


def _refusals(counted: Seen) -> dict[tuple[int, str, bool], list[Harm]]:
    return {
        (error, name, lasts): [
            Harm(
                (name,), at, error, writing=error != errno.EMFILE, while_=_SWITCH if lasts else None
            )
            for at in range(1, counted.counts.get(name, 0) + 1)
        ]
        for error, names in REFUSED
        for name in names
        for lasts in ((False, True) if error in LASTING else (False,))
    }


async def _trial(here: Scene, harm: Harm) -> Result:
    """Afterwards nothing runs, and everything was answered."""
    mark, lines = here.mark(), len(here.gateway.lines)
    with _switched_on(here, harm) as armed:
        await here.begins(armed)
        if await here.ends_while(_suffers(here, lasts=harm.while_ is not None)):
            await here.gateway.ended()
        elif harm.while_ is not None and here.rng.random() < _KILLED:
            await here.gateway.kill()
    if here.gateway.alive:
        await here.crowd.quiet(SILENCE)
        assert await here.gateway.terminate() == 0, here.gateway.tail()
    code, seen = await here.came()
    if code:
        _check_refusal(code, here, "".join(here.gateway.lines[lines:]))
        await here.recovers(cold=False)
    trial = f"{harm} ({seen.done})"
    _check_told(here.told()[mark.told :], trial)
    return replace(here.judged(mark, trial), tried=int(seen.failed > 0))


@contextmanager
def _switched_on(here: Scene, harm: Harm) -> Iterator[Harm]:
    """The harm as it is in this world; one that lasts does so until the end of the block."""
    armed = replace(harm, below=str(here.gateway.state))
    if harm.while_ is None:
        yield armed
        return
    switch = here.gateway.state.parent / harm.while_
    switch.touch()
    try:
        yield replace(armed, while_=str(switch))
    finally:
        switch.unlink()


async def _suffers(here: Scene, *, lasts: bool) -> None:
    """A dozen messages while calls fail; those that fail for long are not all answered."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_A_WHILE if lasts else None):
            await here.works()


def _check_refusal(code: int, here: Scene, logged: str) -> None:
    """A gateway that gave up has said why, and where."""
    if code == -signal.SIGKILL:
        return
    tail = here.gateway.tail()
    assert code > 0, f"it ended with {code}: {tail}"
    assert _BUG not in logged, f"it took a disk that fails for a bug: {tail}"
    assert str(here.gateway.state) in logged, f"it did not say where: {tail}"


def _check_told(told: Sequence[str], trial: str) -> None:
    """The owner is told of a trouble once, and of its end once; a killed gateway tells no end."""
    assert len(told) <= 2, f"{trial}: the owner was told {told}"
    assert set(told[:1]) <= TOLD, f"{trial}: the owner was told {told}"
    assert told[1:] in ([], [BACK]), f"{trial}: the owner was told {told}"


FAULTS: tuple[Fault, ...] = (CallThatFails(),) if available() else ()
