"""Each suite of this folder runs over every implementation of its protocol."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from state.files import open_state
from state.memory import MemoryLedger, MemorySessions
from state.store import Ledger, Sessions

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
