"""A server elsewhere: streamable HTTP, with bounds on what it can make us hold.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

from collections.abc import AsyncIterator

import httpx2

from agents.tools.mcp.bounds import LARGEST_MESSAGE, MOST_PARTS, parts
from agents.tools.mcp.config import McpSettings

LONGEST_STREAM = 64 << 20
"""Bytes of a stream of events; the client library opens the next one."""

_EVENT_ENDS = b"\n\n"
_CONNECT = 10.0
_SILENCE = 300.0
"""Seconds without a byte; longer than any call may take, as that has its own limit."""

_FAREWELL = 2.0
"""Seconds for the request that ends a session: nobody waits longer for a server that is left."""


def new_client(settings: McpSettings) -> httpx2.AsyncClient:
    """The HTTP client for one server. Close it."""
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    return httpx2.AsyncClient(
        # What is packed can be a thousand times larger than what is counted here.
        headers={"Accept-Encoding": "identity"} | headers,
        timeout=httpx2.Timeout(_CONNECT, read=max(_SILENCE, 2 * settings.timeout)),
        transport=_Bounded(httpx2.AsyncHTTPTransport()),
        trust_env=False,
    )


class _Bounded(httpx2.AsyncBaseTransport):
    """Carries requests out, and breaks off answers that are too large."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            request.extensions["timeout"] = httpx2.Timeout(_FAREWELL).as_dict()
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.DecodingError("it packed an answer unasked", request=request)
        events = response.headers.get("content-type", "").startswith("text/event-stream")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, events=events)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    """A body of so many bytes at most, and of messages that are not too intricate."""

    def __init__(self, inner: httpx2.AsyncByteStream, *, events: bool) -> None:
        self._inner = inner
        self._events = events
        self._left = LONGEST_STREAM if events else LARGEST_MESSAGE
        self._parts = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._left -= len(piece)
            self._parts += parts(piece)
            if self._left < 0 or self._parts > MOST_PARTS:
                raise httpx2.StreamError("it sent an answer that is too large")
            if self._events and _EVENT_ENDS in piece:
                self._parts = parts(piece.rpartition(_EVENT_ENDS)[2])
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
