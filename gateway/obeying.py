"""Commands: what people tell Argent itself, carried out and answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from channels.config import CommandRights
from gateway import commands
from gateway.batch import Batch
from gateway.closing import Closing
from gateway.commands import CommandName
from gateway.doors import Doors
from gateway.keeping import Keeping
from gateway.notices import notice
from gateway.open_sessions import OpenSession, is_shared
from gateway.stop import Stop
from state.messages import Accepted, Deletion, Outcome, Reply, ReplyKind


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was given: where, by whom, and what for.

    `owner` says that whoever gave it is one. Carrying it out ends early when its `stop` is asked
    for; whoever stops it gets the answer to their ``/stop``.
    """

    accepted: Accepted
    opened: OpenSession
    command: CommandName
    argument: str
    owner: bool
    stop: Stop


Obey = Callable[[Asked], Awaitable[Reply]]
"""Carries a command out, and returns the answer."""


class Obeying:
    """Carries out commands, in their session's lane like everything else.

    `books` say how; `doors` say who may.
    """

    def __init__(
        self,
        keeping: Keeping,
        closing: Closing,
        doors: Doors,
        *books: Mapping[CommandName, Obey],
    ) -> None:
        self._keeping = keeping
        self._closing = closing
        self._doors = doors
        self._obey = {name: obey for book in books for name, obey in book.items()}

    async def obey(self, accepted: Accepted, command: CommandName, stop: Stop) -> None:
        """Carry a command out, and answer it."""
        message = accepted.message
        asked = Asked(
            accepted,
            await self._keeping.open(accepted),
            command,
            "" if isinstance(message, Deletion) else commands.argument(message.text),
            self._doors.is_owner(accepted),
            stop,
        )
        refused = self._refused(asked)
        reply = refused or await self._obey[_meaning(command, accepted)](asked)
        # What was carried out may have begun the session anew.
        opened = await self._keeping.open(accepted)
        await self._closing.close(
            Batch((accepted,)),
            Outcome.DECLINED if stop.obeyed else Outcome.REPLIED,
            None if stop.obeyed else reply,
            session=opened.session if opened.stored else None,
            detail=command,
        )

    def _refused(self, asked: Asked) -> Reply | None:
        """What is said to whoever may not give the command there; None: they may."""
        rights, shared = self._doors.rights(asked.accepted), is_shared(asked.accepted.key)
        if commands.may(
            asked.command, asked.argument, owner=asked.owner, shared=shared, rights=rights
        ):
            return None
        if rights is CommandRights.NOBODY:
            name = "commands_off"
        else:
            name = "forget_owners" if asked.command is CommandName.FORGET else "owner_only"
        return Reply(notice(name), ReplyKind.NOTICE)


def _meaning(command: CommandName, accepted: Accepted) -> CommandName:
    """Where several people talk there is one session, and a new one is that begun anew."""
    if command is CommandName.NEW and is_shared(accepted.key):
        return CommandName.CLEAR
    return command
