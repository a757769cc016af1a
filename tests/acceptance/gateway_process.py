"""A real gateway: its own process on its own state folder, to be killed and started again."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from state.files import ReadOnlyState
from state.store import Counts
from tests.acceptance.parrot import Parrot
from tests.architecture.sources import ROOT
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram.signal import Signal
from tests.flows.bot import discord_account, slack_account, telegram_account

Accounts = Mapping[str, Mapping[str, Any]]
"""The settings of each channel account by its name."""

PATIENCE = 30.0
GATEWAY = ("gateway.cli.main",)
"""The module to run, and what it is told before its command."""

_LONGEST_LINE = 1 << 20


class Process(Protocol):
    """What is used of a process; `asyncio.subprocess` makes some."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    @property
    def stdout(self) -> asyncio.StreamReader | None: ...
    @property
    def stderr(self) -> asyncio.StreamReader | None: ...
    def kill(self) -> None: ...
    def send_signal(self, number: int, /) -> None: ...
    async def wait(self) -> int: ...


Launch = Callable[[Sequence[str], Mapping[str, str]], Awaitable[Process]]
"""Runs a module (``python -m``) with arguments, in an environment."""


async def launched(arguments: Sequence[str], environment: Mapping[str, str]) -> Process:
    """A process of an interpreter of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments,
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        # As under a service manager: the terminal that the tests may run in is not its own.
        start_new_session=True,
    )  # fmt: skip


class GatewayProcess:
    """``argent gateway run`` on `accounts` of emulators, with whatever `settings` a test needs.

    Everything it logged, over all its lives, is in `lines` and in ``gateway.log`` beside the state
    folder.
    """

    def __init__(
        self,
        state: Path,
        accounts: Accounts,
        model: Parrot,
        *,
        settings: Sequence[str] = (),
        program: Sequence[str] = GATEWAY,
        launch: Launch = launched,
    ) -> None:
        self.state = state
        self.lines: list[str] = []
        self._logged = Signal()
        self._program = tuple(program)
        self._launch = launch
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = state / "argent.toml"
        configuration.touch(mode=0o600)
        configuration.write_text(_configuration(accounts, model))
        self.settings = list(settings)

    # Life and death ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Start it, and wait until it says that it runs."""
        await self.spawn()
        await self.ready()

    async def spawn(self) -> None:
        """Start it without waiting for anything."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        settings = (argument for each in self.settings for argument in ("--set", each))
        self._process = await self._launch(
            [*self._program, "gateway", "run", *settings],
            {
                **kept,
                "HOME": str(self.state.parent),
                "XDG_RUNTIME_DIR": str(self.state.parent),
                "ARGENT_STATE_DIR": str(self.state),
            },
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def ready(self) -> None:
        """Wait until a gateway that was spawned runs."""
        process = self._running()
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            told = await process.stdout.readline()
        assert b"is running on" in told, f"it did not start: {self.tail()}"

    async def kill(self) -> None:
        """kill -9. It must have been alive until then."""
        process = self._running()
        if process.returncode is None:
            process.kill()
        assert await self.ended() == -signal.SIGKILL, f"it ended by itself: {self.tail()}"

    async def terminate(self) -> int:
        """SIGTERM, once; the exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def wait(self) -> int:
        """Wait until it has ended, however long it takes; `ended` is still to be called."""
        return await self._running().wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._running().send_signal(number)

    async def ended(self) -> int:
        """Wait until it has ended and everything it logged is read; the exit code."""
        process = self._running()
        async with asyncio.timeout(PATIENCE):
            code = await process.wait()
            if self._reader is not None:
                await self._reader
        self._process = self._reader = None
        return code

    async def close(self) -> None:
        """Whatever it does, end it."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self.ended()

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether it was started, and its end was not yet waited for."""
        return self._process is not None

    # What is to be seen of it -----------------------------------------------------------------

    async def logged(self, event: str, count: int = 1) -> None:
        """Wait until it has logged an event so many times."""
        came = await self._logged.until(lambda: self.times(event) >= count, PATIENCE)
        assert came, f"{event} was logged {self.times(event)} times, not {count}: {self.tail()}"

    def times(self, event: str) -> int:
        """How many times it has logged an event."""
        return sum(f'"event":"{event}"' in line for line in self.lines)

    def tail(self) -> str:
        """The last of its log."""
        return "".join(self.lines[-20:])

    async def settled(self) -> None:
        """Wait until the disk says that every message is answered and every answer sent.

        What people have heard may still be on its way there: a kill would repeat it.
        """
        async with asyncio.timeout(PATIENCE):
            while (counts := await asyncio.to_thread(self.counts)).pending or counts.owed:
                pass

    def counts(self) -> Counts:
        """The ledger's figures, from the disk."""
        return ReadOnlyState(self.state).counts()

    def histories(self) -> dict[str, bytes]:
        """Every history.json by the name of its session."""
        found = self.state.glob("agents/main/sessions/*/history.json")
        return {path.parent.name: path.read_bytes() for path in found}

    def conversation(self) -> list[dict[str, Any]]:
        """The entries of the only session."""
        (history,) = self.histories().values()
        entries: list[dict[str, Any]] = json.loads(history)
        return entries

    def _running(self) -> Process:
        assert self._process is not None, "it is not running"
        return self._process

    async def _read(self, process: Process) -> None:
        assert process.stderr is not None
        with (self.state.parent / "gateway.log").open("ab") as log:
            async for line in process.stderr:
                log.write(line)
                self.lines.append(line.decode(errors="replace"))
                self._logged.changed()


