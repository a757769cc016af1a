"""Two chats are linked by a message that was stored although its commit failed."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.notices import notice
from state.files import open_state
from state.store import StorageFailed
from tests.faults.test_failing_ledger import Lying
from tests.flows.apps import apps, owned


async def test_a_code_whose_commit_was_said_to_fail_links_when_its_message_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Lying)

    state = await open_state(tmp_path, connect=connect)
    accept = state.ledger.accept

    async def lies(*args: Any, **facts: Any) -> Any:
        monkeypatch.setattr(Lying, "lies", True)
        try:
            return await accept(*args, **facts)
        finally:
            monkeypatch.setattr(Lying, "lies", False)

    async with apps(owned("telegram"), sessions=state.sessions, ledger=state.ledger) as world:
        said = f"/pair {await world.code('telegram')} yes"
        with monkeypatch.context() as disk:
            disk.setattr(state.ledger, "accept", lies)
            with pytest.raises(StorageFailed):
                await world.says("discord", said, source="joins")
        await world.says("discord", said, source="joins")
        assert await world.hears("discord") == [notice("pair_done", called="jason")]
        assert await state.ledger.pending() == (), "nobody runs it before the next start"
        assert await world.talks("discord", "hello") == "echo: hello"
        assert await world.said("user-jason") == ["discord: hello", "echo: hello"]
    await state.close()
