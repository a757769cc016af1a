"""A picture from a chat to a provider's own wire, and what becomes of it when that says no."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from agents.models.model import ModelSettings
from agents.models.registry import resolve
from agents.models.sight import MediaMode
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.llm import LLM
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.pictures import PDF, PNG, Shown
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram import User as Alice
from tests.flows.bot import bot
from tests.flows.stage import Stage

PROVIDERS = {OpenAIEmulator: "openai", AnthropicEmulator: "anthropic"}
FALSE_PNG = PNG[:8] + b"and then nothing that could be seen"


@asynccontextmanager
async def talking(
    llm: LLM, folder: Path, mode: MediaMode = MediaMode.ALWAYS
) -> AsyncIterator[tuple[Alice, Stage]]:
    """Alice on Telegram, and a bot that thinks with this provider."""
    llm.key = "sk-ant-test"
    settings = ModelSettings(
        model=f"{PROVIDERS[type(llm)]}:test-model",
        openai_api_key=llm.key,
        openai_base_url=llm.url,
        anthropic_api_key=llm.key,
        anthropic_base_url=llm.url,
        media=mode,
    )
    async with aiohttp.ClientSession() as http, TelegramEmulator() as tg:
        model = (await resolve(settings, http)).models[0]
        async with bot(tg, folder, model=model) as stage:
            yield tg.user("Alice"), stage


@pytest.fixture(params=list(PROVIDERS))
async def llm(request: pytest.FixtureRequest) -> AsyncIterator[LLM]:
    async with request.param() as server:
        yield server


async def test_what_was_sent_reaches_the_provider_byte_by_byte(llm: LLM, tmp_path: Path) -> None:
    async with talking(llm, tmp_path) as (alice, _):
        await alice.sends("photo", "", PNG, caption="what is this?")
        await alice.hears()
        await alice.sends("document", "report.pdf", PDF, "application/pdf", caption="and this?")
        await alice.hears()
        await alice.says("thanks")
        await alice.hears()
    picture, document = Shown("image/png", PNG), Shown("application/pdf", PDF)
    assert [asked.shown for asked in llm.asked] == [
        [picture],
        [picture, document],
        [picture, document],
    ]


async def test_a_picture_that_the_provider_cannot_read_is_answered_in_words(
    llm: LLM, tmp_path: Path
) -> None:
    async with talking(llm, tmp_path) as (alice, _):
        await alice.sends("photo", "", FALSE_PNG, caption="what is this?")
        (told,) = await alice.hears()
        assert "what is this?" in told.text
        assert [len(asked.shown) for asked in llm.asked] == [1, 0]
        await alice.sends("photo", "", PNG, caption="and this?")
        await alice.hears()
        assert llm.asked[-1].shown == [Shown("image/png", PNG)]
        assert len(llm.asked) == 3


async def test_a_provider_without_eyes_is_shown_nothing(llm: LLM, tmp_path: Path) -> None:
    async with talking(llm, tmp_path, MediaMode.AUTO) as (alice, _):
        await alice.sends("photo", "", PNG, caption="what is this?")
        (told,) = await alice.hears()
    assert [asked.shown for asked in llm.asked] == [[]]
    assert "You cannot open it" in told.text or "you cannot open it" in told.text
