"""A model's server that fails for one person: they are told in time, and nobody else waits."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

import aiohttp

from agents.models.guarded import Breakers
from agents.models.model import ModelSettings, Timeouts
from agents.models.registry import resolve
from tests.emulators.llm import (
    Asked,
    Body,
    Call,
    Cut,
    Fails,
    Hangs,
    Raw,
    Says,
    Scripted,
    Status,
    Trickles,
)
from tests.emulators.openai import OpenAIEmulator
from tests.faults.campaign.fault import Fault, Result, Trials, total
from tests.flows.stage import Stage
from tests.flows.town import ALICE, BOB, Town, town

QUICK = Timeouts(connect=1.0, first_byte=0.5, idle=0.5, turn=2.0)
"""Stands for 60, 30 and 300 s."""

IN_TIME = 10.0
"""Seconds until a person must be told something; a turn of its own length and what surrounds it."""

_MEANWHILE = 5
_WORD = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % (b"large " * 2_000)
_LARGE = _WORD * (10_000_000 // len(_WORD))

FAULTS_OF_MODELS: Mapping[str, Scripted | Call] = {
    "hangs before its first word": Hangs(),
    "hangs amid its words": Hangs(after=2),
    "says a byte a second": Trickles(1.0),
    "is busy, and says for how long": Status(429, headers={"retry-after": "1"}),
    "is overloaded each time": Status(500),
    "is a web page": Body(b"<!doctype html><title>Sign in</title>"),
    "is cut off": Cut(after=3),
    "is reset": Cut(after=3, clean=False),
    "calls a tool with damaged arguments": Call("current_time", '{"zone": '),
    "calls a tool that there is not": Call("no_such_tool"),
    "calls tools for ever": Call("current_time"),
    "says ten megabytes": Raw(_LARGE),
    "says no UTF-8": Raw(b"data: \xff\xfe\n\n"),
    "fails amid its words": Fails(2, "server_error"),
    "says nothing": Says(""),
}


class _Partial(OpenAIEmulator):
    """Fails for whoever says "trouble", and echoes for everybody else."""

    trouble: Scripted | None = None

    def _next(self, asked: Asked) -> Scripted:
        words = str(asked.messages)
        if self.trouble is not None and "trouble" in words:
            return self.trouble
        return Says(self.echo(asked))


@asynccontextmanager
async def _talking(llm: _Partial) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(llm)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        breakers = Breakers(timeouts=QUICK)
        stack.push_async_callback(breakers.close)
        settings = ModelSettings(
            model="openai:test", openai_api_key="sk-x", openai_base_url=llm.url, timeouts=QUICK
        )
        model = breakers.guard((await resolve(settings, http)).models[0])
        yield await stack.enter_async_context(
            town(parts={"model": model, "timeouts": QUICK}, dm_policy="open")
        )


@dataclass(frozen=True, slots=True)
class ModelFails:
    """Each trial: one person's model fails in one way, and another one talks meanwhile."""

    name: str = "a model that fails"
    trials: Trials = Trials(small=len(FAULTS_OF_MODELS), medium=60, all=50 * len(FAULTS_OF_MODELS))

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        kinds = list(FAULTS_OF_MODELS.items())
        random.Random(seed).shuffle(kinds)
        llm = _Partial()
        results, ratios = [], []
        for number in range(trials):
            what, trouble = kinds[number % len(kinds)]
            # A new gateway for each: the breaker must not hide what the next fault does.
            async with _talking(llm) as talk:
                usual = await _answered(talk, "before")
                llm.trouble = trouble if not isinstance(trouble, Call) else Says(calls=(trouble,))
                told, during = await asyncio.gather(_told(talk), _answered(talk, "during"))
            llm.trouble = None
            ratios.append(during / usual)
            broken = () if told is not None else (f"model {what}: nobody was told in {IN_TIME} s",)
            results.append(Result(tried=1, acknowledged=2, broken=broken))
        figure = f"others' answers took {median(ratios):.2f} times as long meanwhile (median)"
        return total(results) + Result(figures=(figure,))


async def _told(talk: Town) -> str | None:
    try:
        async with asyncio.timeout(IN_TIME):
            await talk.says(ALICE, "trouble")
            return await _next_words(talk.stage, ALICE.id)
    except TimeoutError:
        return None


async def _answered(talk: Town, words: str) -> float:
    """The median of some answers to somebody else, in seconds."""
    took = []
    for number in range(_MEANWHILE):
        began = monotonic()
        await talk.says(BOB, f"{words} {number}")
        await _next_words(talk.stage, BOB.id)
        took.append(monotonic() - began)
    return median(took)


async def _next_words(stage: Stage, chat: str) -> str:
    """Unlike `Town.hears`: it does not wait for what others are in the middle of."""
    channel = stage.gateway.channels["telegram"]
    channel.on_online(stage.gateway.delivery.wake)  # type: ignore[attr-defined]
    with channel.listen(chat) as parts:  # type: ignore[attr-defined]
        async for part in parts:
            return str(part.part.text)
    raise AssertionError("a chat does not end")


FAULTS: tuple[Fault, ...] = (ModelFails(),)
