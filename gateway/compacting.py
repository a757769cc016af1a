"""Makes room in a conversation: what leaves its context, and the summary that stands for it.

Everything is decided before anything is written, and only the model's call can be stopped. The
summary is appended first, and the facts say later that it stands: a crash in between leaves one
that stands before nothing and is passed over. What leaves the context stays in the history.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import structlog

from agents.agent import TurnFinished
from agents.calibration import Calibrations
from agents.compactor import SHORTEST
from agents.tokens import of_said
from agents.transcript import Said
from gateway.clock import Clock
from gateway.events import ContextCompacted
from gateway.feed import Feed
from gateway.keeping import Keeping
from gateway.notices import notice
from gateway.open_sessions import OpenSession
from gateway.purse import Purse
from gateway.stop import Stop
from gateway.summarising import Interrupted, Summarising
from gateway.thinking import Thinking
from state.compaction import Plan, Reason, Rules, Strategy, due, plan
from state.history import SummaryEntry
from state.lifecycle import Phase

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


class Compacting:
    """Compacts open sessions, each in its lane; their agents' first models write the summaries."""

    def __init__(
        self, keeping: Keeping, thinking: Thinking, clock: Clock, purse: Purse, feed: Feed
    ) -> None:
        self._keeping = keeping
        self._thinking = thinking
        self._summarising = Summarising(keeping, clock)
        self._purse = purse
        self._feed = feed
        self._calibrations = Calibrations()

    async def make_room(self, opened: OpenSession, coming: Sequence[Said], stop: Stop) -> None:
        """Compact if that is due with what is coming. People are told with the next answer."""
        rules = opened.setup.rules
        tokens = self.length(opened) + self.estimated(opened, coming)
        reason = due(tokens, opened.messages(), rules)
        if reason is None:
            return
        # With `sliding`, a little leaves each time: that is no news after the first time.
        silent = rules.strategy is Strategy.SLIDING and bool(opened.session.context.undo)
        done = await self._compact(opened, rules, reason, coming, stop=stop)
        if done is not None and not silent:
            opened.news = news(done)

    async def overflowed(self, opened: OpenSession, coming: Sequence[Said], stop: Stop) -> bool:
        """Compact what a model found too long; whether anything left the context."""
        # What the window must be after all: a context that should have fitted did not.
        real = self.length(opened) + self.estimated(opened, coming)
        rules = opened.setup.rules
        rules = replace(rules, limit=min(rules.limit, real))
        done = await self._compact(opened, rules, Reason.OVERFLOW, coming, stop=stop)
        if done is not None:
            opened.news = news(done)
        return done is not None

    async def asked(
        self, opened: OpenSession, *, wish: str | None = None, stop: Stop | None = None
    ) -> Compacted | None:
        """Summarise everything but the newest, whatever the strategy; None when there is nothing.

        `wish` is what shall be kept above all. Also None when it was stopped.
        """
        rules = replace(opened.setup.rules, strategy=Strategy.SUMMARIZE)
        return await self._compact(opened, rules, Reason.ASKED, (), wish=wish, stop=stop)

    async def rested(self, opened: OpenSession) -> bool:
        """Summarise a session that rests and is large; whether anything left its context."""
        setup = opened.setup
        large = setup.rules.limit * setup.kept.idle_compaction
        if opened.session.phase is not Phase.IDLE or not setup.rules.summarises:
            return False
        if not 0 < large <= self.length(opened):
            return False
        done = await self._compact(opened, setup.rules, Reason.IDLE, ())
        if done is not None:
            opened.news = news(done)
        return done is not None

    def length(self, opened: OpenSession) -> int:
        """The context's length in tokens, as its provider counted it, or else as we estimate it."""
        known = opened.session.context.tokens
        estimated = self._thinking.beside(opened) + opened.estimated()
        return known or self._corrected(opened, estimated)

    def estimated(self, opened: OpenSession, words: Sequence[Said]) -> int:
        """About how many tokens words are that the session's provider has not counted yet."""
        return self._corrected(opened, sum(map(of_said, words)))

    def counted(self, opened: OpenSession, finished: TurnFinished) -> None:
        """Learn from what a provider counted of the context as it is now."""
        if finished.context is not None:
            estimated = self._thinking.beside(opened) + opened.estimated()
            self._calibrations.learn(finished.model, estimated=estimated, counted=finished.context)

    def _corrected(self, opened: OpenSession, estimated: int) -> int:
        return self._calibrations.corrected(opened.setup.agent.model, estimated)

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
        made = self._planned(opened, rules, reason, beside + sum(map(of_said, coming)))
        if made is None:
            return None
        entry = None
        if made.summarised:
            try:
                entry = await self._summarising.entry(
                    opened, made, limit=rules.limit, wish=wish, stop=stop
                )
            except Interrupted:
                return None
        if entry is None and made.leave == len(opened.turns):
            # Nothing would stand for the newest turn, so it stays.
            made = replace(made, leave=made.leave - 1)
        if not made.leave:
            return None
        left = beside + sum(turn.tokens for turn in opened.turns[made.leave :])
        if entry is not None:
            left += self._summarising.length(opened, entry)
        first, last = _span(opened, made, entry)
        done = Compacted(first, last, entry is not None, before, round(left * scale))
        sliding = rules.strategy is Strategy.SLIDING and entry is None
        await self._keeping.compact(
            opened, made, entry, tokens=done.after, reason=None if sliding else reason
        )
        if entry is not None:
            await self._purse.summarised(opened.session, entry, model=opened.setup.agent.model)
        session = opened.session.id
        _log.info("context_compacted", session=session, reason=reason, **asdict(done))
        self._feed.publish(ContextCompacted(session, reason, done.summarised))
        return done

    def _planned(
        self, opened: OpenSession, rules: Rules, reason: Reason, beside: int
    ) -> Plan | None:
        """What leaves; None when nothing can, or when nobody needs what little it would save."""
        frame = self._summarising.frame(opened)
        earlier = max(opened.front - frame, 0)
        made = plan(opened.turns, rules, reason, summary=earlier, beside=beside)
        if made is None:
            return None
        # What stands around a summary takes of its room.
        made = replace(made, room=max(made.room - frame, 0))
        unforced = reason in (Reason.ASKED, Reason.IDLE)
        return None if unforced and made.room < SHORTEST else made


def _span(opened: OpenSession, made: Plan, entry: SummaryEntry | None) -> tuple[int, int]:
    if entry is not None:
        return entry.after + 1, entry.after + entry.messages
    behind = opened.behind()
    return behind + 1, behind + sum(turn.messages for turn in opened.turns[: made.leave])


def told(done: Compacted) -> str:
    """What whoever asked for a compaction is told."""
    return notice(
        "compacted_now", first=done.first, last=done.last, before=done.before, after=done.after
    )


def news(done: Compacted) -> str:
    """What people are told with the next answer, who did not ask for a compaction."""
    name = "compacted" if done.summarised else "dropped"
    return notice(name, first=done.first, last=done.last)
