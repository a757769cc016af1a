"""Fixtures: an emulated Discord and an account on it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.emulators.discord import DiscordEmulator
from tests.unit.channels.discord.rig import Rig


@pytest.fixture
async def dc() -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator() as emulator:
        yield emulator


@pytest.fixture
async def rig(dc: DiscordEmulator) -> AsyncIterator[Rig]:
    async with aiohttp.ClientSession() as http:
        yield Rig(dc, http)
