"""Whatever a model's server does, the person gets an answer or a notice, in bounded time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from agents.models.model import ModelSettings, Timeouts
from agents.models.registry import resolve
from gateway.notices import NOTICES, notice
from tests.emulators.llm import Body, Call, Cut, Fails, Hangs, Raw, Says, Scripted, Status, Trickles
from tests.emulators.openai import OpenAIEmulator
from tests.flows.stage import Stage, stage

QUICK = Timeouts(connect=1.0, first_byte=0.3, idle=0.3, turn=1.5)


@asynccontextmanager
async def talking_to(llm: OpenAIEmulator) -> AsyncIterator[Stage]:
    await llm.start()
    try:
        async with aiohttp.ClientSession() as http:
            settings = ModelSettings(
                model="openai:test-model",
                openai_api_key="sk-canary-4711",
                openai_base_url=llm.url,
                timeouts=QUICK,
            )
            found = await resolve(settings, http)
            async with stage(model=found.models[0], timeouts=QUICK) as argent:
                yield argent
    finally:
        await llm.stop()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Hangs(), "timeout"),
        (Hangs(after=2), "timeout"),
        (Trickles(1.0), "timeout"),
        (Cut(after=3), "garbled"),
        (Cut(after=3, clean=False), "garbled"),
        (Status(429, "limit of org-canary"), "busy"),
        (Status(500, "canary stack"), "overloaded"),
        (Status(529, "canary"), "overloaded"),
        (Status(401, "bad key sk-canary-4711"), "unavailable"),
        (Status(400, "canary", code="context_length_exceeded"), "too_long"),
        (Body(b"<html>canary</html>"), "garbled"),
        (Body(b'{"canary":'), "garbled"),
        (Raw(b"data: {canary\n\n"), "garbled"),
        (Raw(b"data: \xff\xfe canary\n\n"), "garbled"),
        (Fails(2, "server_error", "canary"), "overloaded"),
        (Says(""), "garbled"),
    ],
    ids=str,
)
async def test_a_fault_becomes_its_notice(fault: Scripted, code: str) -> None:
    llm = OpenAIEmulator().always(fault)
    async with asyncio.timeout(8), talking_to(llm) as argent:
        await argent.says("hello")
        (told,) = await argent.hears()
        assert told == notice(code)
        assert "canary" not in told
        # And the conversation goes on.
        llm.always(Says("here again"))
        await argent.says("still there?")
        assert await argent.hears() == ["here again"]


async def test_a_tool_call_that_makes_no_sense_is_answered_and_not_fatal() -> None:
    llm = OpenAIEmulator().answers(
        Call("no_such_tool"), Call("current_time", "{not json"), Says("sorry")
    )
    async with talking_to(llm) as argent:
        await argent.says("hello")
        assert await argent.hears() == ["sorry"]


async def test_a_model_that_only_ever_calls_tools_is_stopped() -> None:
    llm = OpenAIEmulator().always(Call("current_time"))
    async with talking_to(llm) as argent:
        await argent.says("hello")
        (told,) = await argent.hears()
        assert told in NOTICES.values()
