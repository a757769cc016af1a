"""The turn that answers messages: from what was asked to what is owed for it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from agents.agent import TurnFinished
from agents.errors import ContextOverflow, ModelError
from agents.prompt import NO_MEDIA, said
from agents.transcript import Media
from gateway import lateness
from gateway.attachments import Attachments, unreadable
from gateway.batch import Batch
from gateway.budgets import BUDGET_NOTICES
from gateway.clock import Clock
from gateway.closing import Closing
from gateway.compacting import Compacting
from gateway.events import AnswerRestarted, TurnStarted
from gateway.feed import Feed
from gateway.keeping import Keeping
from gateway.notices import notice
from gateway.open_sessions import OpenSession, is_shared
from gateway.purse import Purse
from gateway.stop import Stop
from gateway.thinking import Stopped, Thinking
from gateway.titling import Titling
from gateway.turn_entries import answer, questions, steps
from state.history import AssistantEntry, Entry, UserEntry
from state.messages import Accepted, InboundMessage, Outcome, Reply, ReplyKind

STOPPED = "stopped"
"""The notice of a turn that somebody stopped."""

_log = structlog.get_logger("conversation")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is answered: the messages, their session, and what goes into its history and context."""

    batch: Batch
    opened: OpenSession
    asked: list[UserEntry]
    media: Mapping[str, Media]


