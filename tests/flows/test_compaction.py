"""Conversations that outgrow their model: what it is shown then, and what people are told."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from agents.models.model import ModelEvent, ModelRequest, ModelSettings, Timeouts
from agents.models.registry import resolve
from agents.tokens import of_said, of_text
from gateway.notices import notice
from state.history import AssistantEntry, SummaryEntry, ToolEntry, Usage, UserEntry
from state.keys import Address, SessionId
from state.lifecycle import Event
from state.messages import Sender
from state.session import Context
from tests.emulators.llm import Asked, Call, Cut, Hangs, Says, Scripted, Status
from tests.emulators.openai import OpenAIEmulator
from tests.flows.chat import chat
from tests.flows.stage import SUMMARISING, Gate, ScriptedModel, Stage, recalled, stage, words

SESSION = SessionId("terminal_local_main")
QUICK = Timeouts(connect=1.0, first_byte=0.3, idle=0.3, turn=5.0)
SUMMARY = "They planned a party."
BULK = " and so on" * 40


class Summarising(OpenAIEmulator):
    """A model that summarises as it is told, and otherwise answers as ever."""

    def __init__(self, summary: Scripted | None = None) -> None:
        super().__init__()
        self.summary = summary
        self.turns: list[Asked] = []

    def _next(self, asked: Asked) -> Scripted:
        if asked.messages[0]["content"] != SUMMARISING:
            self.turns.append(asked)
            return super()._next(asked)
        return self.summary or Says(recalled(self.echo(asked)))

    @property
    def last(self) -> list[tuple[str, str]]:
        """What the model was shown for the last answer: who, and what."""
        return [(m["role"], m.get("content") or "") for m in self.turns[-1].messages]


def settings(**session: Any) -> dict[str, Any]:
    return {"agents": {"defaults": {"session": session}}}


SMALL = {"max_messages": 12, "compact_ratio": 0.5, "preserve_recent": 4}
"""Of ten messages, the oldest six leave before the eleventh."""


@asynccontextmanager
async def talking(
    llm: Summarising,
    *,
    window: int | None = None,
    stores: dict[str, Any] | None = None,
    **session: Any,
) -> AsyncIterator[Stage]:
    async with llm, aiohttp.ClientSession() as http:
        asking = ModelSettings(
            model="openai:test-model",
            openai_api_key="sk-1",
            openai_base_url=llm.url,
            timeouts=QUICK,
            window=window,
        )
        found = await resolve(asking, http)
        parts = {"timeouts": QUICK, "settings": settings(**session), **(stores or {})}
        async with stage(model=found.models[0], **parts) as argent:
            yield argent


def said(number: int) -> str:
    return f"question {number}{BULK}"


async def talk(argent: Stage, first: int, last: int) -> list[str]:
    heard = []
    for number in range(first, last + 1):
        await argent.says(said(number))
        heard += await argent.hears()
    return heard


def verbatim(first: int, last: int) -> list[tuple[str, str]]:
    """Questions and their echoes, as a model is shown them."""
    return [
        (role, said(number)) for number in range(first, last + 1) for role in ("user", "assistant")
    ]


@pytest.mark.parametrize(
    ("strategy", "summary", "kept"),
    [
        ("summarize", f"[Summary of the 6 messages before this one:]\n{SUMMARY}", 4),
        ("hybrid", f"[Summary of the 4 messages before this one:]\n{SUMMARY}", 4),
        ("truncate", None, 4),
        ("sliding", None, 2),
    ],
)
async def test_the_model_is_shown_the_summary_and_the_newest_messages_word_for_word(
    strategy: str, summary: str | None, kept: int
) -> None:
    llm = Summarising(Says(SUMMARY))
    async with talking(llm, strategy=strategy, **SMALL) as argent:
        await talk(argent, 1, 6)
    system, *shown = llm.last
    assert system[0] == "system"
    front = [] if summary is None else [("user", summary)]
    assert shown == [*front, *verbatim(kept, 5), ("user", said(6))]
    assert len([e for e in await argent.history() if isinstance(e, UserEntry)]) == 6


@pytest.mark.parametrize("strategy", ["summarize", "hybrid", "truncate", "sliding"])
async def test_no_result_of_a_tool_is_shown_without_its_call(strategy: str) -> None:
    llm = Summarising(Says(SUMMARY))
    async with talking(llm, strategy=strategy, **SMALL) as argent:
        for number in range(1, 12):
            llm.answers(Call("current_time"), Says(f"answer {number}{BULK}"))
            await argent.says(said(number))
            assert (await argent.hears())[0].endswith(f"answer {number}{BULK}")
    for asked in llm.turns:
        for before, message in pairwise(asked.messages):
            if message["role"] == "tool":
                assert message["tool_call_id"] in [c["id"] for c in before["tool_calls"]]
    tools = [e for e in await argent.history() if isinstance(e, ToolEntry)]
    assert len(tools) == 11


async def test_of_fifty_messages_the_oldest_twenty_are_summarised_when_there_are_38() -> None:
    llm = Summarising(Says(SUMMARY))
    seeds = {"max_messages": 50, "show_summary_markers": True}
    async with talking(llm, **seeds) as argent:
        heard = await talk(argent, 1, 19)
        assert heard == [said(number) for number in range(1, 20)]
        (told,) = await talk(argent, 20, 20)
        assert told == f"*I summarised messages 1-20 to make room.*\n\n{said(20)}"
        _, summary, *shown = llm.last
        assert summary[1].startswith("[SUMMARY: Messages 1-20]\n")
        assert shown == [*verbatim(11, 19), ("user", said(20))]
        # The newest ten are never summarised, even if somebody asks.
        await argent.says("/compact")
        assert "messages 1-30." in (await argent.hears())[0]
        await talk(argent, 21, 21)
        assert llm.last[2:] == [*verbatim(16, 20), ("user", said(21))]


async def test_a_summary_takes_in_the_one_before_it() -> None:
    llm = Summarising()
    async with talking(llm, **SMALL) as argent:
        await argent.says(f"Remember: the key is under the red pot.{BULK}")
        await argent.hears()
        heard = await talk(argent, 2, 14)
    assert [h for h in heard if "I summarised" in h][-1].startswith("*I summarised messages 1-18")
    assert "the key is under the red pot" in llm.last[1][1]
    assert "before this one:]" in llm.last[1][1]


async def test_people_are_told_once_and_the_history_does_not_tell() -> None:
    async with stage(settings=settings(**SMALL)) as argent:
        heard = await talk(argent, 1, 8)
        told = [number for number, text in enumerate(heard, 1) if "I summarised" in text]
        assert told == [6]
        assert heard[5].startswith("*I summarised messages 1-6 to make room.*\n\necho:")
        answers = [e.content for e in await argent.history() if isinstance(e, AssistantEntry)]
        assert answers == [f"echo: {said(number)}" for number in range(1, 9)]


async def test_a_sliding_context_is_told_of_only_once() -> None:
    async with stage(settings=settings(strategy="sliding", **SMALL)) as argent:
        heard = await talk(argent, 1, 12)
        told = [text for text in heard if "too far back" in text]
        assert len(told) == 1
        assert told[0].startswith(f"*{notice('dropped', first=1, last=2)}*\n\n")


@pytest.mark.parametrize(
    "summary",
    [
        Hangs(),
        Hangs(after=2),
        Cut(after=2),
        Status(500, "canary"),
        Status(400, "canary", code="context_length_exceeded"),
        Says(""),
        Says("x " * 4_000),
    ],
    ids=str,
)
async def test_the_conversation_goes_on_whatever_becomes_of_the_summary(summary: Scripted) -> None:
    llm = Summarising(summary)
    async with asyncio.timeout(10), talking(llm, **SMALL) as argent:
        heard = await talk(argent, 1, 6)
        assert heard[-1].endswith(said(6))
        assert "canary" not in heard[-1]
    _, (role, front), *shown = llm.last
    assert role == "user"
    assert "question" in front, "made of the conversation's own sentences"
    assert shown == [*verbatim(4, 5), ("user", said(6))]
    asked = [e.content for e in await argent.history() if isinstance(e, UserEntry)]
    assert asked == [said(number) for number in range(1, 7)]


async def test_a_gateway_that_ends_while_it_summarises_loses_nothing() -> None:
    async with stage(settings=settings(**SMALL)) as argent:
        await talk(argent, 1, 5)
        gate = Gate()
        argent.model.memory.append(gate)
        await argent.says(said(6))
        await gate.reached.wait()
        await argent.stop(0.0)
        before = await argent.sessions.entries(SESSION)
        assert not any(isinstance(e, SummaryEntry) for e in before)
        await argent.start()
        (answer,) = await argent.hears()
        assert answer.endswith(f"echo: {said(6)}")
        assert len(await argent.history()) == len(before) + 3


async def test_a_summary_that_no_facts_speak_of_is_passed_over() -> None:
    async with stage(settings=settings(**SMALL)) as argent:
        await talk(argent, 1, 6)
        # As after a crash between the summary and the facts that say that it stands.
        await argent.stop()
        loaded = await argent.sessions.load(SESSION)
        assert loaded is not None
        await argent.sessions.save(replace(loaded.session, context=Context()))
        await argent.start()
        await argent.says("/status")
        await argent.hears()
        await argent.says("go on")
        (answer,) = await argent.hears()
        assert answer.startswith("*I summarised messages 1-6 ")
        assert words(argent.model.requests[-1])[1] == said(4)


async def test_a_stop_ends_the_summary_and_leaves_the_context_alone() -> None:
    async with stage(settings=settings(**SMALL)) as argent:
        await talk(argent, 1, 5)
        gate = Gate()
        argent.model.memory.append(gate)
        await argent.says(said(6))
        await gate.reached.wait()
        await argent.says("/stop")
        assert await argent.hears() == [notice("stopped")]
        assert not any(isinstance(e, SummaryEntry) for e in await argent.history())
        assert len(argent.model.requests) == 5
        (answer,) = await talk(argent, 7, 7)
        assert answer.startswith("*I summarised messages 1-6 ")


async def test_a_chat_is_not_held_up_by_another_one_s_summary() -> None:
    async with chat(**SMALL) as there:
        for number in range(1, 6):
            await there.says(said(number))
            await there.stage.settled()
        gate = Gate()
        there.stage.model.memory.append(gate)
        await there.says(said(6))
        await gate.reached.wait()
        await there.says("hello", address=Address("telegram", "2"), sender=Sender("2", "Bob"))
        await there.glimpses("echo: hello")
        gate.open.set()
        await there.glimpses(f"*{notice('compacted', first=1, last=6)}*\n\necho: {said(6)}")


async def test_a_summary_does_not_tell_of_what_was_deleted() -> None:
    async with chat(**SMALL) as there:
        there.stage.model.will("I will.")
        secret = await there.says(f"Remember: the code is 4711.{BULK}")
        await there.stage.settled()
        for number in range(2, 8):
            await there.says(said(number))
            await there.stage.settled()
        assert any("4711" in line for line in words(there.stage.model.requests[-1]))
        await there.deletes(secret)
        await there.says(said(8))
        await there.stage.settled()
        seen = words(there.stage.model.requests[-1])
        assert not any("4711" in line for line in seen)
        assert seen[0].startswith("[Summary of the ")
        assert seen[-1] == said(8)


async def test_the_session_s_log_says_when_and_why_it_was_compacted() -> None:
    async with stage(settings=settings(**SMALL)) as argent:
        await talk(argent, 1, 6)
        loaded = await argent.sessions.load(SESSION)
        assert loaded is not None
        steps = [(step.event, step.reason) for step in loaded.session.log]
        assert steps[-2:] == [
            (Event.COMPACT, "its messages reached the threshold"),
            (Event.MESSAGE, None),
        ]


async def test_without_a_model_s_summary_none_is_asked_for() -> None:
    async with stage(settings=settings(use_ai_summary=False, **SMALL)) as argent:
        await talk(argent, 1, 6)
        assert argent.model.summarised == []
        assert words(argent.model.requests[-1])[0].startswith("[Summary of the 6 messages")


async def test_both_prompts_can_be_set() -> None:
    own = {
        "summarization_prompt": "Be brief.",
        "summary_context_prompt": "Before that, {messages} times:",
    }
    llm = Summarising(Says(SUMMARY))
    async with talking(llm, **SMALL, **own) as argent:
        llm.always(Says(SUMMARY))
        await talk(argent, 1, 6)
    assert any(a.messages[0]["content"].startswith("Be brief.") for a in llm.asked)
    assert llm.last[1][1] == f"Before that, 6 times:\n{SUMMARY}"


@dataclass
class Strict(ScriptedModel):
    """Its provider counts twice what we estimate."""

    counted: list[int] = field(default_factory=list)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        seen = [*request.transcript, *request.turn]
        sent = 2 * (of_text(request.system) + sum(map(of_said, seen)))
        # It echoes, so the answer is as long as the question.
        self.usage = Usage(input=sent, output=2 * of_said(seen[-1]))
        self.counted.append(sent)
        async for event in super().stream(request):
            yield event


async def test_a_provider_that_counts_more_than_we_do_is_not_sent_too_much() -> None:
    model = Strict()
    async with stage(model=model, settings=settings(max_context_tokens=6_000)) as argent:
        # By our estimate, the ten messages that are to be preserved would fit.
        for number in range(20):
            await argent.says(said(number) * 4)
            await argent.hears()
    assert model.summarised
    assert max(model.counted) <= 6_000
