"""A process in which a conversation ends that is not kept, killed at every step of that.

    python -m tests.faults.ender <folder> <every>

Prints a line for each kill, one in so many steps: what it left, and whether the next process left
nothing of that and went on. The last line is of the end that was not killed any more.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.flows.house import HOUR, House, Wrist, words_in

MOST = 2_000

_CHANGES = frozenset(
    {
        *("execute", "executemany", "executescript"),
        *("pwrite", "ftruncate", "fsync", "fdatasync", "syncfs"),
        *("replace", "rename", "link", "unlink", "rmdir", "mkdir"),
    }
)
"""The calls, of SQLite and of the system, between which a kill makes a difference."""


@dataclass
class Steps:
    """Counts whatever may change a file, and kills this process at the `last` of them."""

    last: int
    count: int = 0
    counts: bool = False

    def profile(self, _frame: object, event: str, called: object) -> None:
        """What Python tells of each call, in every thread."""
        if self.counts and event == "c_call" and getattr(called, "__name__", "") in _CHANGES:
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)


async def talk(root: Path) -> None:
    argent = House(root, "never", Wrist())
    await argent.opens()
    await argent.talks()
    await argent.closes()


async def end(root: Path, steps: Steps) -> None:
    argent = House(root, "never", Wrist())
    argent.clock.passes(2 * HOUR)
    await argent.opens()
    steps.counts = True
    await argent.janitor_comes()
    await argent.state.search.caught_up()
    steps.counts = False
    await argent.closes()


async def goes_on(root: Path) -> None:
    """What is left in the next process, and whether the session is as good as new."""
    argent = House(root, "never", Wrist())
    argent.clock.passes(2 * HOUR)
    await argent.opens()
    await argent.janitor_comes()
    left = await argent.words()
    facts = await argent.facts()
    assert (left, facts.messages, facts.title, await argent.entries()) == ([], 0, None, ()), left
    assert await argent.says("hello", source="again") == "echo: hello"
    await argent.closes()


def in_a_process(work: Callable[[], Awaitable[None]]) -> int:
    """Do it in a process of its own; how that ended, as `os.waitstatus_to_exitcode` says."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        asyncio.run(work())  # type: ignore[arg-type]
    except BaseException as error:
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)


def killed_at(root: Path, number: int) -> bool:
    """End the conversation, but for a kill at this step; whether that came."""
    steps = Steps(number)

    async def ends() -> None:
        threading.setprofile(steps.profile)
        sys.setprofile(steps.profile)
        await end(root, steps)

    ended = in_a_process(ends)
    assert ended in (0, -signal.SIGKILL), ended
    return ended != 0


def main(folder: Path, every: int) -> None:
    base = folder / "base"
    assert in_a_process(lambda: talk(base)) == 0
    assert words_in(base)
    for number in range(every, MOST, every):
        root = folder / str(number)
        shutil.copytree(base, root)
        killed = killed_at(root, number)
        left = len(words_in(root))
        went_on = in_a_process(lambda root=root: goes_on(root)) == 0  # type: ignore[misc]
        told = {"step": number, "killed": killed, "left": left, "went_on": went_on}
        os.write(1, json.dumps(told).encode() + b"\n")
        shutil.rmtree(root)
        if not killed:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
