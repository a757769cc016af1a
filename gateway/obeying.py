"""Commands: what people tell Argent itself, carried out and answered."""

from gateway import commands
from gateway.batch import Batch
from gateway.closing import Closing
from gateway.commands import CommandName
from gateway.keeping import Keeping
from gateway.life import Life
from gateway.notices import notice
from gateway.status_text import status_text
from gateway.stop import Stop
from gateway.thinking import Thinking
from gateway.trouble import Trouble
from state.messages import Accepted, Outcome, Reply, ReplyKind
from state.session import Session


class Obeying:
    """Carries out commands, in their session's lane like everything else."""

    def __init__(
        self, keeping: Keeping, thinking: Thinking, closing: Closing, life: Life, trouble: Trouble
    ) -> None:
        self._keeping = keeping
        self._thinking = thinking
        self._closing = closing
        self._life = life
        self._trouble = trouble

    async def obey(self, accepted: Accepted, command: CommandName, stop: Stop) -> None:
        """Carry a command out, and answer it."""
        opened = await self._keeping.open(accepted)
        text = await self._carry_out(opened.session, command, stop)
        opened = await self._keeping.open(accepted)
        await self._closing.close(
            Batch((accepted,)),
            Outcome.REPLIED,
            Reply(text, ReplyKind.NOTICE),
            session=opened.session if opened.stored else None,
            detail=command,
        )

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


def _stopped(others: int) -> str:
    if others == 0:
        return notice("nothing_to_stop")
    return notice("stopped") if others == 1 else notice("stopped_some", waiting=others - 1)
