"""A connection to one MCP server, over the client library, which is imported with this module.

https://modelcontextprotocol.io/specification/2025-11-25; a server that speaks a later or an earlier
one says so, and the library speaks that.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import Any

from mcp import Client, MCPError, types
from mcp.client import IncomingMessage, Transport
from mcp.client.session import MessageHandlerFnT
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.types import CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR, REQUEST_TIMEOUT
from pydantic import TypeAdapter, ValidationError

from agents.tools.mcp import http, stdio
from agents.tools.mcp.bounds import LARGEST_MESSAGE
from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.errors import LinkBroken
from agents.tools.mcp.offer import Listed
from agents.tools.mcp.words import told
from agents.tools.tool import ToolFailed

MOST_PAGES = 50
"""Pages of a list of tools that are read."""

_UNREACHABLE = {CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR, REQUEST_TIMEOUT}
"""Codes that the library makes up, too, for a connection that is gone."""

_RESULT: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
    types.CallToolResult | types.InputRequiredResult
)

# What servers send goes into these lines, with tracebacks. What matters is told in our own words.
for _name in ("mcp", "client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Link:
    """An open connection. `ended` is why it is over, once it is."""

    def __init__(self, name: str, client: Client, ended: "asyncio.Future[str]") -> None:
        self.ended = ended
        self._name = name
        self._client = client
        self._calls: set[asyncio.Task[types.CallToolResult | types.InputRequiredResult]] = set()

    async def tools(self) -> list[Listed]:
        """What the server lists now, at most `MOST_PAGES` pages. Raises `LinkBroken`."""
        listed: list[Listed] = []
        cursor: str | None = None
        if self._client.server_capabilities.tools is None:
            return listed
        try:
            for _ in range(MOST_PAGES):
                page = await self._client.list_tools(cursor=cursor)
                listed += [Listed(t.name, t.description or "", t.input_schema) for t in page.tools]
                if page.next_cursor in (None, cursor):
                    break
                cursor = page.next_cursor
        except MCPError as error:
            raise self._broken(f"it does not list its tools: {error}") from None
        except ValidationError:
            raise LinkBroken("its list of tools is not as MCP defines it") from None
        return listed

    async def call(self, tool: str, arguments: dict[str, Any]) -> str:
        """Call a tool. Raises `ToolFailed` for what it says is wrong, and `LinkBroken`.

        Being cancelled cancels the call on the server, too, and waits for nothing.
        """
        # A task of its own: the library tells the server of a cancelled call before it lets go,
        # and a server that hangs would keep the turn that was stopped.
        task = asyncio.create_task(self._request(tool, arguments))
        self._calls.add(task)
        task.add_done_callback(self._done)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        try:
            result = task.result()
        except MCPError as error:
            if error.code in _UNREACHABLE:
                raise self._broken(str(error)) from None
            raise ToolFailed(f"[from the external server {self._name!r}]\n{error}") from None
        except ValidationError:
            raise ToolFailed("The server's answer is not as MCP defines it.") from None
        except asyncio.CancelledError:
            raise self._broken("the connection was closed") from None
        if isinstance(result, types.InputRequiredResult):
            raise ToolFailed("The tool asks for what only a person could enter, and nobody can.")
        return told(self._name, result)

    async def close(self) -> None:
        """Give up the calls that are under way."""
        for task in self._calls:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls, timeout=1.0)

    async def _request(
        self, tool: str, arguments: dict[str, Any]
    ) -> types.CallToolResult | types.InputRequiredResult:
        # Not `call_tool`: that checks a result against the schema that the server gave for it, and
        # a schema can take for ever to check.
        params = types.CallToolRequestParams(name=tool, arguments=arguments)
        return await self._client.session.send_request(
            types.CallToolRequest(params=params), _RESULT
        )

    def _broken(self, reason: str) -> LinkBroken:
        return LinkBroken(self.ended.result() if self.ended.done() else reason)

    def _done(self, task: "asyncio.Task[types.CallToolResult | types.InputRequiredResult]") -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # whoever was cancelled does not ask for it


@asynccontextmanager
async def linked(
    name: str, settings: McpSettings, version: str, changed: Callable[[], None]
) -> AsyncGenerator[Link]:
    """A connection until the block ends; `changed` is called when the server's tools change.

    What goes wrong with a server comes as any `Exception`, `LinkBroken` where the reason is known;
    while the block runs, it may cancel the block and come at its end. `why` says it in words.
    """
    async with AsyncExitStack() as stack:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        transport: Transport
        if settings.command is not None:
            pipes = await stack.enter_async_context(stdio.started(name, settings))
            ended, transport = pipes.ended, nullcontext((pipes.read, pipes.write))
        else:
            # Certificates are read from the disk, which takes a while.
            requests = await asyncio.to_thread(http.new_client, settings)
            await stack.enter_async_context(requests)
            transport = streamable_http_client(
                settings.url or "", http_client=requests, max_sse_event_size=LARGEST_MESSAGE
            )
        client = Client(
            transport,
            client_info=types.Implementation(name="argent", version=version),
            message_handler=_hearing(changed),
            cache=None,
        )
        try:
            await stack.enter_async_context(client)
        except Exception:
            if ended.done():
                raise LinkBroken(ended.result()) from None
            raise
        link = Link(name, client, ended)
        stack.push_async_callback(link.close)
        if client.session.discover_result is not None:
            following = asyncio.create_task(_follow(client, changed))
            stack.callback(following.cancel)
        yield link


def _hearing(changed: Callable[[], None]) -> MessageHandlerFnT:
    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            changed()

    return hear


async def _follow(client: Client, changed: Callable[[], None]) -> None:
    """Hear of changes as servers tell them since 2026-07-28: to those who ask."""
    with suppress(ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
        async with client.listen(tools_list_changed=True) as news:
            async for _ in news:
                changed()
