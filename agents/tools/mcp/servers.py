"""All MCP servers that are configured: run in the background, and asked for what they offer."""

import asyncio
import importlib.util
from collections.abc import Collection, Mapping
from typing import Any

import structlog

from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.errors import McpNotInstalled
from agents.tools.mcp.server import Condition, Health, Server
from agents.tools.tool import Tool, is_allowed
from state.keys import SessionType

MOST_OFFERED = 120
"""Tools of all servers together in one turn: providers take 128, and some are Argent's own."""

_STOPPING = 10.0

_log = structlog.get_logger(__name__)


class McpServers:
    """The servers, by their names. `version` is what Argent says of itself to them.

    Raises `McpNotInstalled` when one is enabled and the extra is missing.
    """

    def __init__(self, settings: Mapping[str, McpSettings], *, version: str = "unknown") -> None:
        enabled = {name: each for name, each in settings.items() if each.enabled}
        if enabled and importlib.util.find_spec("mcp") is None:
            raise McpNotInstalled
        self._servers = {
            name: Server(name, each, version=version) for name, each in enabled.items()
        }
        self._names = tuple(settings)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to connect; nobody waits for it."""
        self._tasks = [
            asyncio.create_task(server.run(), name=f"mcp {name}")
            for name, server in self._servers.items()
        ]

    async def stop(self) -> None:
        """End every connection and every program; takes a few seconds at most."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=_STOPPING)
            for task in left:
                _log.error("mcp_server_not_stopped", task=task.get_name())

    def tools(
        self, names: Collection[str] | None, session_type: SessionType
    ) -> tuple[Tool[Any], ...]:
        """What the servers with these names (patterns; None: all) offer now in sessions of a type.

        A server that is not connected offers nothing. The tools are those that were made when it
        was last looked at, so this costs nothing.
        """
        offered = [
            tool
            for name, server in self._servers.items()
            if is_allowed(name, names) and session_type in server.settings.types
            for tool in server.tools
        ]
        return tuple(offered[:MOST_OFFERED])

    def health(self) -> tuple[Health, ...]:
        """How each server is, in the order in which they are configured."""
        return tuple(
            self._servers[name].health()
            if name in self._servers
            else Health(name, Condition.DISABLED)
            for name in self._names
        )

    def problem(self, name: str) -> str | None:
        """What is wrong with a server, None if nothing is known to be."""
        server = self._servers.get(name)
        return None if server is None else server.health().problem

    async def tried(self, name: str) -> Health:
        """How a server is once it has been tried."""
        server = self._servers.get(name)
        if server is None:
            return Health(name, Condition.DISABLED)
        return await server.until(lambda health: health.condition is not Condition.CONNECTING)
