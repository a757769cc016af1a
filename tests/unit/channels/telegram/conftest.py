"""Fixtures: an emulated Telegram and an account on it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.emulators.telegram import TelegramEmulator
from tests.unit.channels.telegram.rig import Rig


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def rig(tg: TelegramEmulator) -> AsyncIterator[Rig]:
    async with aiohttp.ClientSession() as http:
        yield Rig(tg, http)
