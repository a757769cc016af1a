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


def check_installed(settings: Mapping[str, McpSettings]) -> None:
    """Raise `McpNotInstalled` when one is enabled and the extra is missing."""
    enabled = any(each.enabled for each in settings.values())
    if enabled and importlib.util.find_spec("mcp") is None:
        raise McpNotInstalled


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
        check_installed(settings)
        self._version, self._patience, self._sleep = version, patience, sleep
        self._servers = {
            name: self._server(name, each) for name, each in settings.items() if each.enabled
        }
        self._names = tuple(settings)
        self._ending: set[asyncio.Task[None]] = set()
        self._started = False

    def start(self) -> None:
        """Begin to connect; nobody waits for it."""
        self._started = True
        for server in self._servers.values():
            server.start()

    async def stop(self) -> None:
        """End every connection and every program; takes a few seconds at most."""
        self._started = False
        ending = tuple(self._ending)
        for task in ending:
            task.cancel()
        servers = (server.stop() for server in self._servers.values())
        await asyncio.gather(*servers, *ending, return_exceptions=True)

    def keep_to(self, settings: Mapping[str, McpSettings], changed: Collection[str]) -> None:
        """Begin those of `changed` that there shall be, and end those that were there before.

        Their tools of before answer that they are gone; a call that is under way may end first.
        Raises `McpNotInstalled` before anything is changed.
        """
        check_installed(settings)
        before = self._servers
        self._servers = {
            name: self._server(name, each)
            if name in changed or name not in before
            else before[name]
            for name, each in settings.items()
            if each.enabled
        }
        self._names = tuple(settings)
        for name, server in before.items():
            if self._servers.get(name) is not server:
                self._end(server)
        for name, server in self._servers.items():
            if self._started and before.get(name) is not server:
                server.start()

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

    def _server(self, name: str, settings: McpSettings) -> Server:
        return Server(
            name, settings, version=self._version, patience=self._patience, sleep=self._sleep
        )

    def _end(self, server: Server) -> None:
        task = asyncio.create_task(server.retire(), name=f"end of mcp {server.name}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def until(self, name: str, fits: Callable[[Health], bool]) -> Health:
        """Wait until a server is as asked for. Raises `KeyError` for one that is not enabled."""
        return await self._servers[name].until(fits)
