"""The commands that every conversation needs: help, status, begin anew, make room, stop."""

from collections.abc import Mapping

from gateway import commands
from gateway.asking import begun_anew
from gateway.batch import Batch
from gateway.commands import CommandName
from gateway.compacting import Compacting, told
from gateway.life import Life
from gateway.notices import notice
from gateway.obeying import Asked, Obey
from gateway.purse import Purse
from gateway.status_text import status_text
from gateway.thinking import Thinking
from gateway.trouble import Trouble
from state.messages import Reply, ReplyKind

UNDO = "undo"
"""What takes a summary back, said behind `/compact`."""


class Basics:
    """Carries them out, each in its session's lane."""

    def __init__(
        self,
        compacting: Compacting,
        thinking: Thinking,
        life: Life,
        trouble: Trouble,
        purse: Purse,
    ) -> None:
        self._compacting = compacting
        self._thinking = thinking
        self._life = life
        self._trouble = trouble
        self._purse = purse

    @property
    def book(self) -> Mapping[CommandName, Obey]:
        """What carries out which command."""
        return {
            CommandName.HELP: self._help,
            CommandName.STATUS: self._status,
            CommandName.CLEAR: self._clear,
            CommandName.COMPACT: self._compact,
            CommandName.STOP: self._stop,
        }

    async def _help(self, _: Asked) -> Reply:
        return said(commands.help_text())

    async def _status(self, asked: Asked) -> Reply:
        opened = asked.opened
        today = self._purse.today(opened.session.id)
        return said(status_text(opened.session, opened.setup, today=today))

    async def _clear(self, asked: Asked) -> Reply:
        session = asked.opened.session
        if session.messages == 0:
            return said(notice("nothing_to_clear"))
        reason = f"/{asked.command}"
        await self._trouble.insist(lambda: self._life.clear(session, reason=reason))
        return begun_anew(asked.opened.setup.kept.persistence)

    async def _compact(self, asked: Asked) -> Reply:
        with self._thinking.working(Batch((asked.accepted,))):
            if asked.argument.lower() == UNDO:
                return said(await self._undo(asked))
            wish = asked.argument or None
            done = await self._compacting.asked(asked.opened, wish=wish, stop=asked.stop)
        return said(notice("nothing_to_compact") if done is None else told(done))

    async def _undo(self, asked: Asked) -> str:
        session = asked.opened.session
        back = await self._trouble.insist(lambda: self._life.undo(session))
        if back is None:
            return notice("nothing_to_undo")
        return notice("compaction_undone", tokens=back.context.tokens)

    async def _stop(self, asked: Asked) -> Reply:
        others = asked.stop.others
        if others == 0:
            return said(notice("nothing_to_stop"))
        return said(
            notice("stopped") if others == 1 else notice("stopped_some", waiting=others - 1)
        )


def said(text: str) -> Reply:
    """Words of Argent's own."""
    return Reply(text, ReplyKind.NOTICE)
