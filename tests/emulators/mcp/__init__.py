"""MCP servers, written on the protocol itself: JSON-RPC over pipes (`stdio`), over HTTP (`http`).

https://modelcontextprotocol.io/specification/2025-11-25
"""
