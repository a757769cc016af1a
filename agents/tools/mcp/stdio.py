"""A server that is a program of this machine: JSON-RPC, a message a line, over its pipes.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio

The client library has such a transport, too. This one bounds what a program can make us hold,
gives it no more of our environment than it was promised, and lets nothing of it outlive us.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from agents.tools.mcp.bounds import LARGEST_MESSAGE, MOST_PARTS, parts
from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.errors import LinkBroken
from agents.tools.mcp.stderr import Stderr

MOST_MESSAGES = 2_000
"""Messages in a second; more end the connection."""

MOST_NOISE = 100
"""Lines that are no messages, as from a careless `print`; more end the connection."""

_INHERITED = ("PATH", "HOME", "LANG")
_LEASH = Path(__file__).with_name("leash.py")
_WAITING = 256
"""Messages to a program that reads slowly; more of them wait for it."""

_TO_LEAVE = 2.0
"""Seconds that a program has to end by itself when its input ends."""

_LAST_WORDS = 0.5
"""Seconds in which the reason comes, after the end is seen."""

_TO_BE_ENDED = 3.0
"""Seconds that its leash has to end it."""

Incoming = SessionMessage | Exception


@dataclass(frozen=True, slots=True)
class Pipes:
    """A program that runs: what it says, what is said to it, and why it ended, once it has."""

    read: MemoryObjectReceiveStream[Incoming]
    write: MemoryObjectSendStream[SessionMessage]
    ended: asyncio.Future[str]


def environment(given: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """What a program is told of our environment, and what it was configured to be told."""
    return {name: ours[name] for name in _INHERITED if name in ours} | dict(given)


@asynccontextmanager
async def started(name: str, settings: McpSettings) -> AsyncGenerator[Pipes]:
    """The program of a server, until the block ends. Raises `LinkBroken` if it cannot be started.

    Leaving takes a few seconds at most, whatever the program does.
    """
    lifeline, held = os.pipe()
    try:
        transport, process = await _spawn(settings, lifeline)
    except BaseException as error:
        os.close(held)
        if isinstance(error, OSError | ValueError):
            raise LinkBroken(f"it cannot be started: {error}") from None
        raise
    finally:
        os.close(lifeline)
    talk = _Talk(name, process)
    try:
        yield talk.begin()
    finally:
        ending = asyncio.create_task(_dismissed(process, transport, held, talk))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            # Half an end would leave processes behind; it takes a few seconds at most.
            await asyncio.wait([ending])
            raise


async def _dismissed(
    process: Process, transport: asyncio.SubprocessTransport, held: int, talk: "_Talk"
) -> None:
    """Let the program go by itself, have its leash end it, and close what is open."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _TO_LEAVE)
    os.close(held)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _TO_BE_ENDED)
    transport.close()
    await talk.end()


async def _spawn(
    settings: McpSettings, lifeline: int
) -> tuple[asyncio.SubprocessTransport, Process]:
    loop = asyncio.get_running_loop()
    given = {name: value.get_secret_value() for name, value in settings.env.items()}
    transport, protocol = await loop.subprocess_exec(
        lambda: SubprocessStreamProtocol(limit=LARGEST_MESSAGE, loop=loop),
        *(sys.executable, "-I", "-S", str(_LEASH), str(lifeline), *(settings.command or ())),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment(given, os.environ),
        cwd=settings.cwd,
        pass_fds=(lifeline,),
        # Ctrl-C in the gateway's terminal is for the gateway, which then ends its servers in order.
        start_new_session=True,
    )
    return transport, Process(transport, protocol, loop)


class _Talk:
    """The tasks between a program's pipes and the client library's streams."""

    def __init__(self, name: str, process: Process) -> None:
        self._process = process
        self._now = asyncio.get_running_loop().time
        self._stderr = Stderr(name, self._now)
        self._heard, self._read = anyio.create_memory_object_stream[Incoming](0)
        self._write, self._told = anyio.create_memory_object_stream[SessionMessage](_WAITING)
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> Pipes:
        """Begin to carry messages."""
        assert self._process.stderr is not None
        errors = asyncio.create_task(self._stderr.read(self._process.stderr))
        self._tasks = [
            errors,
            asyncio.create_task(self._listen(errors)),
            asyncio.create_task(self._speak()),
        ]
        return Pipes(self._read, self._write, self._ended)

    async def end(self) -> None:
        """Carry no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for stream in (self._heard, self._read, self._write, self._told):
            stream.close()

    async def _listen(self, errors: "asyncio.Task[None]") -> None:
        assert self._process.stdout is not None
        try:
            await self._hear(self._process.stdout)
        except LinkBroken as broken:
            self._end(str(broken))
        else:
            # Its last words explain best, and come by another pipe.
            await asyncio.wait([errors], timeout=_LAST_WORDS)
            self._end(f"it ended: {self._stderr.last}" if self._stderr.last else "it ended")
        # What it still has to say is let go, so that it is not kept from ending.
        while await self._process.stdout.read(LARGEST_MESSAGE):
            pass

    def _end(self, reason: str) -> None:
        """Nothing more comes; whoever waits for an answer is told so."""
        if not self._ended.done():
            self._ended.set_result(reason)
        self._heard.close()

    async def _hear(self, stdout: asyncio.StreamReader) -> None:
        second, count, noise = self._now(), 0, 0
        while True:
            try:
                line = await stdout.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                size = f"{LARGEST_MESSAGE >> 20} MB"
                raise LinkBroken(f"it sent a message of more than {size}") from None
            if parts(line) > MOST_PARTS:
                raise LinkBroken("it sent a message that is too intricate")
            if self._now() - second >= 1:
                second, count = self._now(), 0
            count += 1
            if count > MOST_MESSAGES:
                raise LinkBroken(f"it sent more than {MOST_MESSAGES} messages in a second")
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                noise += bool(line.strip())
                if noise > MOST_NOISE:
                    raise LinkBroken("what it writes is not MCP") from None
                continue
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await self._heard.send(SessionMessage(message))

    async def _speak(self) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            async for message in self._told:
                data = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                self._process.stdin.write(data.encode() + b"\n")
                await self._process.stdin.drain()
            return
        # It reads no more. Mostly that is because it has ended, which is about to be known.
        await asyncio.wait([self._ended], timeout=2 * _LAST_WORDS)
        self._end("it takes no input any more")
        self._told.close()
