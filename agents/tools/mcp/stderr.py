"""What a server's program says on its standard error, in our log: some of it, never too much."""

import asyncio
from collections.abc import Callable

import structlog

MOST_LINES = 60
"""Lines of one program that are logged in a minute."""

_LONGEST = 500
_PIECE = 1 << 16
_BREATH = 0.05

_log = structlog.get_logger(__name__)


class Stderr:
    """Reads to the end, so that the program never waits for us. `last` is its last line."""

    def __init__(self, server: str, now: Callable[[], float]) -> None:
        self.last = ""
        self._server = server
        self._now = now
        self._began = now()
        self._logged = 0

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Log the lines that come; returns at the end."""
        rest = b""
        while piece := await stream.read(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self._say(line)
            rest = rest[-_PIECE:]
            if len(piece) == _PIECE:
                # Somebody writes faster than anybody reads. The pipe is full meanwhile, so that
                # it has to wait, and not everybody else.
                await asyncio.sleep(_BREATH)
        self._say(rest)

    def _say(self, line: bytes) -> None:
        text = line[:_LONGEST].decode(errors="replace").strip()
        if not text:
            return
        self.last = text
        if self._now() - self._began >= 60:
            self._began, self._logged = self._now(), 0
        self._logged += 1
        if self._logged <= MOST_LINES:
            _log.info("mcp_server_says", server=self._server, line=text)
        elif self._logged == MOST_LINES + 1:
            _log.warning("mcp_server_says_too_much", server=self._server)
