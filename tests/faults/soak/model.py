"""A model with moods: mostly it repeats what it was told, and now and then it fails like one.

It is asked as OpenAI's chat completions are, remembers nothing, and runs as a process of its own.
Moods come by a count and not by chance, so that a run can be repeated.
"""

import argparse
import asyncio
import json
import random
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.benchmarks.model import answer, asked_last

_CALL = (
    b'data: {"id":"1","object":"chat.completion.chunk","created":0,"model":"test","choices":'
    b'[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"call-000001",'
    b'"type":"function","function":{"name":"current_time","arguments":"{}"}}]},'
    b'"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'
)
_STREAM = {"Content-Type": "text/event-stream"}
_TOOL_RESULT = b'"role":"tool"'

Mood = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]


class MoodyModel:
    """`trouble` is the share of the calls in which something is wrong."""

    def __init__(self, seed: int, trouble: float) -> None:
        self._rng = random.Random(seed)
        self._trouble = trouble
        self._moods: tuple[Mood, ...] = (
            self._overloaded, self._busy, self._cut, self._hangs_up, self._web_page, self._no_json,
        )  # fmt: skip

    async def serve(self) -> None:
        server = web.ServerRunner(web.Server(self._handle, access_log=None))
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        host, port = server.addresses[0][:2]
        print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
        await asyncio.Event().wait()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if self._rng.random() < self._trouble:
            return await self._rng.choice(self._moods)(request, body)
        if b"/time" in asked_last(body) and _TOOL_RESULT not in body[-2000:]:
            return await self._streamed(request, _CALL)
        return await self._streamed(request, answer(body))

    async def _overloaded(self, _request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
        return web.json_response({"error": {"message": "overloaded"}}, status=503)

    async def _busy(self, _request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
        error = {"error": {"message": "slow down", "type": "rate_limit_exceeded"}}
        return web.json_response(error, status=429, headers={"retry-after-ms": "50"})

    async def _cut(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        whole = answer(body)
        return await self._streamed(request, whole[: len(whole) // 3])

    async def _hangs_up(self, request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _web_page(self, _request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async def _no_json(self, _request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
        return web.Response(body=b"\xff\x00{", content_type="application/json")

    async def _streamed(self, request: web.BaseRequest, said: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers=_STREAM)
        await response.prepare(request)
        await response.write(said)
        await response.write_eof()
        return response


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trouble", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(MoodyModel(given.seed, given.trouble).serve())
