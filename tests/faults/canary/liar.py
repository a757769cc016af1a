"""A server in front of another one, that fails as it is told and repeats all it was shown.

What stands before a platform (a proxy, a firewall, a debug page) may answer with the request that
it did not like: its address, its headers and its body. Nothing of that may get anywhere.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import aiohttp
from aiohttp import web

_NOT_HANDED_ON = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
)
_LARGEST = 64 << 20


@dataclass(frozen=True)
class Seen:
    """A request as it came, and all of it as a text."""

    request: web.BaseRequest
    body: bytes
    elsewhere: str

    @property
    def echo(self) -> str:
        """Its address, headers and body."""
        headers = "\n".join(f"{name}: {value}" for name, value in self.request.headers.items())
        told = self.body[:4000].decode("latin-1")
        return f"{self.request.method} {self.request.url}\n{headers}\n\n{told}"

    def json(self, status: int, **headers: str) -> web.Response:
        """An error of every platform and provider at once, whose every text is the request."""
        said = {
            "ok": False, "error_code": status, "description": self.echo,
            "parameters": {"retry_after": 1}, "retry_after": 0.1,
            "message": self.echo, "code": 0, "detail": self.echo,
            "response_metadata": {"messages": [self.echo]},
            "error": {"message": self.echo, "type": "error", "code": self.echo},
        }  # fmt: skip
        if re.match("/api/[a-z]+[.]", self.request.path):
            # Slack has codes there, and one of them says that it does not take the token.
            said["error"] = self.echo if status != 401 else "invalid_auth"
        return web.json_response(said, status=status, headers=headers)


Lie = Callable[[Seen], web.StreamResponse | None]
"""What comes back; None: the connection ends without a word."""


def page(status: int) -> Lie:
    """A debug page."""
    return lambda seen: web.Response(
        status=status, text=f"<html><pre>{seen.echo}</pre></html>", content_type="text/html"
    )


def error(status: int) -> Lie:
    """An error in the server's own form."""
    return lambda seen: seen.json(status, **{"Retry-After": "0"})


def reset(_: Seen) -> None:
    """The connection breaks."""


def garbage(seen: Seen) -> web.Response:
    """What begins as JSON and is none."""
    return web.Response(body=b'{"ok": true, "result": ' + seen.echo.encode())


def redirect(seen: Seen) -> web.Response:
    """Somebody else has it, it says."""
    address = f"{seen.elsewhere}{seen.request.path_qs}"
    return web.Response(status=307, headers={"Location": address}, text=seen.echo)


LIES: dict[str, Lie] = {
    "401": error(401), "409": error(409), "429": error(429), "500": error(500), "502": page(502),
    "400": error(400), "403": error(403), "page": page(200), "reset": reset, "garbage": garbage,
    "redirect": redirect,
}  # fmt: skip


@dataclass
class Liar:
    """Listens in front of `upstream`, and answers in its place when a lie is due."""

    upstream: str
    elsewhere: str
    url: str = ""
    heard: list[str] = field(default_factory=list)
    """Every request as a text."""
    _paths: Counter[str] = field(default_factory=Counter)
    _due: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    _always: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.ServerRunner | None = None
    _http: aiohttp.ClientSession | None = None

    def next(self, path: str, *lies: str) -> None:
        """The next requests whose path matches get these, one each."""
        self._due += [(re.compile(path), lie) for lie in lies]

    def always(self, path: str, lie: str) -> None:
        """Every such request that gets nothing else."""
        self._always.append((re.compile(path), lie))

    def honest(self) -> None:
        """No more lies."""
        self._due.clear()
        self._always.clear()

    async def until_told(self, seconds: float = 30.0) -> None:
        """Wait until all lies that were due are told."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: not self._due)

    async def until_heard(self, path: str, seconds: float = 30.0) -> None:
        """Wait for the next request whose path matches."""
        before = self._counted(path)
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self._counted(path) > before)

    def _counted(self, path: str) -> int:
        return sum(times for each, times in self._paths.items() if re.search(path, each))

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)
        )
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None, handler_cancellation=True),
            shutdown_timeout=0.1,
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        assert self._http is not None
        await self._runner.cleanup()
        await self._http.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        body = await request.content.read(_LARGEST)
        while (more := await request.content.read(_LARGEST)) != b"":
            body += more
        seen = Seen(request, body, self.elsewhere)
        self.heard.append(seen.echo)
        self._paths[request.path] += 1
        lie = self._lie(request.path)
        async with self._changed:
            self._changed.notify_all()
        if lie is not None:
            answer = LIES[lie](seen)
            if answer is not None:
                return answer
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return await self._hand_on(request, body)

    def _lie(self, path: str) -> str | None:
        for number, (pattern, lie) in enumerate(self._due):
            if pattern.search(path):
                del self._due[number]
                return lie
        return next((lie for pattern, lie in self._always if pattern.search(path)), None)

    async def _hand_on(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        assert self._http is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _NOT_HANDED_ON}
        async with self._http.request(
            request.method,
            f"{self.upstream}{request.path_qs}",
            data=body,
            headers=headers,
            allow_redirects=False,
        ) as answer:
            content = (await answer.read()).replace(self.upstream.encode(), self.url.encode())
            content = content.replace(_socket(self.upstream), _socket(self.url))
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in _NOT_HANDED_ON | {"date", "server"}
            }
            return web.Response(status=answer.status, body=content, headers=kept)

    async def _socket(self, request: web.BaseRequest) -> web.StreamResponse:
        assert self._http is not None
        ours = web.WebSocketResponse()
        await ours.prepare(request)
        async with self._http.ws_connect(f"{self.upstream}{request.path_qs}") as theirs:
            pumps = [
                asyncio.create_task(self._pump(ours, theirs, self.upstream, self.url)),
                asyncio.create_task(self._pump(theirs, ours, self.upstream, self.url)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        await ours.close()
        return ours

    @staticmethod
    async def _pump(
        source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        to: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        theirs: str,
        ours: str,
    ) -> None:
        async for message in source:
            if message.type is aiohttp.WSMsgType.TEXT:
                text = json.dumps(json.loads(message.data)).replace(theirs, ours)
                await to.send_str(text)


def _socket(url: str) -> bytes:
    return url.replace("http", "ws", 1).encode()


@dataclass
class Elsewhere:
    """Another host: what it is sent was meant for somebody else."""

    url: str = ""
    heard: list[str] = field(default_factory=list)
    _runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.heard.append(Seen(request, await request.read(), "").echo)
        return web.Response(text="not here either")
