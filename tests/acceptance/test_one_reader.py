"""Two processes that were given the same bot."""

from pathlib import Path

import pytest

from tests.acceptance.gateway_process import GatewayProcess, world
from tests.flows.bot import telegram_account

pytestmark = pytest.mark.acceptance


async def test_a_killed_gateway_lets_go_of_its_token(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        alice = there.telegram.user("Alice")
        accounts = {"telegram": telegram_account(there.telegram, poll_seconds=30)}
        second = GatewayProcess(tmp_path / "second", accounts, there.model)
        try:
            await there.gateway.start()
            await there.gateway.logged("connected")
            await second.start()
            await second.logged("token_in_use")
            assert f"process {there.gateway.pid}" in second.tail()
            await alice.says("one")
            assert [sent.text for sent in await alice.hears()] == ["one"]
            assert await second.terminate() == 0
            await there.gateway.kill()
            await second.start()
            await second.logged("connected")
            await alice.says("two")
            assert [sent.text for sent in await alice.hears()] == ["two"]
        finally:
            await second.close()
    assert there.telegram.bot.token not in "".join(second.lines)
