"""Servers that come, go and change while turns go on."""

import asyncio
from pathlib import Path

from state.history import ToolCall
from tests.emulators.mcp.traits import Traits
from tests.unit.agents.tools.mcp.serving import SECONDS, box, call, connected, program, running
from tests.unit.agents.tools.mcp.test_programs import leashes


async def ended(pid: int) -> None:
    """Wait until a process is gone."""
    async with asyncio.timeout(SECONDS):
        # The system tells that to its parent only.
        while Path(f"/proc/{pid}").exists():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_server_that_is_added_offers_its_tools_and_others_are_not_disturbed() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        (before,) = leashes()
        servers.keep_to({"files": program(), "more": program()}, ["more"])
        await connected(servers, "more")
        assert before in leashes()
        assert (await call(servers, "more__echo", text="hello")).content.endswith("hello")


async def test_a_server_that_is_removed_ends_with_its_program() -> None:
    async with running(files=program()) as servers:
        await connected(servers)
        (before,) = leashes()
        servers.keep_to({}, ["files"])
        assert servers.health() == ()
        await ended(before)


async def test_a_server_that_changed_is_another_program_and_a_turn_hears_that_its_own_is_gone() -> (
    None
):
    async with running(files=program()) as servers:
        await connected(servers)
        (before,) = leashes()
        of_before = box(servers)
        many = servers.health()[0].tools
        servers.keep_to({"files": program(Traits(more=3))}, ["files"])
        await connected(servers, tools=many + 3)
        await ended(before)
        assert len(leashes()) == 1
        result = await of_before.call(ToolCall("call-0001", "files__echo", '{"text": "hello"}'))
        assert result.failed
        assert "not reachable" in result.content
