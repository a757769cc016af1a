"""All MCP servers that are configured: run in the background, and asked for what they offer."""

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.errors import McpNotInstalled
from agents.tools.mcp.server import Condition, Health, Patience, Server
from agents.tools.tool import Tool, is_allowed
from state.keys import SessionType

MOST_OFFERED = 120
"""Tools of all servers together in one turn: providers take 128, and some are Argent's own."""

_PATIENCE = Patience()


class McpServers:
    """The servers, by their names. `version` is what Argent says of itself to them.

    Raises `McpNotInstalled` when one is enabled and the extra is missing.
    """

    def __init__(
        self,
        settings: Mapping[str, McpSettings],
        *,
        version: str = "unknown",
        patience: Patience = _PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        enabled = {name: each for name, each in settings.items() if each.enabled}
        if enabled and importlib.util.find_spec("mcp") is None:
            raise McpNotInstalled
        self._servers = {
            name: Server(name, each, version=version, patience=patience, sleep=sleep)
            for name, each in enabled.items()
        }
        self._names = tuple(settings)

    def start(self) -> None:
        """Begin to connect; nobody waits for it."""
        for server in self._servers.values():
            server.start()

    async def stop(self) -> None:
        """End every connection and every program; takes a few seconds at most."""
        await asyncio.gather(*(server.stop() for server in self._servers.values()))

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

    async def until(self, name: str, fits: Callable[[Health], bool]) -> Health:
        """Wait until a server is as asked for. Raises `KeyError` for one that is not enabled."""
        return await self._servers[name].until(fits)
