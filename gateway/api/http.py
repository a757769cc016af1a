"""What is asked of a gateway over HTTP: whether it is well, and its figures.

Every route is behind `Guard`, one that is added later, too. A client can make the gateway hold
little, and not for long: there are few connections, each of which has a few seconds for one
request without a body.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping

import orjson
import structlog
from aiohttp import web

from gateway.api.http_errors import HttpUnavailable
from gateway.api.http_guard import UNAUTHORIZED, Guard
from gateway.health import Verdict

MOST_CONNECTIONS = 32
"""More are closed before they have said anything."""

LIFETIME = 15.0
"""Seconds from a connection's beginning to its end, whatever its client does."""

_LONGEST_LINE = 2048
_MOST_HEADERS = 64
_READING = ("GET", "HEAD")
_NAME = "argent"
_JSON = "application/json"
_HEADERS = {"Server": _NAME, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_log = structlog.get_logger("http")


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Routes = Mapping[str, Handler]
"""What answers to GET (and HEAD), by path."""


class HttpServer:
    """Answers on one address from `start` until `stop`. `port` 0 is any that is free."""

    def __init__(self, routes: Routes, guard: Guard, *, host: str, port: int) -> None:
        self._guard = guard
        self._host, self._port = host, port
        self._routes = dict(routes)
        # An application of aiohttp's answers some requests before anything of ours sees them.
        server = web.Server(self._guarded, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises `HttpUnavailable`."""
        await self._runner.setup()
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._connection, self._host, self._port, reuse_address=True
            )
        except OSError as error:
            await self._runner.cleanup()
            raise HttpUnavailable(_why(error, self._host, self._port)) from error
        _log.info("http_listens", host=self._host, port=self.port)

    async def stop(self) -> None:
        """Answer nobody any more."""
        if self._server is None:
            return
        self._server.close()
        await self._runner.cleanup()
        for connection in tuple(self._connections):
            connection.abort()
        await self._server.wait_closed()
        self._server = None

    def _connection(self) -> "_Connection":
        server = self._runner.server
        assert server is not None
        return _Connection(server, self._connections)

    async def _guarded(self, request: web.BaseRequest) -> web.StreamResponse:
        if (status := self._guard.refusal(request.headers.get("Host"), request.headers)) is None:
            return await self._answer(request)
        response = _plain(status)
        if status == UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = f'Bearer realm="{_NAME}"'
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.body_exists:
            return _plain(413)
        if "token" in request.query:
            # What stands in an address is logged and handed on by everything on the way.
            return _plain(400, "a token has no place in an address")
        if (handler := self._routes.get(request.path)) is None:
            return _plain(404)
        if request.method not in _READING:
            return _plain(405)
        try:
            response = await handler(request)
        except Exception:
            _log.exception("http_broke", path=request.path)
            return _plain(500)
        return _closing(response)


class _Connection(web.RequestHandler):
    """One client, for one request."""

    __slots__ = ("_others", "_timer")

    def __init__(self, server: web.Server, others: set["_Connection"]) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # its annotation forgets None
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            lingering_time=0.0,
        )
        self._others = others
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._others.add(self)
        self._timer = asyncio.get_running_loop().call_later(LIFETIME, self.abort)
        if len(self._others) > MOST_CONNECTIONS:
            self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._others.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def abort(self) -> None:
        """End at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, without a word of it: not in the answer, and not in the log."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        return _plain(status)


_SAID = {
    400: "this is no request of HTTP",
    401: "show the token, as Authorization: Bearer …",
    404: "there is nothing here",
    405: "this can only be read",
    413: "a body has no place here",
    421: "it is not known by this name; gateway.allowed_hosts says by which it is",
}


def _plain(status: int, why: str | None = None) -> web.StreamResponse:
    """An answer that tells nothing of what was asked."""
    said = {"error": why or _SAID.get(status, "it failed")}
    return _closing(web.Response(status=status, body=orjson.dumps(said), content_type=_JSON))


def _closing(response: web.StreamResponse) -> web.StreamResponse:
    # A connection that is kept would be closed just when its client uses it again.
    response.force_close()
    response.headers.update(_HEADERS)
    return response


def _why(error: OSError, host: str, port: int) -> str:
    where = f"gateway.host {host}, gateway.port {port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"another program listens there already ({where}): choose another port"
        case errno.EADDRNOTAVAIL:
            return f"this machine does not have that address ({where}): choose another host"
        case errno.EACCES:
            return f"ports below 1024 are the system's ({where}): choose another port"
    return f"cannot listen there ({where}): {error.strerror or type(error).__name__}"


def health_routes(verdict: Callable[[], Verdict]) -> Routes:
    """Whether a gateway lives, and whether it is ready: 200, or 503."""

    async def live(_: web.BaseRequest) -> web.Response:
        found = verdict().live
        return _told({"live": found}, good=found)

    async def ready(_: web.BaseRequest) -> web.Response:
        found = verdict()
        return _told({"ready": found.ready, "reasons": list(found.reasons)}, good=found.ready)

    return {"/healthz": live, "/readyz": ready}


def metrics_routes(text: Callable[[], Awaitable[bytes]], content_type: str) -> Routes:
    """A gateway's figures, as Prometheus collects them."""

    async def metrics(_: web.BaseRequest) -> web.Response:
        return web.Response(body=await text(), headers={"Content-Type": content_type})

    return {"/metrics": metrics}


def _told(fact: object, *, good: bool) -> web.Response:
    return web.Response(status=200 if good else 503, body=orjson.dumps(fact), content_type=_JSON)
