"""An HTTP session as the gateway makes it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from agents.models.http import new_session


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session() as session:
        yield session
