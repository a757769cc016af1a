"""One turn of the agent inside the gateway: bounded, watched, and stoppable."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from agents.agent import Agent, Restarted, ToolStarted, TurnFinished
from agents.models.model import TextDelta
from agents.prompt import system_prompt
from agents.tools.builtin import harmless_tools
from agents.tools.tool import Toolbox
from agents.transcript import Said
from channels.channel import Channel
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.events import AnswerGrew, AnswerRestarted, Feed, ToolUsed
from gateway.lanes import Stop
from gateway.open_sessions import OpenSession, is_shared
from state.keys import Address

TYPING_DELAY = 0.15
"""Seconds before a turn shows that it is typing: quick answers need not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a model is shown: at most so many tokens, made room for at the threshold."""

    tokens: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """A turn that was stopped; `words` are those of its answer that people have seen."""

    words: str = ""


class Thinking:
    """Runs turns, so many at a time, first come, first served."""

    def __init__(
        self,
        agent: Agent,
        channels: Mapping[str, Channel],
        feed: Feed,
        clock: Clock,
        *,
        prompt: str,
        at_once: int,
    ) -> None:
        self._agent = agent
        self._channels = channels
        self._feed = feed
        self._clock = clock
        self._prompt = prompt
        self._slots = asyncio.Semaphore(at_once)
        self._running = 0

    @property
    def model(self) -> str:
        """The name of the model that is asked first."""
        return self._agent.model

    @property
    def running(self) -> int:
        """How many turns run now."""
        return self._running

    async def turn(
        self, batch: Batch, opened: OpenSession, question: Sequence[Said], stop: Stop
    ) -> TurnFinished | Stopped:
        """The agent's turn on a question.

        Raises an `agents.errors.ModelError` when there is no answer to be had.
        """
        finished: list[TurnFinished] = []

        async def think() -> None:
            async with self._slots, self._typing(batch.address):
                self._running += 1
                try:
                    finished.append(await self._run(batch, opened, question))
                finally:
                    self._running -= 1

        return finished[0] if await stop.guard(think()) else Stopped()

    async def _run(
        self, batch: Batch, opened: OpenSession, question: Sequence[Said]
    ) -> TurnFinished:
        session, source = batch.session, batch.last.message.source
        turn = self._agent.run(
            system=system_prompt(
                self._prompt,
                shared=is_shared(opened.session.key),
                title=opened.session.title,
            ),
            transcript=opened.transcript,
            question=tuple(question),
            tools=Toolbox(
                harmless_tools(
                    opened.session,
                    model=self._agent.model,
                    window=self._agent.window,
                    now=self._clock.now,
                )
            ),
        )
        async with aclosing(turn) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        self._feed.publish(AnswerGrew(session, source, text))
                    case Restarted():
                        self._feed.publish(AnswerRestarted(session, source))
                    case ToolStarted(name):
                        self._feed.publish(ToolUsed(session, source, name))
                    case TurnFinished():
                        return event
        raise RuntimeError("the agent ended a turn without finishing it")

    @asynccontextmanager
    async def _typing(self, address: Address) -> AsyncIterator[None]:
        channel = self._channels[address.channel]
        seconds = channel.capabilities.typing_seconds
        if seconds <= 0:
            yield
            return
        showing = asyncio.create_task(_show_typing(channel, address, seconds))
        try:
            yield
        finally:
            showing.cancel()


async def _show_typing(channel: Channel, address: Address, seconds: float) -> None:
    await asyncio.sleep(TYPING_DELAY)
    while True:
        await channel.typing(address)
        await asyncio.sleep(seconds * 0.9)
