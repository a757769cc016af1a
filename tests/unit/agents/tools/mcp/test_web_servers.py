"""Servers over HTTP, as they are: they forget, restart, hang, refuse, and send too much."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.tools.mcp.bounds import LARGEST_MESSAGE, MOST_PARTS
from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.server import Patience
from state.keys import SessionType
from tests.emulators.mcp.http import HttpServer
from tests.emulators.mcp.traits import Traits
from tests.unit.agents.tools.mcp.serving import SECONDS, box, call, connected, failed, running

SOON = Patience(answering=0.5)


@pytest.fixture
async def web() -> AsyncIterator[HttpServer]:
    async with HttpServer(Traits(page=5)) as server:
        yield server


def at(server: HttpServer, **more: Any) -> McpSettings:
    return McpSettings(url=server.url, **more)


@pytest.mark.parametrize("streams", [False, True], ids=["json", "events"])
async def test_a_model_calls_a_tool(web: HttpServer, streams: bool) -> None:
    web.streams = streams
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        result = await call(servers, "web__echo", text="hello")
        assert result.content == "[from the external server 'web']\nhello"
        assert (await call(servers, "web__fail")).failed


async def test_the_headers_go_with_every_request(web: HttpServer) -> None:
    web.token = "sesame"
    headers: Any = {"Authorization": "Bearer sesame"}
    async with running(web=at(web, headers=headers)) as servers:
        await connected(servers, "web")
    assert {each.get("Authorization") for each in web.headers} == {"Bearer sesame"}


async def test_a_refusal_is_told_to_the_owner(web: HttpServer) -> None:
    web.token = "sesame"
    async with running(web=at(web)) as servers:
        assert await failed(servers, "web")


async def test_a_session_ends_with_the_gateway(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
    assert web.ended == 1


async def test_a_changed_list_is_read_again(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        before = (await connected(servers, "web")).tools
        await call(servers, "web__grow")
        await connected(servers, "web", tools=before + 1)


async def test_a_server_that_forgot_the_session_is_greeted_anew(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        tools = servers.tools(None, SessionType.MAIN)
        web.forget()
        result = await call(servers, "web__echo", text="a")
        assert result.failed
        assert result.content == "The external server 'web' is not reachable now."
        await web.until(lambda server: len(server.talks) == 1)
        await connected(servers, "web")
        assert not (await call(servers, "web__echo", text="b")).failed
        assert tools[0].spec == servers.tools(None, SessionType.MAIN)[0].spec


async def test_a_server_that_restarts_is_found_again(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        tools = box(servers)
        await web.stop()
        await call(servers, "web__echo", text="a")
        await failed(servers, "web")
        assert tools.specs
        assert box(servers).specs == ()
        await web.start()
        await connected(servers, "web")
        assert not (await call(servers, "web__echo", text="b")).failed


async def test_a_connection_that_breaks_in_a_call_is_told_to_the_model(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        assert (await call(servers, "web__die")).content == (
            "The external server 'web' is not reachable now."
        )
        await connected(servers, "web")
        assert not (await call(servers, "web__echo", text="again")).failed


async def test_a_turn_that_is_stopped_takes_its_call_back_at_once(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        turn = asyncio.create_task(call(servers, "web__hold"))
        await web.until(lambda server: server.held == 1)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await web.until(lambda server: server.cancelled == 1)


async def test_a_server_that_hangs_does_not_keep_turns_that_are_stopped(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        heard = len(web.headers)
        web.mute = True
        turns = [asyncio.create_task(call(servers, "web__echo", text="a")) for _ in range(3)]
        await web.until(lambda server: len(server.headers) == heard + 3)
        for turn in turns:
            turn.cancel()
        async with asyncio.timeout(1.0):
            await asyncio.gather(*turns, return_exceptions=True)


async def test_one_call_that_hangs_keeps_no_other(web: HttpServer) -> None:
    async with running(web=at(web, timeout=0.3)) as servers:
        await connected(servers, "web")
        slow = asyncio.create_task(call(servers, "web__stall"))
        assert not (await call(servers, "web__echo", text="meanwhile")).failed
        assert (await slow).content == "The tool took longer than 0.3 s."
        assert not (await call(servers, "web__echo", text="after")).failed


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Bad gateway</html>",
        b'{"jsonrpc":"2.0","id":99,"result":{}}',
        b"[" * 100_000,
    ],
    ids=["page", "other id", "deep"],
)
async def test_an_answer_that_is_none_is_a_failed_result(web: HttpServer, body: bytes) -> None:
    web.body = body
    async with running(SOON, web=at(web, timeout=0.5)) as servers:
        await connected(servers, "web")
        assert (await call(servers, "web__echo", text="a")).failed
        web.body = None
        async with asyncio.timeout(SECONDS):
            while (await call(servers, "web__echo", text="b")).failed:
                await connected(servers, "web")


async def test_what_is_packed_unasked_is_not_unpacked(web: HttpServer) -> None:
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        web.packs = True
        assert (await call(servers, "web__echo", text="a")).failed


@pytest.mark.parametrize("streams", [False, True], ids=["json", "events"])
@pytest.mark.parametrize("size", [0, LARGEST_MESSAGE])
async def test_an_answer_that_is_too_large_is_not_read(
    web: HttpServer, streams: bool, size: int
) -> None:
    web.streams = streams
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        assert (await call(servers, "web__big", size=size)).failed == (size > 0)


@pytest.mark.parametrize("streams", [False, True], ids=["json", "events"])
async def test_an_answer_that_is_too_intricate_is_not_read(web: HttpServer, streams: bool) -> None:
    web.streams = streams
    async with running(web=at(web)) as servers:
        await connected(servers, "web")
        fine = await call(servers, "web__echo", text="[" * (MOST_PARTS - 1_000))
        maze = await call(servers, "web__echo", text="[" * MOST_PARTS)
        assert (fine.failed, maze.failed) == (False, True)


async def test_nobody_is_offered_a_server_that_is_not_for_their_sessions(web: HttpServer) -> None:
    other = at(web, types=(SessionType.GROUP,))
    async with running(web=at(web), other=other) as servers:
        await connected(servers, "web")
        await connected(servers, "other")

        def whose(kind: SessionType, *names: str) -> set[str]:
            tools = servers.tools(names or None, kind)
            return {tool.spec.name.partition("__")[0] for tool in tools}

        assert whose(SessionType.MAIN) == {"web"}
        assert whose(SessionType.GROUP) == {"other"}
        assert whose(SessionType.DM) == whose(SessionType.TOPIC) == set()
        assert whose(SessionType.MAIN, "oth*") == set()
        assert whose(SessionType.MAIN, "w*") == {"web"}
        assert servers.tools((), SessionType.MAIN) == ()
