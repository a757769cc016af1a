"""Fixtures: an emulated Slack and an account on it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.emulators.slack import SlackEmulator
from tests.unit.channels.slack.rig import Rig


@pytest.fixture
async def sl() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as emulator:
        yield emulator


@pytest.fixture
async def rig(sl: SlackEmulator) -> AsyncIterator[Rig]:
    async with aiohttp.ClientSession() as http:
        yield Rig(sl, http)
