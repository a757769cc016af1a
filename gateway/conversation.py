"""How a message becomes a committed answer. Read `handle` from top to bottom: it is all there is.

The order at a commit is what keeps the promises: the history is durable before the inbox row is
closed, and what is owed is stored with the closing, before anything is sent. Whatever the moment
of a crash, the next start finds either an open row (the message runs), an open row whose history
names it (its answer is owed, and not thought of twice), or owed parts.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from agents.agent import TurnFinished
from agents.errors import ContextOverflow, ModelError
from agents.prompt import said
from agents.tokens import of_said
from agents.transcript import AssistantSays, ToolResult, ToolsSay
from gateway import commands
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.closing import Closing
from gateway.commands import CommandName
from gateway.events import Feed, TurnStarted
from gateway.lanes import Stop
from gateway.life import Life
from gateway.notices import notice
from gateway.open_sessions import OpenSession, OpenSessions, is_shared
from gateway.routing import Route
from gateway.status_text import status_text
from gateway.thinking import Limits, Stopped, Thinking
from gateway.trouble import Trouble
from state.compaction import is_due
from state.history import AssistantEntry, CorrectionEntry, Entry, ToolEntry, UserEntry
from state.lifecycle import Event
from state.messages import Accepted, Correction, InboundMessage, Outcome, Reply, ReplyKind
from state.session import Context, Session
from state.store import Sessions

_log = structlog.get_logger("conversation")


class Conversation:
    """Works on accepted messages; called by each session's lane, one message at a time."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        opened: OpenSessions,
        thinking: Thinking,
        closing: Closing,
        life: Life,
        trouble: Trouble,
        feed: Feed,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._sessions = sessions
        self._opened = opened
        self._thinking = thinking
        self._closing = closing
        self._life = life
        self._trouble = trouble
        self._feed = feed
        self._clock = clock
        self._limits = limits

    async def handle(self, accepted: Accepted, stop: Stop) -> None:
        """Bring an accepted message to its outcome; see `lanes.Handle`."""
        message = accepted.message
        with structlog.contextvars.bound_contextvars(
            session=accepted.session, message=message.source
        ):
            try:
                await self._bring_to_its_end(accepted, stop)
            except Exception:
                # A defect, of whatever kind, must not leave somebody without an outcome.
                _log.exception("message_broke")
                reply = Reply(notice("failed"), ReplyKind.NOTICE)
                await self._closing.close(Batch((accepted,)), Outcome.FAILED, reply, detail="broke")

    async def _bring_to_its_end(self, accepted: Accepted, stop: Stop) -> None:
        message = accepted.message
        if isinstance(message, Correction):
            await self._record(accepted, message)
        elif (command := commands.parse(message.text)) is not None:
            await self._obey(accepted, command, stop)
        else:
            await self._answer(accepted, message, stop)

    async def _answer(self, accepted: Accepted, message: InboundMessage, stop: Stop) -> None:
        opened = await self._open(accepted)
        if accepted.recovered and accepted.entry in opened.finished:
            await self._owe_what_was_said(accepted, opened)
            return
        question = _question(accepted, message, turn=self._clock.id())
        if stop.requested:
            stop.obeyed = True
            await self._fail(accepted, opened, question, "stopped", Outcome.DECLINED)
            return
        self._feed.publish(TurnStarted(accepted.session, message.source))
        try:
            finished = await self._think(accepted, opened, question, stop)
        except ModelError as error:
            _log.warning("turn_failed", code=error.code, error=str(error))
            await self._fail(accepted, opened, question, error.code, Outcome.FAILED)
        except Exception:
            _log.exception("turn_broke")
            await self._fail(accepted, opened, question, "failed", Outcome.FAILED)
        else:
            if isinstance(finished, Stopped):
                await self._fail(accepted, opened, question, "stopped", Outcome.DECLINED)
            else:
                await self._commit(accepted, opened, question, finished)

    async def _think(
        self, accepted: Accepted, opened: OpenSession, question: UserEntry, stop: Stop
    ) -> TurnFinished | Stopped:
        """The turn as it ended; an overflow slides once and retries."""
        words = said([question], shared=is_shared(opened.session.key))
        coming = opened.session.context.tokens + sum(map(of_said, words))
        limit = self._limits.tokens
        if is_due(coming, limit=limit, threshold=self._limits.threshold):
            await self._slide(opened, limit)
        try:
            return await self._thinking.turn(Batch((accepted,)), opened, words, stop)
        except ContextOverflow:
            if not await self._slide(opened, self._overflowed(opened)):
                raise
            return await self._thinking.turn(Batch((accepted,)), opened, words, stop)

    async def _slide(self, opened: OpenSession, limit: int) -> bool:
        return await self._trouble.insist(lambda: self._opened.slide(opened, limit=limit))

    def _overflowed(self, opened: OpenSession) -> int:
        """What the window must be after all, when a context that should have fitted did not."""
        return min(self._limits.tokens, opened.session.context.tokens or opened.estimated())

    async def _commit(
        self, accepted: Accepted, opened: OpenSession, question: UserEntry, finished: TurnFinished
    ) -> None:
        steps = self._entries(question, finished)
        context = finished.context
        if context is None:
            context = opened.estimated() + sum(map(of_said, finished.said))
        reply = Reply(steps[-1].content)
        await self._append(opened, [question, *steps], tokens=context)
        await self._close(accepted, opened, Outcome.REPLIED, reply)

    async def _fail(
        self,
        accepted: Accepted,
        opened: OpenSession,
        question: UserEntry,
        code: str,
        outcome: Outcome,
    ) -> None:
        """End a message with a notice; what was asked stays in the history."""
        text = notice(code)
        said_so = AssistantEntry(
            id=self._clock.id(),
            at=self._clock.now(),
            content=text,
            turn=question.turn or "",
            re=(question.id,),
            notice=code,
        )
        await self._append(opened, [question, said_so])
        # Whoever stopped it gets the answer to their /stop; one notice is enough.
        reply = None if code == "stopped" else Reply(text, ReplyKind.NOTICE)
        await self._close(accepted, opened, outcome, reply, detail=code)

    async def _append(
        self, opened: OpenSession, entries: Sequence[Entry], *, tokens: int | None = None
    ) -> None:
        """Make a batch durable, and the open session the one after it."""
        session = opened.session.after(Event.MESSAGE, self._clock.now()).with_entries(entries)
        if tokens is None:
            tokens = session.context.tokens
        context = Context(tokens, self._limits.tokens, session.context.start)
        session = replace(session, context=context)
        positions = await self._trouble.insist(lambda: self._sessions.append(session, entries))
        opened.session, opened.stored = session, True
        opened.extend(entries, positions[0])
        self._opened.used(opened)

    async def _close(
        self,
        accepted: Accepted,
        opened: OpenSession,
        outcome: Outcome,
        reply: Reply | None,
        detail: str | None = None,
    ) -> None:
        session = opened.session if opened.stored else None
        await self._closing.close(
            Batch((accepted,)), outcome, reply, session=session, detail=detail
        )

    async def _owe_what_was_said(self, accepted: Accepted, opened: OpenSession) -> None:
        """The crash came between the history and the ledger: owe the answer that is there."""
        entries = await self._trouble.insist(lambda: self._sessions.entries(opened.session.id))
        for entry in entries:
            if isinstance(entry, AssistantEntry) and accepted.entry in entry.re:
                outcome = Outcome.FAILED if entry.notice else Outcome.REPLIED
                reply = Reply(entry.content)
                await self._close(accepted, opened, outcome, reply, detail=entry.notice)
                return

    async def _record(self, accepted: Accepted, correction: Correction) -> None:
        opened = await self._open(accepted)
        entry = CorrectionEntry(
            id=accepted.entry,
            at=accepted.at,
            content=correction.text,
            address=correction.address,
            sender=correction.sender,
            message=correction.id,
        )
        if not (accepted.recovered and accepted.entry in opened.finished):
            await self._append(opened, [entry])
        await self._close(accepted, opened, Outcome.RECORDED, None)

    async def _obey(self, accepted: Accepted, command: CommandName, stop: Stop) -> None:
        opened = await self._open(accepted)
        text = await self._carry_out(opened.session, command, stop)
        opened = await self._open(accepted)
        reply = Reply(text, ReplyKind.NOTICE)
        await self._close(accepted, opened, Outcome.REPLIED, reply, detail=command)

    async def _carry_out(self, session: Session, command: CommandName, stop: Stop) -> str:
        match command:
            case CommandName.HELP:
                return commands.help_text()
            case CommandName.STATUS:
                return status_text(session, model=self._thinking.model)
            case CommandName.NEW | CommandName.CLEAR:
                if session.messages == 0:
                    return notice("nothing_to_clear")
                reason = f"/{command}"
                await self._trouble.insist(lambda: self._life.clear(session, reason=reason))
                return notice("cleared")
            case CommandName.STOP:
                return _stopped(stop.others)

    async def _open(self, accepted: Accepted) -> OpenSession:
        message = accepted.message
        route = Route(accepted.key, accepted.session)
        title = message.title if isinstance(message, InboundMessage) else None
        return await self._trouble.insist(
            lambda: self._opened.open(route, at=accepted.at, title=title)
        )

    def _entries(self, question: UserEntry, finished: TurnFinished) -> list[Entry]:
        """What the agent and its tools said as entries, the last one finishing the question."""
        turn = question.turn or question.id
        entries: list[Entry] = []
        for each in finished.said:
            match each:
                case AssistantSays(text, calls):
                    entries.append(
                        AssistantEntry(
                            id=self._clock.id(),
                            at=self._clock.now(),
                            content=text,
                            turn=turn,
                            model=finished.model,
                            calls=calls,
                        )
                    )
                case ToolsSay(results):
                    entries.extend(self._tool_entry(turn, result) for result in results)
                case _:
                    raise TypeError(f"an agent does not say {each!r}")
        last = entries[-1]
        if not isinstance(last, AssistantEntry):
            raise TypeError("a turn ends with the assistant's words")
        entries[-1] = replace(last, re=(question.id,), usage=finished.usage)
        return entries

    def _tool_entry(self, turn: str, result: ToolResult) -> ToolEntry:
        return ToolEntry(
            id=self._clock.id(),
            at=self._clock.now(),
            content=result.content,
            turn=turn,
            call=result.call,
            name=result.name,
            failed=result.failed,
        )


def _question(accepted: Accepted, message: InboundMessage, *, turn: str) -> UserEntry:
    return UserEntry(
        id=accepted.entry,
        at=message.at,
        content=message.text,
        address=message.address,
        sender=message.sender,
        message=message.id,
        turn=turn,
        quotes=message.quotes,
        attachments=message.attachments,
    )


def _stopped(others: int) -> str:
    if others == 0:
        return notice("nothing_to_stop")
    return notice("stopped") if others == 1 else notice("stopped_some", waiting=others - 1)
