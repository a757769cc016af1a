"""Settings that are written again and again while everybody talks."""

import asyncio
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from state.messages import Sender
from tests.flows.rewritten import Desk, accounts, desk

PEOPLE = [Sender(str(number), f"P{number}") for number in range(8)]
WRITTEN: list[dict[str, Any]] = [
    {"channels": accounts(work={"token": "2:b"})},
    {"agents": {"defaults": {"system_prompt": "Be brief."}}},
    {"channels": accounts()},
    {"channels": accounts(work={"owners": ["1"]}), "limits": {"sender_turns": 0}},
    {"channels": accounts(telegram={"token": "1:b"}, work={"enabled": False})},
    {"models": {"attempts": 2}},
    {"channels": accounts(work={}), "agents": {}},
]


async def storm(there: Desk, reloads: int) -> None:
    """Write the settings anew so many times, and have each taken up."""
    for settings, _ in zip(cycle(WRITTEN), range(reloads), strict=False):
        await there.reloads(**settings)
    await there.reloads(channels=accounts(work={}))


async def talk(there: Desk, ended: asyncio.Event) -> dict[tuple[str, str], list[str]]:
    """Everybody talks on both accounts until it has ended: what they said, by account and chat."""
    said: dict[tuple[str, str], list[str]] = {}
    for number, who in enumerate(cycle(PEOPLE)):
        if ended.is_set() and number % len(PEOPLE) == 0:
            return said
        for account in ("telegram", "work"):
            await there.platforms[account].say(who, f"{account} {who.id} {number}")
            said.setdefault((account, who.id), []).append(f"{account} {who.id} {number}")
        # As fast as the bots that are there take it, and no faster.
        await there.says(who, f"telegram {who.id} {number}!")
        said["telegram", who.id].append(f"telegram {who.id} {number}!")
    raise AssertionError("people never stop")


def heard(there: Desk, account: str, chat: str) -> list[str]:
    """Every line that was answered in a chat, in the order of the answers, by any of its bots."""
    answers = [text for bot in there.bots[account] for text in bot.sent]
    lines = [line for text in answers for line in text.removeprefix("echo: ").splitlines()]
    return [line for line in lines if line.startswith(f"{account} {chat} ")]


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("reloads", [15, pytest.param(200, marks=pytest.mark.slow)])
async def test_a_storm_of_reloads_loses_nothing_and_leaves_nothing_behind(
    tmp_path: Path, reloads: int
) -> None:
    given = {"channels": accounts(work={}), "limits": {"sender_turns": 0}}
    async with desk(tmp_path, given | {"gateway": {"max_queue": 100_000}}) as there:
        await storm(there, len(WRITTEN))
        await there.stage.settled()
        tasks, before = len(asyncio.all_tasks()), descriptors()
        ended = asyncio.Event()
        talking = asyncio.create_task(talk(there, ended))
        await storm(there, reloads)
        ended.set()
        said = await talking
        for platform in there.platforms.values():
            await platform.emptied()
        await there.stage.settled()
        assert not await there.stage.ledger.owed()
        assert not await there.stage.ledger.pending()
        for (account, chat), lines in said.items():
            assert heard(there, account, chat) == lines
        assert len(asyncio.all_tasks()) <= tasks
        assert descriptors() <= before
