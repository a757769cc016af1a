"""A server over streamable HTTP, on loopback.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

import asyncio
import gzip
from collections.abc import Callable
from typing import Self

import orjson
from aiohttp import web

from tests.emulators.mcp.talk import Die, Message, Stall, Talk
from tests.emulators.mcp.traits import Traits

SESSION = "Mcp-Session-Id"


class HttpServer:
    """Configured as `url`. `streams`: answers come as events, not as JSON. `token` is asked for.

    `body` is what calls are answered with; `packs`: their
    answers are compressed, whatever was asked for; `mute`: nothing is
    answered at all. `ended` counts the sessions that
    clients ended.
    """

    def __init__(self, traits: Traits | None = None, *, streams: bool = False) -> None:
        self.traits = traits or Traits()
        self.streams = streams
        self.token: str | None = None
        self.body: bytes | None = None
        self.packs = False
        self.mute = False
        self.url = ""
        self.ended = 0
        self.headers: list[dict[str, str]] = []
        self.talks: dict[str, Talk] = {}
        self._count = 0
        self._port = 0
        self._closing = asyncio.Event()
        self._changed = asyncio.Condition()
        self._pushes: asyncio.Queue[Message] = asyncio.Queue()
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        """Listen, on the same port as before."""
        app = web.Application(client_max_size=1 << 26)
        app.add_routes(
            [
                web.post("/mcp", self._post),
                web.get("/mcp", self._get),
                web.delete("/mcp", self._delete),
            ]
        )
        self._closing.clear()
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/mcp"
        return self

    async def stop(self) -> None:
        """Close every connection; sessions are lost."""
        self._closing.set()
        self.forget()
        if self._runner is not None:
            await self._runner.cleanup()

    def forget(self) -> None:
        """Know no session any more."""
        self.talks.clear()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def until(self, condition: Callable[[Self], bool], seconds: float = 10.0) -> None:
        """Wait for something that requests bring about."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    @property
    def cancelled(self) -> int:
        """How many calls were taken back, in all sessions."""
        return sum(len(talk.cancelled) for talk in self.talks.values())

    @property
    def held(self) -> int:
        """How many calls are kept waiting."""
        return sum(len(talk.held) for talk in self.talks.values())

    async def _post(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        await self._note()
        if self.mute:
            return await self._never()
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        message = orjson.loads(await request.read())
        session = request.headers.get(SESSION, "")
        if message.get("method") == "initialize":
            self._count += 1
            session = f"session-{self._count}"
            self.talks[session] = Talk(self.traits)
        talk = self.talks.get(session)
        if talk is None:
            return web.Response(status=404 if session else 400)
        try:
            answers = talk.hear(message)
        except Stall:
            return await self._never()
        except Die:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=500)
        await self._note()
        if message.get("id") is None or "method" not in message:
            return web.Response(status=202)
        if self.body is not None and message["method"] == "tools/call":
            return web.Response(body=self.body, content_type="application/json")
        return await self._answer(request, session, answers)

    async def _answer(
        self, request: web.Request, session: str, answers: list[Message]
    ) -> web.StreamResponse:
        if not answers:
            return await self._never()
        for pushed in answers[1:]:
            self._pushes.put_nowait(pushed)
        if self.streams:
            return await self._stream(request, answers[0], session)
        if self.packs:
            return web.Response(
                body=gzip.compress(orjson.dumps(answers[0])),
                content_type="application/json",
                headers={"Content-Encoding": "gzip"},
            )
        return web.json_response(answers[0], headers={SESSION: session})

    async def _never(self) -> web.Response:
        await self._closing.wait()
        return web.Response(status=500)

    async def _stream(
        self, request: web.Request, answer: Message, session: str
    ) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream", SESSION: session}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(b"event: message\ndata: " + orjson.dumps(answer) + b"\n\n")
        await response.write_eof()
        return response

    async def _get(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            push = asyncio.create_task(self._pushes.get())
            closing = asyncio.create_task(self._closing.wait())
            try:
                await asyncio.wait((push, closing), return_when=asyncio.FIRST_COMPLETED)
                if closing.done():
                    return response
                await response.write(b"data: " + orjson.dumps(push.result()) + b"\n\n")
            finally:
                push.cancel()
                closing.cancel()

    async def _delete(self, request: web.Request) -> web.Response:
        self.talks.pop(request.headers.get(SESSION, ""), None)
        self.ended += 1
        await self._note()
        return web.Response(status=200)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()
