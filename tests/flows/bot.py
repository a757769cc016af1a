"""Gateways with bots: real adapters, real wires, real files."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.models.http import new_session
from channels.channel import Channel, Command
from channels.registry import build
from gateway.commands import DESCRIPTIONS
from gateway.config import Settings
from gateway.cursors import LedgerCursors
from state.files import open_state
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.stage import Stage

_OPEN = {"dm_policy": "open", "group_policy": "open"}


def telegram_account(telegram: TelegramEmulator, **more: Any) -> dict[str, Any]:
    """The emulator's bot, open to everybody."""
    return {
        **_OPEN,
        "kind": "telegram",
        "token": telegram.token,
        "api_root": telegram.url,
        "poll_seconds": 1,
        **more,
    }


def discord_account(discord: DiscordEmulator, **more: Any) -> dict[str, Any]:
    """The emulator's bot, open to everybody."""
    return {
        **_OPEN,
        "kind": "discord",
        "token": discord.token,
        "api_root": discord.url,
        "gateway_url": discord.gateway_url,
        **more,
    }


def slack_account(slack: SlackEmulator, **more: Any) -> dict[str, Any]:
    """The emulator's app in Socket Mode, open to everybody."""
    return {
        **_OPEN,
        "kind": "slack",
        "token": slack.token,
        "app_token": slack.app_token,
        "api_root": slack.api_root,
        **more,
    }


@asynccontextmanager
async def bots(
    folder: Path,
    accounts: dict[str, dict[str, Any]],
    *,
    stores: dict[str, Any] | None = None,
    **parts: Any,
) -> AsyncIterator[Stage]:
    """A started stage with these accounts on a state folder.

    `stores` is how the state folder is opened, for a disk that fails.
    """
    settings = parts.pop("settings", {}) | {"channels": accounts}
    menu = [Command(name, text) for name, text in DESCRIPTIONS.items()]
    async with new_session() as http:
        state = await open_state(folder, **(stores or {}))

        def channels(_: Stage) -> Sequence[Channel]:
            return [
                build(
                    name,
                    account,
                    http=http,
                    cursors=LedgerCursors(state.ledger),
                    commands=menu,
                    now=lambda: datetime.now(UTC),
                )
                for name, account in Settings.model_validate(settings).channels.items()
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


@asynccontextmanager
async def bot(
    telegram: TelegramEmulator,
    folder: Path,
    *,
    account: dict[str, Any] | None = None,
    **parts: Any,
) -> AsyncIterator[Stage]:
    """A started stage with one Telegram bot."""
    accounts = {"telegram": telegram_account(telegram, **(account or {}))}
    async with bots(folder, accounts, **parts) as set_up:
        yield set_up
