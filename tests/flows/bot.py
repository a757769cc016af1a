"""A gateway with a Telegram bot: real adapter, real wire, real files."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from channels.channel import Channel, Command
from channels.registry import build
from gateway.commands import DESCRIPTIONS
from gateway.config import Settings
from state.files import open_state
from tests.emulators.telegram import TelegramEmulator
from tests.flows.stage import Stage


class _NoCursors:
    """A ledger that remembers no cursor: correctness does not depend on one."""

    async def get(self, name: str) -> str | None:
        return None

    async def set(self, name: str, value: str) -> None:
        return None


@asynccontextmanager
async def bot(
    telegram: TelegramEmulator,
    folder: Path,
    *,
    account: dict[str, Any] | None = None,
    stores: dict[str, Any] | None = None,
    **parts: Any,
) -> AsyncIterator[Stage]:
    """A started stage whose account `telegram` is the emulator's bot, open to everybody.

    `stores` is how the state folder is opened, for a disk that fails.
    """
    settings = parts.pop("settings", {}) | {
        "channels": {
            "telegram": {
                "kind": "telegram",
                "token": telegram.token,
                "api_root": telegram.url,
                "dm_policy": "open",
                "group_policy": "open",
                "poll_seconds": 1,
                **(account or {}),
            }
        }
    }
    menu = [Command(name, text) for name, text in DESCRIPTIONS.items()]
    async with aiohttp.ClientSession() as http:
        state = await open_state(folder, **(stores or {}))

        def channels(_: Stage) -> Sequence[Channel]:
            telegram_settings = Settings.model_validate(settings).channels["telegram"]
            now = lambda: datetime.now(UTC)  # noqa: E731
            return [
                build(
                    "telegram",
                    telegram_settings,
                    http=http,
                    cursors=_NoCursors(),
                    commands=menu,
                    now=now,
                )
            ]

        set_up = Stage(
            settings=settings,
            sessions=state.sessions,
            ledger=state.ledger,
            channels=channels,
            **parts,
        )
        await set_up.start()
        try:
            yield set_up
        finally:
            await set_up.stop(1.0)
            await state.close()
