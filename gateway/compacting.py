"""Makes room in a conversation: what leaves its context, and the summary that stands for it.

Everything is decided before anything is written, and only the model's call can be stopped. The
summary is appended first, and the facts say later that it stands: a crash in between leaves one
that stands before nothing and is passed over. What leaves the context stays in the history.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from agents import summary_prompts
from agents.agent import Agent, TurnFinished
from agents.calibration import Calibrations
from agents.compactor import SHORTEST, Compactor, Made, Summary
from agents.config import SessionSettings
from agents.prompt import said
from agents.revisions import revisions
from agents.tokens import of_said
from agents.transcript import Said
from gateway.clock import Clock
from gateway.keeping import Keeping
from gateway.notices import notice
from gateway.open_sessions import OpenSession, Reads, is_shared
from gateway.purse import Purse
from gateway.stop import Stop
from gateway.thinking import Thinking
from state.compaction import Plan, Reason, Rules, Strategy, due, plan
from state.history import Entry, SummaryEntry, stand_in
from state.lifecycle import Phase

_AT_ONCE = 8
"""Summaries that are made at once; more wait, and nobody else with them."""

LONGEST_WAIT = 120.0
"""Seconds until a conversation goes on without its model's summary: less than for an answer."""

_log = structlog.get_logger("compaction")


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did.

    The messages `first` to `last`, counted from 1, are not seen as they were said any more; with
    `summarised`, a summary stands for them. `before` and `after` are the context's tokens.
    """

    first: int
    last: int
    summarised: bool
    before: int
    after: int


def rules_of(settings: SessionSettings, *, window: int | None) -> Rules:
    """The rules as they are set, within the model's window where that is known."""
    most = settings.max_context_tokens
    return Rules(
        limit=min(most, window or most),
        threshold=settings.compaction_threshold,
        max_messages=settings.max_messages,
        trigger_threshold=settings.trigger_threshold,
        strategy=settings.strategy,
        compact_ratio=settings.compact_ratio,
        preserve_recent=settings.preserve_recent,
    )


def reads_as(settings: SessionSettings) -> Reads:
    """How summaries read to a model, as it is set."""
    return partial(
        summary_prompts.shown,
        prompt=settings.summary_context_prompt,
        marker=settings.show_summary_markers,
    )