class Answering:
    """Answers batches. Read `answer` from top to bottom."""

    def __init__(
        self,
        *,
        keeping: Keeping,
        attachments: Attachments,
        thinking: Thinking,
        closing: Closing,
        feed: Feed,
        clock: Clock,
        compacting: Compacting,
        purse: Purse,
        titling: Titling,
    ) -> None:
        self._keeping = keeping
        self._attachments = attachments
        self._thinking = thinking
        self._closing = closing
        self._feed = feed
        self._clock = clock
        self._compacting = compacting
        self._purse = purse
        self._titling = titling

    async def answer(self, batch: Batch, stop: Stop) -> Batch | None:
        """Bring messages to their outcome; see `lanes.Handle` for what is returned."""
        # A conversation was over before the first of them, or before none.
        opened = await self._keeping.open(batch.first)
        left = await self._without_answered(batch, opened)
        if left is None:
            return None
        batch = left
        if stop.deleted:
            await self._closing.close(batch, Outcome.DECLINED, None, detail="deleted")
            return None
        if not stop.requested:
            if (declined := self._purse.declined(batch.last)) is not None:
                await self._decline(batch, opened, *declined)
                return None
            self._feed.publish(TurnStarted(batch.session, batch.last.message.source))
        with self._thinking.working(batch):
            batch, fetched = await self._with_files(batch, stop)
            turn = await self._begun(batch, opened)
            ended = await self._ended(turn, stop) if fetched else Stopped()
        match ended:
            case TurnFinished():
                await self._commit(turn, ended)
            case Stopped() if stop.again:
                self._feed.publish(AnswerRestarted(batch.session, batch.last.message.source))
                await self._closing.withdraw(batch)
                return batch
            case Stopped():
                await self._stopped(turn, ended)
            case code:
                await self._fail(turn, code)
        return None

    async def _without_answered(self, batch: Batch, opened: OpenSession) -> Batch | None:
        """What is left to be answered, None when that is nothing.

        A crash may have come between the history and the ledger: then the answer is there, and is
        owed, once, under the last message that it names. Whatever was joined then may be in other
        batches now.
        """
        done = [each for each in batch if each.recovered and each.entry in opened.finished]
        if not done:
            return batch
        answers = {
            name: entry
            for entry in await self._keeping.entries(opened)
            if isinstance(entry, AssistantEntry)
            for name in entry.re
        }
        for each in done:
            said_to = [a for a in done if a.entry in answers[each.entry].re]
            await self._owe(each, opened, answers[each.entry], said_to)
        left = tuple(each for each in batch if each not in done)
        return Batch(left) if left else None

    async def _owe(
        self, accepted: Accepted, opened: OpenSession, said: AssistantEntry, to: list[Accepted]
    ) -> None:
        outcome, reply = Outcome.FAILED, Reply(said.content, ReplyKind.NOTICE)
        if said.notice is None:
            text = lateness.note(to) + said.content
            outcome, reply = Outcome.REPLIED, Reply(text, files=said.files)
        elif said.notice == STOPPED or said.notice in BUDGET_NOTICES:
            outcome = Outcome.DECLINED
        pointed_at = accepted.entry == said.re[-1]
        silent = said.notice == STOPPED or not pointed_at
        await self._finish(
            Batch((accepted,)),
            outcome,
            None if silent else reply,
            opened,
            said.notice,
            said if pointed_at else None,
        )

    async def _with_files(self, batch: Batch, stop: Stop) -> tuple[Batch, bool]:
        """The batch with the files that came along, and whether no stop came in between."""
        known = list(batch)

        async def keep(index: int, message: InboundMessage) -> None:
            kept = await self._attachments.keep(batch.session, message)
            known[index] = replace(known[index], message=kept)

        coming = [
            (index, each.message)
            for index, each in enumerate(batch)
            if isinstance(each.message, InboundMessage) and each.message.attachments
        ]
        if not coming and not stop.requested:
            return batch, True

        async def keep_all() -> None:
            await asyncio.gather(*(keep(index, message) for index, message in coming))

        done = await stop.guard(keep_all())
        return Batch(tuple(known)), done

    async def _begun(self, batch: Batch, opened: OpenSession) -> _Turn:
        asked = questions(batch, turn=self._clock.id())
        takes = opened.setup.agent.takes
        media = await self._attachments.contents(batch.session, asked, takes)
        return _Turn(batch, opened, asked, media)

    async def _ended(self, turn: _Turn, stop: Stop) -> TurnFinished | Stopped | str:
        """The turn as it ended; a notice's name when there is no answer to be had."""
        with structlog.contextvars.bound_contextvars(turn=turn.asked[-1].turn):
            try:
                return await self._think(turn, stop)
            except ModelError as error:
                _log.warning("turn_failed", code=error.code, error=str(error))
                return error.code
            except Exception:
                _log.exception("turn_broke")
                return "failed"

    async def _think(self, turn: _Turn, stop: Stop) -> TurnFinished | Stopped:
        """Run the turn, with room for it; an overflow compacts once and retries.

        A stop while room is made ends the turn as it begins.
        """
        opened = turn.opened
        words = said(turn.asked, shared=is_shared(opened.session.key), media=turn.media)
        await self._compacting.make_room(opened, words, stop)
        try:
            return await self._thinking.turn(turn.batch, opened, words, stop)
        except ContextOverflow:
            left = await self._compacting.overflowed(opened, words, stop)
            if not left and not stop.requested:
                raise
            return await self._thinking.turn(turn.batch, opened, words, stop)

    async def _commit(self, turn: _Turn, finished: TurnFinished) -> None:
        if finished.unseen:
            # What a model refused must not be refused again in every turn to come.
            turn = replace(turn, asked=unreadable(turn.asked, turn.media))
        entries = steps(turn.asked, finished, self._clock, foreign=turn.opened.foreign)
        text = _news(turn.opened) + lateness.note(turn.batch) + entries[-1].content
        await self._keep(turn, entries, tokens=finished.context)
        self._compacting.counted(turn.opened, finished)
        reply = Reply(text, files=finished.files)
        await self._close(turn, Outcome.REPLIED, reply, said=entries[-1])
        whole = [*turn.asked, *entries]
        self._titling.answered(turn.batch.last, turn.opened, whole)

    async def _stopped(self, turn: _Turn, stopped: Stopped) -> None:
        """What people have seen of the answer was said, and the model knows it."""
        words = stopped.words
        if not words:
            # Whoever stopped it gets the answer to their /stop; one notice is enough.
            await self._keep_notice(turn, STOPPED)
            await self._close(turn, Outcome.DECLINED, None, STOPPED)
            return
        said_so_far = answer(turn.asked, words, self._clock, foreign=stopped.foreign)
        await self._keep(turn, [said_so_far])
        text = f"{lateness.note(turn.batch)}{words}\n\n*{notice(STOPPED)}*"
        await self._close(turn, Outcome.DECLINED, Reply(text), STOPPED)

    async def _decline(self, batch: Batch, opened: OpenSession, name: str, text: str) -> None:
        """End before anything was thought; what was asked stays in the history."""
        asked = questions(batch, turn=self._clock.id())
        turn = _Turn(batch, opened, asked, NO_MEDIA)
        said_so = answer(asked, text, self._clock, code=name)
        await self._keep(turn, [said_so])
        await self._close(turn, Outcome.DECLINED, Reply(text, ReplyKind.NOTICE), name)

    async def _fail(self, turn: _Turn, code: str) -> None:
        """End with a notice; what was asked stays in the history."""
        await self._keep_notice(turn, code)
        reply = Reply(notice(code), ReplyKind.NOTICE)
        await self._close(turn, Outcome.FAILED, reply, code)

    async def _keep_notice(self, turn: _Turn, code: str) -> None:
        said_so = answer(turn.asked, notice(code), self._clock, code=code)
        await self._keep(turn, [said_so])

    async def _keep(
        self, turn: _Turn, answers: Sequence[Entry], *, tokens: int | None = None
    ) -> None:
        """Append the turn. Where no provider counted the context's `tokens`, they are estimated."""
        opened, entries = turn.opened, [*turn.asked, *answers]
        if tokens is None:
            words = said(entries, shared=is_shared(opened.session.key), media=turn.media)
            tokens = self._compacting.length(opened) + self._compacting.estimated(opened, words)
        await self._keeping.append(opened, entries, tokens=tokens, media=turn.media)

    async def _close(
        self,
        turn: _Turn,
        outcome: Outcome,
        reply: Reply | None,
        detail: str | None = None,
        *,
        said: Entry | None = None,
    ) -> None:
        await self._finish(turn.batch, outcome, reply, turn.opened, detail, said)

    async def _finish(
        self,
        batch: Batch,
        outcome: Outcome,
        reply: Reply | None,
        opened: OpenSession,
        detail: str | None,
        said: Entry | None,
    ) -> None:
        """Close messages; where a model `said` the answer to them, its cost is spent."""
        session = opened.session if opened.stored else None
        spent = None if said is None else self._purse.spending(said, batch.last)
        await self._closing.close(
            batch, outcome, reply, session=session, detail=detail, spent=spent
        )
        if spent is not None:
            self._purse.spent(spent)


def _news(opened: OpenSession) -> str:
    """The line that the answer begins with when people are to be told something, once."""
    news, opened.news = opened.news, ""
    return f"*{news}*\n\n" if news else ""
