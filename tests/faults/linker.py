"""A process in which one person's chats are linked, killed at every step of that.

    python -m tests.faults.linker <folder> <every>

Prints a line for each kill, one in so many steps: whether it left the two linked, and whether the
next process, which is told again what nobody was told it has, linked them once and went on. The
last line is of the link that was not killed any more.
"""

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from state.files import ReadOnlyState, open_state
from state.keys import SessionId
from state.lifecycle import Phase
from tests.faults.ender import MOST, Steps, in_a_process
from tests.flows.apps import Apps, apps, owned
from tests.flows.house import Wrist

HOSTS, JOINERS = "telegram_1_main", "discord_1_main"
CODE = "code.txt"
SOURCE = "discord-joins"
LINKED, ALONE = 2, 0


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Apps]:
    state = await open_state(root)
    settings = owned("telegram", "discord")
    async with apps(settings, sessions=state.sessions, ledger=state.ledger, clock=Wrist()) as world:
        yield world
    await state.close()


async def talk(root: Path) -> None:
    async with opened(root) as world:
        await world.talks("telegram", "here")
        await world.talks("discord", "there")
        (root / CODE).write_text(await world.code("telegram"))


async def link(root: Path, steps: Steps) -> None:
    async with opened(root) as world:
        said = f"/pair {(root / CODE).read_text()} yes"
        steps.counts = True
        await world.says("discord", said, source=SOURCE)
        await world.hears("discord")
        steps.counts = False


async def goes_on(root: Path) -> None:
    async with opened(root) as world:
        await world.stage.settled()
        said = f"/pair {(root / CODE).read_text()} yes"
        await world.says("discord", said, source=SOURCE)
        await world.stage.settled()
        assert len(await world.stage.ledger.links.links()) == LINKED
        await world.says("discord", "after", source="discord-after")
        await world.stage.settled()
        words = await world.said(HOSTS)
        assert words == ["telegram: here", "echo: here", "discord: after", "echo: after"], words
        own = await world.facts(JOINERS)
        assert own.phase is Phase.ARCHIVED, own.phase
        assert own.log[-1].reason == "linked to user-jason", own.log
        words = await world.said(JOINERS)
        assert words == ["discord: there", "echo: there"], words


def killed_at(root: Path, number: int) -> bool:
    """Link the two, but for a kill at this step; whether that came."""
    steps = Steps(number)

    async def links() -> None:
        threading.setprofile(steps.profile)
        sys.setprofile(steps.profile)
        await link(root, steps)

    ended = in_a_process(links)
    assert ended in (0, -signal.SIGKILL), ended
    return ended != 0


def main(folder: Path, every: int) -> None:
    base = folder / "base"
    assert in_a_process(lambda: talk(base)) == 0
    assert ReadOnlyState(base).find(SessionId(HOSTS))
    for number in range(every, MOST, every):
        root = folder / str(number)
        shutil.copytree(base, root)
        killed = killed_at(root, number)
        links = len(ReadOnlyState(root).links())
        went_on = in_a_process(lambda root=root: goes_on(root)) == 0  # type: ignore[misc]
        told = {"step": number, "killed": killed, "links": links, "went_on": went_on}
        os.write(1, json.dumps(told).encode() + b"\n")
        shutil.rmtree(root)
        if not killed:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
