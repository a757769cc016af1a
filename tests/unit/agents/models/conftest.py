"""A model and the server behind it, for every provider that Argent speaks to itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from agents.models.model import Model, ModelAnswer, ModelEvent, ModelRequest, ModelSettings
from agents.models.names import ModelName
from agents.models.registry import make
from agents.transcript import Transcript, UserSays
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.llm import LLM
from tests.emulators.openai import OpenAIEmulator

KEY = "sk-secret-0123456789abcdef"


@dataclass
class Provider:
    """A server and a model that talks to it."""

    llm: LLM
    model: Model

    async def ask(self, request: ModelRequest | str = "hello") -> list[ModelEvent]:
        """The events of one call."""
        if isinstance(request, str):
            request = ModelRequest("be kind", Transcript(), (UserSays(request),))
        return [event async for event in self.model.stream(request)]

    async def answer(self, request: ModelRequest | str = "hello") -> ModelAnswer:
        """The answer of one call."""
        last = (await self.ask(request))[-1]
        assert isinstance(last, ModelAnswer)
        return last


async def connect(llm: LLM, http: aiohttp.ClientSession) -> Provider:
    llm.key = KEY
    settings = ModelSettings(
        openai_api_key=KEY,
        openai_base_url=llm.url,
        anthropic_api_key=KEY,
        anthropic_base_url=llm.url,
    )
    provider = "anthropic" if isinstance(llm, AnthropicEmulator) else "openai"
    return Provider(llm, await make(ModelName(provider, "test-model"), settings, http))


@pytest.fixture
async def openai(http: aiohttp.ClientSession) -> AsyncIterator[Provider]:
    async with OpenAIEmulator() as llm:
        yield await connect(llm, http)


@pytest.fixture
async def anthropic(http: aiohttp.ClientSession) -> AsyncIterator[Provider]:
    async with AnthropicEmulator() as llm:
        yield await connect(llm, http)


@pytest.fixture(params=[OpenAIEmulator, AnthropicEmulator])
async def provider(
    request: pytest.FixtureRequest, http: aiohttp.ClientSession
) -> AsyncIterator[Provider]:
    """Each provider in turn: what holds for all of them is tested once for all."""
    async with request.param() as llm:
        yield await connect(llm, http)
