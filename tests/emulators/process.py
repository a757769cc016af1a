"""An emulator in a process of its own, which can be stopped where it stands."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.emulators.discord import DiscordControl
from tests.emulators.driver import Driver
from tests.emulators.slack import SlackControl
from tests.emulators.telegram import TelegramControl

ROOT = Path(__file__).parents[2]
CONTROLS: Mapping[str, type[Driver]] = {
    "telegram": TelegramControl,
    "discord": DiscordControl,
    "slack": SlackControl,
}
_START_SECONDS = 30.0
_SETTINGS = {
    "telegram": {"token": "token", "api_root": "url"},
    "discord": {"token": "token", "api_root": "url", "gateway_url": "gateway_url"},
    "slack": {"token": "token", "app_token": "app_token", "api_root": "api_root"},
}


def account(platform: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an account, from what an emulator said of itself."""
    settings = _SETTINGS[platform]
    return {"kind": platform} | {name: told[where] for name, where in settings.items()}


@dataclass(frozen=True)
class Emulated:
    """A platform that runs elsewhere: what it said of itself, and the hands of its people."""

    told: Mapping[str, Any]
    control: Driver
    pid: int

    def freeze(self) -> None:
        """It stops in the middle of whatever it does; its connections stay open (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if nothing had been (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)


@asynccontextmanager
async def emulated(platform: str, *arguments: str) -> AsyncIterator[Emulated]:
    """An emulator's process, from when it listens until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.emulators.{platform}", "--port", "0", *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = orjson.loads(await asyncio.wait_for(process.stdout.readline(), _START_SECONDS))
        async with CONTROLS[platform](told["url"]) as control:
            yield Emulated(told, control, process.pid)
    finally:
        # A process that is stopped can only be killed.
        process.kill()
        await process.wait()
