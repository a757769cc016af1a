"""The summary of what leaves a context, as the entry that stands for it."""

import asyncio
from dataclasses import replace
from functools import partial

from agents import summary_prompts
from agents.agent import Agent
from agents.compactor import Compactor, Made, Summary
from agents.config import SessionSettings
from agents.prompt import said
from agents.revisions import revisions
from agents.tokens import of_said
from gateway.clock import Clock
from gateway.keeping import Keeping
from gateway.open_sessions import OpenSession, Reads, is_shared
from gateway.stop import Stop
from state.compaction import Plan
from state.history import Entry, SummaryEntry, stand_in
from state.store import Loaded

LONGEST_WAIT = 120.0
"""Seconds until a conversation goes on without its model's summary: less than for an answer."""

_AT_ONCE = 8
"""Summaries that are made at once; more wait, and nobody else with them."""


class Interrupted(Exception):
    """Somebody stopped the summary."""


def reads_as(settings: SessionSettings) -> Reads:
    """How summaries read to a model, as it is set."""
    return partial(
        summary_prompts.shown,
        prompt=settings.summary_context_prompt,
        marker=settings.show_summary_markers,
    )


class Summarising:
    """Makes summaries of open sessions, by the agent's first model. It writes nothing."""

    def __init__(
        self, keeping: Keeping, agent: Agent, settings: SessionSettings, clock: Clock
    ) -> None:
        self._keeping = keeping
        self._model = agent.first
        self._compactor = Compactor(
            prompt=settings.summarization_prompt,
            use_ai_summary=settings.use_ai_summary,
            timeouts=replace(agent.timeouts, turn=min(agent.timeouts.turn, LONGEST_WAIT)),
        )
        self._reads = reads_as(settings)
        self._clock = clock
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def entry(
        self, opened: OpenSession, plan: Plan, *, limit: int, wish: str | None, stop: Stop | None
    ) -> SummaryEntry | None:
        """The summary that a plan asks for; None when there is nothing to say in its room.

        `limit` is the most that the model may be shown. Raises `Interrupted`.
        """
        loaded = await self._keeping.load(opened)
        leaving = _leaving(opened, plan, loaded)
        earlier = opened.summary if plan.carries else None
        made: list[Summary] = []

        async def make() -> None:
            shared = is_shared(opened.session.key)
            words = said(leaving, shared=shared, revisions=revisions(loaded.entries))
            async with self._slots:
                summary = await self._compactor.summarise(
                    self._model,
                    words,
                    room=plan.room,
                    limit=limit,
                    previous=None if earlier is None else earlier.content,
                    wish=wish,
                )
            made.append(summary)

        await (make() if stop is None else stop.guard(make()))
        if not made:
            raise Interrupted
        summary = made[0]
        if not summary.text:
            return None
        dropped = opened.turns[: plan.leave - plan.summarised]
        return stand_in(
            leaving,
            name=self._clock.id(),
            at=self._clock.now(),
            content=summary.text,
            tokens=summary.tokens,
            earlier=earlier,
            after=opened.behind() + sum(turn.messages for turn in dropped),
            model=self._model.name if summary.made is Made.MODEL else None,
            usage=summary.usage if summary.usage.input or summary.usage.output else None,
        )

    def length(self, summary: SummaryEntry) -> int:
        """About how many tokens a summary takes of the context, with what stands around it."""
        return sum(map(of_said, said([summary], summary=self._reads)))

    def frame(self, opened: OpenSession) -> int:
        """About how many tokens stand around a summary of this session."""
        messages = opened.session.messages
        nothing = SummaryEntry("", self._clock.now(), "", covers=("", ""), messages=messages)
        # One more: two texts are rounded up, and their sum only once.
        return self.length(nothing) + 1


def _leaving(opened: OpenSession, plan: Plan, loaded: Loaded) -> list[Entry]:
    """The entries that a summary will stand for."""
    first = opened.turns[plan.leave - plan.summarised].position
    end = opened.turns[plan.leave].position if plan.leave < len(opened.turns) else None
    return [
        entry
        for entry, position in zip(loaded.entries, loaded.positions, strict=True)
        if position >= first
        and (end is None or position < end)
        and not isinstance(entry, SummaryEntry)
    ]
