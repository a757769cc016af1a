"""The summary of what leaves a context, as the entry that stands for it."""

import asyncio
from dataclasses import replace

from agents.compactor import Compactor, Made, Summary
from agents.prompt import said
from agents.revisions import revisions
from agents.tokens import of_said
from gateway.clock import Clock
from gateway.keeping import Keeping
from gateway.open_sessions import OpenSession, is_shared
from gateway.setups import Setup
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


class Summarising:
    """Makes summaries of open sessions, by their agents' first models. It writes nothing."""

    def __init__(self, keeping: Keeping, clock: Clock) -> None:
        self._keeping = keeping
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
        model, compactor = opened.setup.agent.first, _compactor(opened.setup)
        made: list[Summary] = []

        async def make() -> None:
            shared = is_shared(opened.session.key)
            words = said(leaving, shared=shared, revisions=revisions(loaded.entries))
            async with self._slots:
                summary = await compactor.summarise(
                    model,
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
            model=model.name if summary.made is Made.MODEL else None,
            usage=summary.usage if summary.usage.input or summary.usage.output else None,
        )

    def length(self, opened: OpenSession, summary: SummaryEntry) -> int:
        """About how many tokens a summary takes of a context, with what stands around it."""
        return sum(map(of_said, said([summary], summary=opened.setup.reads)))

    def frame(self, opened: OpenSession) -> int:
        """About how many tokens stand around a summary of this session."""
        messages = opened.session.messages
        nothing = SummaryEntry("", self._clock.now(), "", covers=("", ""), messages=messages)
        # One more: two texts are rounded up, and their sum only once.
        return self.length(opened, nothing) + 1


def _compactor(setup: Setup) -> Compactor:
    timeouts = setup.agent.timeouts
    return Compactor(
        prompt=setup.kept.summarization_prompt,
        use_ai_summary=setup.kept.use_ai_summary,
        timeouts=replace(timeouts, turn=min(timeouts.turn, LONGEST_WAIT)),
    )


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
