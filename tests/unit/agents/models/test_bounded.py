"""No answer fills the memory, however little of it there is on the wire."""

import gzip
import json
import resource
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from agents.models.bounded import LARGEST
from agents.models.http import new_session

FAR_TOO_LONG = 8 * LARGEST
ROOM = 100 * 1024
"""Kilobytes that reading may take: the longest answer twice over, and the unpacking of a piece."""


@pytest.fixture
async def url() -> AsyncIterator[str]:
    bomb = gzip.compress(bytes(FAR_TOO_LONG))

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        match request.path:
            case "/bomb":
                return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(bytes(1 << 16))
            case _:
                return web.json_response({"long": "x" * (LARGEST // 2)})

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("path", ["/bomb", "/endless"])
async def test_an_answer_without_a_sensible_end_is_none(url: str, path: str) -> None:
    async with new_session() as http:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with http.get(url + path) as answer:
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < ROOM


async def test_a_long_answer_is_read_as_often_as_it_is_asked_for(url: str) -> None:
    async with new_session() as http, http.get(url + "/long") as answer:
        whole = await answer.read()
        assert await answer.read() == whole
        assert len(json.loads(await answer.text())["long"]) == LARGEST // 2


async def test_an_answer_of_nothing_is_read(url: str) -> None:
    async with new_session() as http, http.head(url + "/long") as answer:
        assert await answer.read() == b""