def _configuration(accounts: Accounts, model: Parrot) -> str:
    # A TOML value is written like a JSON one, as far as settings of accounts go.
    channels = "\n".join(
        f"[channels.{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in account.items())
        for name, account in accounts.items()
    )
    return f"""
[agents.defaults]
model = "openai:test"

[models.openai]
base_url = "{model.url}"
api_key = "no-secret"

{channels}
[log]
format = "json"
"""


@dataclass
class World:
    """A platform, a model, and a gateway between them."""

    telegram: TelegramEmulator
    model: Parrot
    gateway: GatewayProcess

    async def asked(self, times: int) -> None:
        """Wait until the model was asked so many times in all."""
        await self.model.until(lambda model: len(model.asked) >= times, PATIENCE)


@dataclass
class WorldOfThree(World):
    """Three platforms, a model, and one gateway between them."""

    discord: DiscordEmulator
    slack: SlackEmulator


@asynccontextmanager
async def world(
    folder: Path, *, latency: float = 0.0, pause: float = 0.0, **process: Any
) -> AsyncIterator[World]:
    """The emulators, and a gateway that is still to be started; all end with the test.

    `process` is what a `GatewayProcess` can be told.
    """
    async with TelegramEmulator() as telegram, Parrot(latency=latency, pause=pause) as model:
        accounts = {"telegram": telegram_account(telegram, poll_seconds=30)}
        gateway = GatewayProcess(folder / "state", accounts, model, **process)
        try:
            yield World(telegram, model, gateway)
        finally:
            await gateway.close()


@asynccontextmanager
async def world_of_three(
    folder: Path,
    *,
    latency: float = 0.0,
    pause: float = 0.0,
    parrot: type[Parrot] = Parrot,
    **process: Any,
) -> AsyncIterator[WorldOfThree]:
    """See `world`. In a Slack channel, the bot answers in the channel."""
    async with (
        TelegramEmulator() as telegram,
        DiscordEmulator() as discord,
        SlackEmulator() as slack,
        parrot(latency=latency, pause=pause) as model,
    ):
        accounts = {
            "telegram": telegram_account(telegram, poll_seconds=30),
            "discord": discord_account(discord),
            "slack": slack_account(slack, reply_in_thread=False),
        }
        gateway = GatewayProcess(folder / "state", accounts, model, **process)
        try:
            yield WorldOfThree(telegram, model, gateway, discord, slack)
        finally:
            await gateway.close()