class Compacting:
    """Compacts open sessions, each in its lane; the agent's first model writes the summaries."""

    def __init__(
        self,
        keeping: Keeping,
        thinking: Thinking,
        agent: Agent,
        settings: SessionSettings,
        clock: Clock,
        purse: Purse,
    ) -> None:
        self._keeping = keeping
        self._thinking = thinking
        self._compactor = Compactor(
            prompt=settings.summarization_prompt,
            use_ai_summary=settings.use_ai_summary,
            timeouts=replace(agent.timeouts, turn=min(agent.timeouts.turn, LONGEST_WAIT)),
        )
        self._model = agent.first
        self._rules = rules_of(settings, window=agent.window)
        self._reads = reads_as(settings)
        self._idle_from = self._rules.limit * settings.idle_compaction
        self._clock = clock
        self._purse = purse
        self._calibrations = Calibrations()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def make_room(self, opened: OpenSession, coming: Sequence[Said], stop: Stop) -> None:
        """Compact if that is due with what is coming. People are told with the next answer."""
        tokens = self.length(opened) + self.estimated(coming)
        reason = due(tokens, opened.messages(), self._rules)
        if reason is None:
            return
        # With `sliding`, a little leaves each time: that is no news after the first time.
        silent = self._rules.strategy is Strategy.SLIDING and bool(opened.session.context.undo)
        done = await self._compact(opened, self._rules, reason, coming, stop=stop)
        if done is not None and not silent:
            opened.news = _news(done)

    async def overflowed(self, opened: OpenSession, coming: Sequence[Said], stop: Stop) -> bool:
        """Compact what a model found too long; whether anything left the context."""
        # What the window must be after all: a context that should have fitted did not.
        real = self.length(opened) + self.estimated(coming)
        rules = replace(self._rules, limit=min(self._rules.limit, real))
        done = await self._compact(opened, rules, Reason.OVERFLOW, coming, stop=stop)
        if done is not None:
            opened.news = _news(done)
        return done is not None

    async def asked(
        self, opened: OpenSession, *, wish: str | None = None, stop: Stop | None = None
    ) -> Compacted | None:
        """Summarise everything but the newest, whatever the strategy; None when there is nothing.

        `wish` is what shall be kept above all. Also None when it was stopped.
        """
        rules = replace(self._rules, strategy=Strategy.SUMMARIZE)
        return await self._compact(opened, rules, Reason.ASKED, (), wish=wish, stop=stop)

    def is_large(self, tokens: int) -> bool:
        """Whether a session with a context of so many tokens is summarised when it goes to rest."""
        return self._rules.summarises and 0 < self._idle_from <= tokens

    async def rested(self, opened: OpenSession) -> bool:
        """Summarise a session that rests and is large; whether anything left its context."""
        if opened.session.phase is not Phase.IDLE or not self.is_large(self.length(opened)):
            return False
        done = await self._compact(opened, self._rules, Reason.IDLE, ())
        if done is not None:
            opened.news = _news(done)
        return done is not None

    def length(self, opened: OpenSession) -> int:
        """The context's length in tokens, as its provider counted it, or else as we estimate it."""
        known = opened.session.context.tokens
        return known or self._corrected(self._thinking.beside(opened) + opened.estimated())

    def estimated(self, words: Sequence[Said]) -> int:
        """About how many tokens words are that no provider has counted yet."""
        return self._corrected(sum(map(of_said, words)))

    def counted(self, opened: OpenSession, finished: TurnFinished) -> None:
        """Learn from what a provider counted of the context as it is now."""
        if finished.context is not None:
            estimated = self._thinking.beside(opened) + opened.estimated()
            self._calibrations.learn(finished.model, estimated=estimated, counted=finished.context)

    def _corrected(self, estimated: int) -> int:
        return self._calibrations.corrected(self._model.name, estimated)

    async def _compact(
        self,
        opened: OpenSession,
        rules: Rules,
        reason: Reason,
        coming: Sequence[Said],
        *,
        wish: str | None = None,
        stop: Stop | None = None,
    ) -> Compacted | None:
        before, beside = self.length(opened), self._thinking.beside(opened)
        # Plans are made of estimates. Where the provider counted more, they have less room.
        scale = max(before / max(beside + opened.estimated(), 1), 1.0)
        rules = replace(rules, limit=max(int(rules.limit / scale), 1))
        frame = self._frame(opened)
        made_plan = plan(
            opened.turns,
            rules,
            reason,
            summary=max(opened.front - frame, 0),
            beside=beside + sum(map(of_said, coming)),
        )
        if made_plan is None:
            return None
        # What stands around a summary takes of its room.
        made_plan = replace(made_plan, room=max(made_plan.room - frame, 0))
        if reason in (Reason.ASKED, Reason.IDLE) and made_plan.room < SHORTEST:
            return None
        entry = None
        if made_plan.summarised:
            leaving = await self._leaving(opened, made_plan)
            summary = await self._summary(opened, made_plan, leaving, rules.limit, wish, stop)
            if summary is None:
                return None
            entry = self._entry(opened, made_plan, leaving, summary)
        if entry is None and made_plan.leave == len(opened.turns):
            # Nothing would stand for the newest turn, so it stays.
            made_plan = replace(made_plan, leave=made_plan.leave - 1)
            if not made_plan.leave:
                return None
        first, last = _span(opened, made_plan, entry)
        kept = sum(turn.tokens for turn in opened.turns[made_plan.leave :])
        front = 0 if entry is None else sum(map(of_said, said([entry], summary=self._reads)))
        after = round((beside + front + kept) * scale)
        sliding = rules.strategy is Strategy.SLIDING and entry is None
        await self._keeping.compact(
            opened, made_plan, entry, tokens=after, reason=None if sliding else reason
        )
        if entry is not None:
            await self._purse.summarised(opened.session, entry, model=self._model.name)
        _log.info(
            "context_compacted",
            session=opened.session.id,
            reason=reason,
            strategy=rules.strategy,
            messages=f"{first}-{last}",
            before=before,
            after=after,
        )
        return Compacted(first, last, entry is not None, before, after)

    def _frame(self, opened: OpenSession) -> int:
        """Tokens that stand around a summary."""
        messages = opened.session.messages
        nothing = SummaryEntry("", self._clock.now(), "", covers=("", ""), messages=messages)
        return sum(map(of_said, said([nothing], summary=self._reads))) + 1

    async def _leaving(self, opened: OpenSession, made: Plan) -> tuple[list[Entry], list[Said]]:
        """The entries that a summary will stand for, and how a model would read them."""
        loaded = await self._keeping.load(opened)
        first = opened.turns[made.leave - made.summarised].position
        end = opened.turns[made.leave].position if made.leave < len(opened.turns) else None
        entries: list[Entry] = [
            entry
            for entry, position in zip(loaded.entries, loaded.positions, strict=True)
            if position >= first
            and (end is None or position < end)
            and not isinstance(entry, SummaryEntry)
        ]
        shared = is_shared(opened.session.key)
        return entries, said(entries, shared=shared, revisions=revisions(loaded.entries))

    async def _summary(
        self,
        opened: OpenSession,
        made: Plan,
        leaving: tuple[list[Entry], list[Said]],
        limit: int,
        wish: str | None,
        stop: Stop | None,
    ) -> Summary | None:
        """The summary; None when it was stopped."""
        summaries: list[Summary] = []
        earlier = opened.summary if made.carries else None

        async def make() -> None:
            async with self._slots:
                summaries.append(
                    await self._compactor.summarise(
                        self._model,
                        leaving[1],
                        room=made.room,
                        limit=limit,
                        previous=None if earlier is None else earlier.content,
                        wish=wish,
                    )
                )

        if stop is None:
            await make()
        else:
            await stop.guard(make())
        return summaries[0] if summaries else None

    def _entry(
        self,
        opened: OpenSession,
        made: Plan,
        leaving: tuple[list[Entry], list[Said]],
        summary: Summary,
    ) -> SummaryEntry | None:
        if not summary.text:
            return None
        dropped = opened.turns[: made.leave - made.summarised]
        return stand_in(
            leaving[0],
            name=self._clock.id(),
            at=self._clock.now(),
            content=summary.text,
            tokens=summary.tokens,
            earlier=opened.summary if made.carries else None,
            after=_behind(opened) + sum(turn.messages for turn in dropped),
            model=self._model.name if summary.made is Made.MODEL else None,
            usage=summary.usage if summary.usage.input or summary.usage.output else None,
        )


def _behind(opened: OpenSession) -> int:
    """How many messages there were before those that are seen as they were said."""
    return max(opened.session.messages - opened.messages(), 0)


def _span(opened: OpenSession, made: Plan, entry: SummaryEntry | None) -> tuple[int, int]:
    if entry is not None:
        return entry.after + 1, entry.after + entry.messages
    behind = _behind(opened)
    return behind + 1, behind + sum(turn.messages for turn in opened.turns[: made.leave])


def told(done: Compacted) -> str:
    """What whoever asked for a compaction is told."""
    return notice(
        "compacted_now", first=done.first, last=done.last, before=done.before, after=done.after
    )


def _news(done: Compacted) -> str:
    name = "compacted" if done.summarised else "dropped"
    return notice(name, first=done.first, last=done.last)
