"""Each suite of this folder runs over every implementation of its protocol."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.files import open_state
from state.memory import MemoryLedger, MemorySessions
from state.store import Ledger, Sessions
from tests.contracts.channels import RIGS
from tests.contracts.channels.talk import Person, Talk
from tests.contracts.inbox import Inbox, stop

STORES = ["memory", "files"]


@pytest.fixture(params=STORES)
async def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sessions]:
    if request.param == "memory":
        yield MemorySessions()
        return
    state = await open_state(tmp_path / "state")
    yield state.sessions
    await state.close()


@pytest.fixture(params=STORES)
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    state = await open_state(tmp_path / "state")
    yield state.ledger
    await state.close()


@pytest.fixture
async def talk(request: pytest.FixtureRequest, unused_tcp_port: int) -> AsyncIterator[Talk[Person]]:
    """The channel that `request.param` names."""
    async with RIGS[request.param].open(unused_tcp_port) as talk:
        yield talk


@pytest.fixture
async def inbox(talk: Talk[Person]) -> AsyncIterator[Inbox]:
    """What comes in; the channel runs as long as the test does."""
    inbox = Inbox()
    task = asyncio.create_task(talk.channel.run(inbox.receive))
    yield inbox
    await stop(task)
