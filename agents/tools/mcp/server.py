"""One MCP server: connected, watched, and connected again whenever it is lost."""

import asyncio
import importlib
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog

from agents.tools.mcp.config import McpSettings
from agents.tools.mcp.errors import LinkBroken, why
from agents.tools.mcp.offer import AnyArguments, Offer, offer_of
from agents.tools.tool import Tool, ToolFailed

if TYPE_CHECKING:
    from agents.tools.mcp.link import Link

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_STEADY = 60.0
_BREATH = 1.0
"""Seconds between two looks at a server that says that its tools change all the time."""

_STOPPING = 10.0
_LONGEST_PROBLEM = 300

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server, in seconds.

    `connecting`: until it has said what it offers; some install themselves first. `answering`: for
    the list of tools of a connected one. `looking`: until one is asked for it that says nothing.
    """

    connecting: float = 90.0
    answering: float = 15.0
    looking: float = 300.0


class Condition(StrEnum):
    """How a server is."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAILED = "failed"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Health:
    """How a server is, and what is wrong, if anything is; `tools` is how many it offers."""

    name: str
    condition: Condition
    tools: int = 0
    problem: str | None = None


class Server:
    """Runs as one task. Everything that a turn asks of it is answered from what is known now.

    It is started and stopped once.
    """

    def __init__(
        self,
        name: str,
        settings: McpSettings,
        *,
        version: str,
        patience: Patience,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.name = name
        self.settings = settings
        self._version = version
        self._patience = patience
        self._sleep = sleep
        self._offer = Offer()
        self._link: Link | None = None
        self._look = asyncio.Event()
        self._news = asyncio.Condition()
        self._condition = Condition.CONNECTING
        self._problem: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._calling, self._quiet = 0, asyncio.Event()
        self._quiet.set()
        self._stopping = False

    @property
    def tools(self) -> tuple[Tool[AnyArguments], ...]:
        """What it offers now: nothing while it is not connected."""
        return self._offer.tools

    def health(self) -> Health:
        """How it is now."""
        problem = self._problem or self._offer.left_out
        return Health(self.name, self._condition, len(self._offer.tools), problem)

    async def until(self, fits: Callable[[Health], bool]) -> Health:
        """Wait until it is as asked for."""
        async with self._news:
            await self._news.wait_for(lambda: fits(self.health()))
        return self.health()

    def start(self) -> None:
        """Begin to connect, and stay connected."""
        self._task = asyncio.create_task(self._run(), name=f"mcp {self.name}")

    async def stop(self) -> None:
        """End the connection, and the program; takes a few seconds at most."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            _, left = await asyncio.wait([self._task], timeout=_STOPPING)
            if left:
                _log.error("mcp_server_not_stopped", server=self.name)

    async def retire(self) -> None:
        """Stop when the calls under way have ended, or have taken as long as one may take."""
        try:
            async with asyncio.timeout(self.settings.timeout):
                await self._quiet.wait()
        except TimeoutError:
            _log.warning("mcp_calls_broken_off", server=self.name, calls=self._calling)
        finally:
            await self.stop()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        wait = _FIRST_WAIT
        while True:
            began = loop.time()
            try:
                await self._stay()
            except Exception as error:
                if self._stopping:
                    # The library's tasks, taken down, can end in errors that hide a cancellation.
                    return
                problem = why(error)[:_LONGEST_PROBLEM]
                _log.warning("mcp_server_lost", server=self.name, problem=problem)
                await self._is(Condition.FAILED, problem=problem)
            wait = _FIRST_WAIT if loop.time() - began > _STEADY else wait
            await self._sleep(wait * random.uniform(0.8, 1.2))
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _stay(self) -> None:
        """Connect, and know what is offered while that lasts. Raises whatever ends it."""
        # The library takes a second to import, during which the loop has others to serve.
        library = await asyncio.to_thread(importlib.import_module, "agents.tools.mcp.link")
        self._look.clear()
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._patience.connecting):
                link: Link = await stack.enter_async_context(
                    library.linked(self.name, self.settings, self._version, self._look.set)
                )
                await self._look_at(link)
            self._link = link
            _log.info("mcp_server_connected", server=self.name, tools=len(self.tools))
            try:
                while True:
                    await self._until_told(link)
                    async with asyncio.timeout(self._patience.answering):
                        await self._look_at(link)
                    await self._sleep(_BREATH)
            finally:
                self._link, self._offer = None, Offer()

    async def _look_at(self, link: "Link") -> None:
        self._look.clear()
        settings = self.settings
        self._offer = offer_of(
            self.name,
            await link.tools(),
            self._call,
            patterns=settings.tools,
            limit=settings.timeout,
            guarded=settings.guarded,
        )
        await self._is(Condition.CONNECTED)

    async def _until_told(self, link: "Link") -> None:
        """Wait for a reason to look at it again. Raises `LinkBroken` when it has ended."""
        told = asyncio.create_task(self._look.wait())
        try:
            await asyncio.wait(
                (told, link.ended),
                timeout=self._patience.looking,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            told.cancel()
        if link.ended.done():
            raise LinkBroken(link.ended.result())

    async def _call(self, tool: str, arguments: dict[str, Any]) -> str:
        if self._link is None:
            raise self._unreachable()
        self._calling += 1
        self._quiet.clear()
        try:
            return await self._link.call(tool, arguments)
        except LinkBroken:
            self._look.set()
            raise self._unreachable() from None
        except asyncio.CancelledError:
            # Too late or not wanted any more: if it is because the server hangs, this tells.
            self._look.set()
            raise
        finally:
            self._calling -= 1
            if not self._calling:
                self._quiet.set()

    def _unreachable(self) -> ToolFailed:
        return ToolFailed(f"The external server {self.name!r} is not reachable now.")

    async def _is(self, condition: Condition, *, problem: str | None = None) -> None:
        async with self._news:
            self._condition, self._problem = condition, problem
            self._news.notify_all()
