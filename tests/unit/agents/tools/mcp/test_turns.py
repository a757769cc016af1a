"""A model that uses a server's tools in its turn: every part is the real one, over loopback."""

import asyncio
import json
import sys

import pytest

from agents.agent import Agent, ToolStarted, TurnFinished
from agents.tools.builtin import harmless_tools
from agents.tools.mcp.errors import McpNotInstalled
from agents.tools.mcp.servers import McpServers
from agents.tools.tool import Toolbox
from agents.transcript import Transcript, UserSays
from state.keys import SessionType
from tests.emulators.llm import Call, Says
from tests.unit.agents.doubles import a_session
from tests.unit.agents.models.conftest import Provider, provider
from tests.unit.agents.tools.mcp.serving import SECONDS, connected, program, running

__all__ = ["provider"]


async def turn(provider: Provider, servers: McpServers) -> list[object]:
    offered = servers.tools(None, SessionType.MAIN)
    events = Agent([provider.model]).run(
        system="be kind",
        transcript=Transcript(),
        question=(UserSays("What does the file say?"),),
        tools=Toolbox((*harmless_tools(a_session()), *offered)),
    )
    async with asyncio.timeout(SECONDS):
        return [event async for event in events]


async def test_a_model_answers_with_what_a_server_said(provider: Provider) -> None:
    provider.llm.answers(Call("files__echo", '{"text":"forty-two"}'), "It says forty-two.")
    async with running(files=program()) as servers:
        await connected(servers)
        events = await turn(provider, servers)
    assert ToolStarted("files__echo") in events
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    assert getattr(finished.said[-1], "text", "") == "It says forty-two."
    first, second = provider.llm.asked
    told = json.dumps(first.body["tools"])
    assert "files__echo" in told
    assert "current_time" in told
    assert "A tool of the external server 'files'." in told
    assert "[from the external server 'files']\\nforty-two" in json.dumps(second.messages)


async def test_a_model_is_told_of_a_server_that_is_lost_and_answers(provider: Provider) -> None:
    both = Says(calls=(Call("files__die"), Call("current_time")))
    provider.llm.answers(both, "I cannot read it now.")
    async with running(files=program()) as servers:
        await connected(servers)
        events = await turn(provider, servers)
    assert isinstance(events[-1], TurnFinished)
    said = json.dumps(provider.llm.asked[1].messages)
    assert "The external server 'files' is not reachable now." in said
    assert "(UTC)" in said


async def test_a_turn_begins_without_waiting_for_a_server(provider: Provider) -> None:
    async with running(files=program()) as servers:
        events = await turn(provider, servers)
    assert isinstance(events[-1], TurnFinished)


def test_without_the_extra_the_owner_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # This is how Python itself marks what cannot be imported.
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(McpNotInstalled, match=r"pip install 'argent-gateway\[mcp\]'"):
        McpServers({"files": program()})
    McpServers({})
    McpServers({"files": program(enabled=False)})
