"""Commands: what people tell Argent itself, carried out and answered."""

from gateway import commands
from gateway.batch import Batch
from gateway.closing import Closing
from gateway.commands import CommandName
from gateway.compacting import Compacting, told
from gateway.keeping import Keeping
from gateway.life import Life
from gateway.notices import notice
from gateway.open_sessions import OpenSession
from gateway.purse import Purse
from gateway.status_text import status_text
from gateway.stop import Stop
from gateway.thinking import Thinking
from gateway.trouble import Trouble
from state.messages import Accepted, Deletion, Outcome, Reply, ReplyKind
from state.session import Session

UNDO = "undo"
"""What takes a summary back, said behind `/compact`."""


class Obeying:
    """Carries out commands, in their session's lane like everything else."""

    def __init__(
        self,
        keeping: Keeping,
        compacting: Compacting,
        thinking: Thinking,
        closing: Closing,
        life: Life,
        trouble: Trouble,
        purse: Purse,
    ) -> None:
        self._keeping = keeping
        self._compacting = compacting
        self._thinking = thinking
        self._closing = closing
        self._life = life
        self._trouble = trouble
        self._purse = purse

    async def obey(self, accepted: Accepted, command: CommandName, stop: Stop) -> None:
        """Carry a command out, and answer it."""
        opened = await self._keeping.open(accepted)
        if command is CommandName.COMPACT:
            with self._thinking.working(Batch((accepted,))):
                text = await self._compact(opened, accepted, stop)
        else:
            text = await self._carry_out(opened.session, command, stop)
        opened = await self._keeping.open(accepted)
        await self._closing.close(
            Batch((accepted,)),
            Outcome.DECLINED if stop.obeyed else Outcome.REPLIED,
            # Whoever stopped it gets the answer to their /stop.
            None if stop.obeyed else Reply(text, ReplyKind.NOTICE),
            session=opened.session if opened.stored else None,
            detail=command,
        )

    async def _compact(self, opened: OpenSession, accepted: Accepted, stop: Stop) -> str:
        message = accepted.message
        wish = "" if isinstance(message, Deletion) else commands.argument(message.text)
        if wish.lower() == UNDO:
            back = await self._trouble.insist(lambda: self._life.undo(opened.session))
            if back is None:
                return notice("nothing_to_undo")
            return notice("compaction_undone", tokens=back.context.tokens)
        done = await self._compacting.asked(opened, wish=wish or None, stop=stop)
        if done is None:
            return notice("nothing_to_compact")
        return told(done)

    async def _carry_out(self, session: Session, command: CommandName, stop: Stop) -> str:
        match command:
            case CommandName.HELP:
                return commands.help_text()
            case CommandName.STATUS:
                today = self._purse.today(session.id)
                return status_text(session, model=self._thinking.model, today=today)
            case CommandName.NEW | CommandName.CLEAR:
                if session.messages == 0:
                    return notice("nothing_to_clear")
                reason = f"/{command}"
                await self._trouble.insist(lambda: self._life.clear(session, reason=reason))
                return notice("cleared")
            case CommandName.STOP:
                return _stopped(stop.others)
            case CommandName.COMPACT:
                raise AssertionError("it needs more than the session's facts")


def _stopped(others: int) -> str:
    if others == 0:
        return notice("nothing_to_stop")
    return notice("stopped") if others == 1 else notice("stopped_some", waiting=others - 1)
