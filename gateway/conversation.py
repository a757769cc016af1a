"""How messages become a committed answer. Read `handle` from top to bottom: it is all there is.

The order at a commit is what keeps the promises: the history is durable before the inbox rows are
closed, and what is owed is stored with the closing, before anything is sent. Whatever the moment
of a crash, the next start finds either open rows (the messages run), open rows whose history names
them (their answer is owed, and not thought of twice), or owed parts.
"""

from collections.abc import Mapping, Sequence

import structlog

from gateway import commands
from gateway.answering import Answering
from gateway.attachments import Attachments
from gateway.basics import Basics
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.closing import Closing
from gateway.commands import CommandName
from gateway.compacting import Compacting
from gateway.doors import Doors
from gateway.feed import Feed
from gateway.keeping import Keeping
from gateway.life import Life
from gateway.notices import notice
from gateway.obeying import Obey, Obeying
from gateway.passing import Passing
from gateway.purse import Purse
from gateway.revising import Revising
from gateway.stop import Stop
from gateway.thinking import Thinking
from gateway.titling import Titling
from gateway.trouble import Trouble
from state.messages import Correction, Deletion, Outcome, Reply, ReplyKind

_log = structlog.get_logger("conversation")


class Conversation:
    """Works on accepted messages; called by each session's lane, one batch at a time."""

    def __init__(
        self,
        *,
        keeping: Keeping,
        compacting: Compacting,
        attachments: Attachments,
        thinking: Thinking,
        closing: Closing,
        life: Life,
        trouble: Trouble,
        feed: Feed,
        clock: Clock,
        purse: Purse,
        titling: Titling,
        doors: Doors,
        books: Sequence[Mapping[CommandName, Obey]] = (),
    ) -> None:
        self._answering = Answering(
            keeping=keeping,
            attachments=attachments,
            thinking=thinking,
            closing=closing,
            feed=feed,
            clock=clock,
            compacting=compacting,
            purse=purse,
            titling=titling,
        )
        self._revising = Revising(keeping, closing)
        basics = Basics(compacting, thinking, life, trouble, purse)
        self._obeying = Obeying(keeping, closing, doors, basics.book, *books)
        self._passing = Passing(keeping, compacting, closing, clock)
        self._closing = closing

    async def handle(self, batch: Batch, stop: Stop) -> Batch | None:
        """Bring accepted messages to their outcome; see `lanes.Handle`."""
        last = batch.last
        with structlog.contextvars.bound_contextvars(
            session=batch.session,
            channel=batch.address.channel,
            row=last.seq,
            source=last.message.source,
        ):
            try:
                return await self._bring_to_its_end(batch, stop)
            except Exception:
                # A defect, of whatever kind, must not leave somebody without an outcome.
                _log.exception("message_broke")
                reply = Reply(notice("failed"), ReplyKind.NOTICE)
                await self._closing.close(batch, Outcome.FAILED, reply, detail="broke")
                return None

    async def _bring_to_its_end(self, batch: Batch, stop: Stop) -> Batch | None:
        # Only what is for the agent is ever joined: all else is a batch of one.
        message = batch.last.message
        if isinstance(message, Correction):
            await self._revising.correct(batch.last, message)
        elif isinstance(message, Deletion):
            await self._revising.delete(batch.last, message)
        elif message.passed_on is not None:
            await self._passing.pass_on(batch.last, message)
        elif not stop.deleted and (command := commands.parse(message.text)) is not None:
            await self._obeying.obey(batch.last, command, stop)
        else:
            return await self._answering.answer(batch, stop)
        return None
