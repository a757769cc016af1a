"""What can be wrong with an MCP server; the messages are for its owner."""

EXTRA = "argent-gateway[mcp]"


class McpNotInstalled(Exception):
    """MCP servers are configured, and the packages that speak to them are missing."""

    def __init__(self) -> None:
        super().__init__(
            f"MCP servers are configured under `mcp`; to use them: pip install '{EXTRA}'"
        )


class LinkBroken(Exception):
    """There is no connection to the server (any more); the message says why."""


def why(error: BaseException) -> str:
    """What went wrong, in words; of several things at once, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, LinkBroken):
        return str(error)
    if isinstance(error, TimeoutError):
        return "it does not answer"
    words = str(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
