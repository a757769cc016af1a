"""MCP servers for a test, as the gateway has them: real processes, real HTTP."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.server import Condition, Health, Patience
from agents.tools.mcp.servers import McpServers
from agents.tools.tool import Toolbox
from agents.transcript import ToolResult
from state.history import ToolCall
from state.keys import SessionType
from tests.emulators.mcp.traits import Traits

SECONDS = 20.0


async def at_once(_: float) -> None:
    """Nobody waits between two attempts."""
    await asyncio.sleep(0)


def program(traits: Traits | None = None, **more: Any) -> McpSettings:
    """The settings of an emulated server that is a program."""
    command = (sys.executable, "-m", "tests.emulators.mcp.stdio", str(traits or Traits()))
    return McpSettings(command=command, **more)


@asynccontextmanager
async def running(patience: Patience | None = None, **servers: McpSettings) -> AsyncIterator[Any]:
    """The servers, from their start until the block ends."""
    made = McpServers(servers, patience=patience or Patience(), sleep=at_once)
    made.start()
    try:
        yield made
    finally:
        async with asyncio.timeout(8.0):
            await made.stop()


async def connected(servers: McpServers, name: str = "files", *, tools: int = 1) -> Health:
    """Wait until a server is connected and offers so many tools."""
    async with asyncio.timeout(SECONDS):
        return await servers.until(
            name, lambda h: h.condition is Condition.CONNECTED and h.tools >= tools
        )


async def failed(servers: McpServers, name: str = "files") -> str:
    """Wait until a server failed; what the problem is."""
    async with asyncio.timeout(SECONDS):
        health = await servers.until(name, lambda h: h.condition is Condition.FAILED)
    return health.problem or ""


def box(servers: McpServers) -> Toolbox:
    """The tools of a turn of the owner's."""
    return Toolbox(servers.tools(None, SessionType.MAIN))


async def call(servers: McpServers, tool: str, **arguments: Any) -> ToolResult:
    """Call a tool as a model does."""
    given = json.dumps(arguments)
    async with asyncio.timeout(SECONDS):
        return await box(servers).call(ToolCall("call-0001", tool, given))
