"""A chat from its first word to its last: lines in, answers out, Ctrl-C in between."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.admin_errors import AdminError
from gateway.cli.chat_lines import Lines
from gateway.cli.chat_link import ChatLink, new_source
from gateway.cli.chat_screen import ChatScreen
from gateway.cli.output import out, out_error


@dataclass(frozen=True, slots=True)
class Ended:
    """How a chat ended: whether anything was said, and whether at a terminal."""

    spoke: bool
    at_terminal: bool


async def chat(socket: Path, history: Path, *, as_json: bool = False) -> Ended:
    """Chat until the end of input or Ctrl-C. Raises `AdminError` when the gateway goes away.

    Answers to everything that was said are awaited first.
    """
    lines = Lines(history)
    screen = ChatScreen(
        streams=lines.is_terminal and not as_json,
        as_json=as_json,
        before=lines.hide_prompt,
        after=lines.show_prompt,
    )
    async with ChatLink.open(socket) as link:
        lines.open()
        try:
            watching = asyncio.create_task(_watch(link, screen))
            talking = asyncio.create_task(_talk(link, screen, lines))
            with _interrupts(link, screen, talking):
                await asyncio.wait([watching, talking], return_when=asyncio.FIRST_COMPLETED)
            return await _conclude(watching, talking, lines)
        finally:
            lines.close()


async def _watch(link: ChatLink, screen: ChatScreen) -> None:
    async for frame in link.frames():
        screen.show(frame)


async def _talk(link: ChatLink, screen: ChatScreen, lines: Lines) -> bool:
    await link.attach()
    spoke = False
    while (line := await lines.next()) is not None:
        if line.strip():
            spoke = True
            await _say(link, screen, line)
    return spoke


async def _say(link: ChatLink, screen: ChatScreen, line: str) -> None:
    """Say a line and wait for its answer."""
    source = new_source()
    answer = screen.expect(source)
    try:
        await link.say(line, source)
        await answer
    except AdminError as error:
        if error.code == "gateway_down":
            raise
        out_error(error, as_json=False)
    finally:
        answer.cancel()


async def _conclude(
    watching: asyncio.Task[None], talking: asyncio.Task[bool], lines: Lines
) -> Ended:
    lost = not talking.done()
    for task in (watching, talking):
        task.cancel()
    spoke, seen = await asyncio.gather(talking, watching, return_exceptions=True)
    if isinstance(seen, Exception):
        raise seen
    if lost:
        raise AdminError("gateway_down", "the gateway has stopped")
    if isinstance(spoke, asyncio.CancelledError):  # by Ctrl-C: there is nothing to wait for
        return Ended(spoke=True, at_terminal=lines.is_terminal)
    if isinstance(spoke, BaseException):
        raise spoke
    if lines.is_terminal:
        out()
    return Ended(spoke=spoke, at_terminal=lines.is_terminal)


@contextlib.contextmanager
def _interrupts(link: ChatLink, screen: ChatScreen, talking: asyncio.Task[bool]) -> Iterator[None]:
    """Let Ctrl-C stop the running turn; when there is none, or again, end the chat."""
    loop = asyncio.get_running_loop()
    stops: set[asyncio.Task[None]] = set()

    def interrupt() -> None:
        if screen.waiting and not stops:
            stop = asyncio.create_task(link.say("/stop", new_source()))
            stops.add(stop)
            stop.add_done_callback(_forgotten)
            return
        out()
        talking.cancel()

    def _forgotten(stop: asyncio.Task[None]) -> None:
        stops.discard(stop)
        if not stop.cancelled():
            stop.exception()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        for stop in stops:
            stop.cancel()
