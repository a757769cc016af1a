"""What an operator can ask of the MCP servers: which there are, and what they offer."""

import asyncio
import time
from typing import Any

from agents.tools.mcp.errors import McpNotInstalled
from agents.tools.mcp.server import Condition, Health
from agents.tools.mcp.servers import McpServers
from gateway import __version__
from gateway.admin_errors import AdminError
from gateway.config import Settings
from gateway.config_errors import did_you_mean

Json = dict[str, Any]


async def listed(settings: Settings, *, seconds: float) -> Json:
    """Every configured server, tried for so many seconds at most, and what it offers."""
    return {"servers": await _tried(settings, tuple(settings.mcp), seconds)}


async def tested(settings: Settings, name: str, *, seconds: float) -> Json:
    """One server, likewise. Raises `AdminError` for a name that is not configured."""
    if name not in settings.mcp:
        known = ", ".join(settings.mcp) or "none"
        hint = did_you_mean(name, settings.mcp) or f"configured are: {known}"
        raise AdminError("not_found", f"there is no MCP server {name!r}", hint)
    return {"servers": await _tried(settings, (name,), seconds)}


async def _tried(settings: Settings, names: tuple[str, ...], seconds: float) -> list[Json]:
    wanted = {name: settings.mcp[name] for name in names}
    try:
        servers = McpServers(wanted, version=__version__)
    except McpNotInstalled as error:
        raise AdminError("bad_config", str(error)) from error
    servers.start()
    try:
        return await asyncio.gather(*(_one(settings, servers, name, seconds) for name in names))
    finally:
        await servers.stop()


async def _one(settings: Settings, servers: McpServers, name: str, seconds: float) -> Json:
    own, began = settings.mcp[name], time.monotonic()
    health = Health(name, Condition.DISABLED)
    if own.enabled:
        try:
            async with asyncio.timeout(seconds):
                health = await servers.until(name, _is_tried)
        except TimeoutError:
            problem = f"it did not answer within {seconds:g} s"
            health = Health(name, Condition.FAILED, problem=problem)
    offered = servers.tools((name,), own.types[0]) if own.types else ()
    return {
        "name": name,
        "where": own.url or " ".join(own.command or ()),
        "types": [str(each) for each in own.types],
        "condition": str(health.condition),
        "problem": health.problem,
        "seconds": round(time.monotonic() - began, 3),
        "tools": [tool.spec.name for tool in offered],
    }


def _is_tried(health: Health) -> bool:
    return health.condition is not Condition.CONNECTING
