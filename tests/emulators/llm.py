"""What the model emulators share: scripted answers, faults, and a record of what was asked.

An emulator is a real HTTP server on loopback that speaks a provider's published protocol. Without
a script it answers with the last words of the user, so that a test can tell whose answer is whose.
"""

import argparse
import asyncio
import json
import signal
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson
from aiohttp import web

from tests.emulators.pictures import Shown, shown_in
from tests.emulators.script import (
    Body,
    Call,
    Cut,
    Fails,
    Hangs,
    Raw,
    Says,
    Scripted,
    Status,
    Trickles,
)

__all__ = [
    "LLM",
    "Asked",
    "Body",
    "Call",
    "Cut",
    "Fails",
    "Hangs",
    "Raw",
    "Refusal",
    "Says",
    "Scripted",
    "Status",
    "Trickles",
    "pieces",
    "serve",
]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation that the model was shown."""
        return self.body["messages"]

    @property
    def shown(self) -> list[Shown]:
        """The images and documents in it."""
        return list(shown_in(self.messages))


class Refusal(Exception):
    """The request breaks a rule of the protocol."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


class LLM(ABC):
    """A scripted model behind HTTP; subclasses speak a provider's dialect.

    `latency` is the time before the first byte, `chunk_bytes` the size of each write (None: an
    event at a time), `delta` how many characters one event carries, `end_delay` the time from the
    last event to the response's end. `asked` are the chats, `headers` those of every request.
    """

    chat_path = ""
    api_path = ""

    def __init__(
        self, *, latency: float = 0.0, chunk_bytes: int | None = None, delta: int = 4
    ) -> None:
        self.latency = latency
        self.chunk_bytes = chunk_bytes
        self.delta = delta
        self.key: str | None = None
        self.models: list[str] = ["test-model"]
        self.window: int | None = None
        self.end_delay = 0.0
        self.asked: list[Asked] = []
        self.headers: list[Mapping[str, str]] = []
        self.dropped = 0
        self._peers: set[object] = set()
        self._script: deque[Scripted] = deque()
        self._always: Scripted | None = None
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.root = ""

    # For tests --------------------------------------------------------------------------------

    def answers(self, *script: Scripted | Call | str) -> Self:
        """What the next requests get, in order; a text or a call is an answer of its own."""
        self._script.extend(_scripted(item) for item in script)
        return self

    def always(self, item: Scripted | Call | str) -> Self:
        """What every request gets that has no scripted answer."""
        self._always = _scripted(item)
        return self

    async def until(self, condition: Callable[[Self], bool], seconds: float = 10.0) -> None:
        """Wait for requests or lost connections: ``until(lambda llm: llm.dropped)``."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    @property
    def connections(self) -> int:
        """How many connections chats came over."""
        return len(self._peers)

    @property
    def url(self) -> str:
        """The base URL, as it is configured."""
        return self.root + self.api_path

    async def start(self, port: int = 0) -> Self:
        """Listen on loopback."""
        app = web.Application(client_max_size=1 << 30, middlewares=[self._hear])
        app.add_routes([web.post(self.chat_path, self._chat), *self.routes()])
        app.add_routes([web.get("/emulator/asked", self._report)])
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.root = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        """Close every connection."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # For subclasses ---------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        """Routes beside the chat."""
        return []

    @abstractmethod
    def check(self, asked: Asked) -> None:
        """Raise `Refusal` for what the real server refuses."""

    @abstractmethod
    def echo(self, asked: Asked) -> str:
        """The last words of the user."""

    @abstractmethod
    def events(self, says: Says, asked: Asked) -> list[bytes]:
        """The answer as server-sent events."""

    @abstractmethod
    def whole(self, says: Says, asked: Asked) -> dict[str, Any]:
        """The answer to a request that asks for no stream."""

    @abstractmethod
    def error(self, status: Status) -> dict[str, Any]:
        """The body of an HTTP error."""

    @abstractmethod
    def error_event(self, fails: Fails) -> bytes:
        """An error in the middle of a stream."""

    # The server -------------------------------------------------------------------------------

    @web.middleware
    async def _hear(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        return await handler(request)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        asked = Asked(request.path, dict(request.headers), body)
        if request.transport is not None:
            self._peers.add(request.transport.get_extra_info("peername"))
        await self._note(lambda: self.asked.append(asked))
        try:
            self.check(asked)
        except Refusal as refusal:
            return self._failed(refusal.status)
        item = self._next(asked)
        if isinstance(item, Hangs) and item.after is None:
            await self._hang()
        if self.latency:
            await asyncio.sleep(self.latency)
        if isinstance(item, Status):
            return self._failed(item)
        if isinstance(item, Body):
            return web.Response(
                body=item.body,
                content_type=item.content_type,
                status=item.status,
                headers=item.headers,
            )
        if isinstance(item, Says) and not body.get("stream"):
            return web.json_response(body=orjson.dumps(self.whole(item, asked)))
        return await self._stream(request, item, asked)

    def _next(self, asked: Asked) -> Scripted:
        if self._script:
            return self._script.popleft()
        return self._always or Says(self.echo(asked))

    def _failed(self, status: Status) -> web.Response:
        return web.json_response(
            body=orjson.dumps(self.error(status)), status=status.status, headers=status.headers
        )

    async def _stream(
        self, request: web.Request, item: Scripted, asked: Asked
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        try:
            async for chunk in self._chunks(item, asked):
                await response.write(chunk)
            if isinstance(item, Hangs):
                await self._hang()
            if isinstance(item, Cut) and not item.clean and request.transport is not None:
                request.transport.abort()
            else:
                await asyncio.sleep(self.end_delay)
                await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            await self._note(self._count_dropped)
            raise
        return response

    async def _chunks(self, item: Scripted, asked: Asked) -> AsyncIterator[bytes]:
        if isinstance(item, Raw):
            events = [item.stream]
        else:
            says = item if isinstance(item, Says) else item.says  # type: ignore[union-attr]
            events = self.events(says, asked)
            if isinstance(item, Hangs | Cut | Fails):
                events = events[: item.after]
            if isinstance(item, Fails):
                events.append(self.error_event(item))
        if isinstance(item, Trickles):
            for byte in b"".join(events):
                yield bytes([byte])
                await asyncio.sleep(1 / item.bytes_per_second)
        elif self.chunk_bytes is None:
            for event in events:
                yield event
        else:
            stream = b"".join(events)
            for start in range(0, len(stream), self.chunk_bytes):
                yield stream[start : start + self.chunk_bytes]
                # Lets the transport send, so that pieces are not joined again before that.
                await asyncio.sleep(0)

    async def _hang(self) -> None:
        try:
            await self._closing.wait()
        except asyncio.CancelledError:
            await self._note(self._count_dropped)
            raise

    async def _report(self, _: web.Request) -> web.Response:
        return web.json_response(body=orjson.dumps([asked.body for asked in self.asked]))

    def _count_dropped(self) -> None:
        self.dropped += 1

    async def _note(self, change: Callable[[], object]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()


def _scripted(item: Scripted | Call | str) -> Scripted:
    if isinstance(item, str):
        return Says(item)
    return Says(calls=(item,)) if isinstance(item, Call) else item


def pieces(text: str, size: int) -> list[str]:
    """A text in pieces of that many characters."""
    return [text[i : i + size] for i in range(0, len(text), size)]


def serve(make: Callable[..., LLM]) -> None:
    """Run an emulator as its own process: prints where it listens, ends at SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--chunk-bytes", type=int)
    parser.add_argument("--delta", type=int, default=4, help="characters of one event")
    parser.add_argument("--answer", help="always answer this; default: repeat the user's words")
    options = parser.parse_args()

    async def run() -> None:
        llm = make(
            latency=options.latency_ms / 1000,
            chunk_bytes=options.chunk_bytes,
            delta=options.delta,
        )
        if options.answer is not None:
            llm.always(options.answer)
        await llm.start(options.port)
        print(json.dumps({"url": llm.url, "root": llm.root}), flush=True)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
        await llm.stop()

    asyncio.run(run())
