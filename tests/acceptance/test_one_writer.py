"""A gateway, another one and an operator's commands, all on one folder and at the same time."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.acceptance.gateway_process import World, world
from tests.acceptance.test_cli import Argent

pytestmark = pytest.mark.acceptance

PEOPLE = ("Alice", "Bob", "Carol")
ROUNDS = 2
# Each answer is read as it is in the end, however long its turn had to wait.
SETTINGS = ["limits.sender_turns=0", "channels.telegram.streaming=false"]


async def talk(there: World, name: str, over: asyncio.Event) -> tuple[str, list[str]]:
    """Somebody asks, is answered, and asks again; in which session, and all that was said."""
    person, said = there.telegram.user(name), []
    while not over.is_set():
        asked = f"{name} asks {len(said)}"
        await person.says(asked)
        (answer,) = await person.hears()
        assert answer.text == asked
        said += [asked, asked]
    return f"telegram:{person.id}:dm", said


def operate(argent: Argent) -> None:
    """Put everything away and take it out, take summaries back, export, and look."""
    for _ in range(ROUNDS):
        keys = [row["key"] for row in argent.data("sessions", "list")["sessions"]]
        assert len(keys) == len(PEOPLE)
        for verb in ("archive", "unarchive"):
            argent.ok("sessions", verb, *keys)
        for verb in ("undo", "export"):
            argent.ok("sessions", verb, keys[0])


def intrude(argent: Argent, pid: int) -> None:
    """Start another gateway on the folder."""
    for _ in range(ROUNDS):
        error = argent.refused(6, "gateway", "run")
        assert error["code"] == "locked"
        assert str(pid) in error["message"]


async def test_nothing_of_it_interleaves(tmp_path: Path) -> None:
    async with world(tmp_path, settings=SETTINGS) as there:
        argent, over = Argent(there.gateway.state), asyncio.Event()
        await there.gateway.start()
        talking = [asyncio.create_task(talk(there, name, over)) for name in PEOPLE]
        await there.asked(2 * len(PEOPLE))
        await asyncio.gather(
            asyncio.to_thread(operate, argent),
            asyncio.to_thread(intrude, argent, there.gateway.pid),
        )
        over.set()
        talked = await asyncio.gather(*talking)
        assert await there.gateway.terminate() == 0
    for key, said in talked:
        exported = json.loads(argent.ok("sessions", "export", key))
        assert [entry["content"] for entry in exported["messages"]] == said
    assert "0 findings" in argent.ok("sessions", "check")
