"""MCP servers, written on the protocol itself: JSON-RPC over pipes, and over HTTP.

https://modelcontextprotocol.io/specification/2025-11-25
"""

from tests.emulators.mcp.http import HttpServer
from tests.emulators.mcp.talk import Talk
from tests.emulators.mcp.traits import Traits

__all__ = ["HttpServer", "Talk", "Traits"]
