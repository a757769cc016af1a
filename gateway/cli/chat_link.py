"""A chat's connection to the gateway: what is said goes out, frames come in."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from uuid import uuid4

from gateway.admin_errors import AdminError
from gateway.api.frames import LONGEST_FRAME, Json, line, parse, result
from gateway.api.unix_socket import address

_LONGEST_ANSWER = 64 * LONGEST_FRAME


class ChatLink:
    """One chat. `frames` must be read all the time, because replies come the same way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._replies: dict[object, asyncio.Future[Json]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Self]:
        """Connect to the gateway at a socket. Raises `AdminError` when none is there."""
        try:
            with address(path) as name:
                reader, writer = await asyncio.open_unix_connection(name, limit=_LONGEST_ANSWER)
        except OSError as error:
            raise _down() from error
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def attach(self) -> None:
        """Begin to listen: what was missed comes first."""
        await self._ask("chat", {})

    async def say(self, text: str, source: str) -> None:
        """Say something; returns when it is durable. Raises `AdminError`.

        `source` identifies it for ever: said again under the same one, it is run once.
        """
        await self._ask("say", {"text": text, "source": source})

    async def frames(self) -> AsyncIterator[Json]:
        """Everything that happens in the chat, until the gateway ends it."""
        try:
            while raw := await self._reader.readline():
                frame = parse(raw)
                if "frame" in frame:
                    yield frame
                elif (waiting := self._replies.pop(frame.get("id"), None)) is not None:
                    waiting.set_result(frame)
        except ConnectionError:
            return
        finally:
            for waiting in self._replies.values():
                waiting.cancel()

    async def _ask(self, operation: str, given: Json) -> Json:
        request = next(self._ids)
        reply = self._replies[request] = asyncio.get_running_loop().create_future()
        self._writer.write(line({"id": request, "do": operation, "with": given}))
        try:
            await self._writer.drain()
            return result(await reply)
        except ConnectionError as error:
            raise _down() from error
        except asyncio.CancelledError:
            if reply.cancelled() and self._reader.at_eof():
                raise _down() from None
            raise


def new_source() -> str:
    """A name for something that is about to be said."""
    return uuid4().hex


def _down() -> AdminError:
    return AdminError("gateway_down", "no gateway is running", "start it: argent up")
