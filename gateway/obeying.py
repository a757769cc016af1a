"""Commands: what people tell Argent itself, carried out and answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gateway import commands
from gateway.batch import Batch
from gateway.closing import Closing
from gateway.commands import CommandName
from gateway.keeping import Keeping
from gateway.open_sessions import OpenSession, is_shared
from gateway.stop import Stop
from state.messages import Accepted, Deletion, Outcome, Reply


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

    `books` say how; `is_owner` says whether an owner wrote a message.
    """

    def __init__(
        self,
        keeping: Keeping,
        closing: Closing,
        is_owner: Callable[[Accepted], bool],
        *books: Mapping[CommandName, Obey],
    ) -> None:
        self._keeping = keeping
        self._closing = closing
        self._is_owner = is_owner
        self._obey = {name: obey for book in books for name, obey in book.items()}

    async def obey(self, accepted: Accepted, command: CommandName, stop: Stop) -> None:
        """Carry a command out, and answer it."""
        message = accepted.message
        asked = Asked(
            accepted,
            await self._keeping.open(accepted),
            command,
            "" if isinstance(message, Deletion) else commands.argument(message.text),
            self._is_owner(accepted),
            stop,
        )
        reply = await self._obey[_meaning(command, accepted)](asked)
        # What was carried out may have begun the session anew.
        opened = await self._keeping.open(accepted)
        await self._closing.close(
            Batch((accepted,)),
            Outcome.DECLINED if stop.obeyed else Outcome.REPLIED,
            None if stop.obeyed else reply,
            session=opened.session if opened.stored else None,
            detail=command,
        )


def _meaning(command: CommandName, accepted: Accepted) -> CommandName:
    """Where several people talk there is one session, and a new one is that begun anew."""
    if command is CommandName.NEW and is_shared(accepted.key):
        return CommandName.CLEAR
    return command
