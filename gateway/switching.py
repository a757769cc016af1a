"""Carries out what leads a private chat to another session, as the message is accepted.

A command waits in a lane like everything else, behind a turn that may take long; the message after
it must be in the right session all the same. So a chat is switched before the command is accepted,
and the command itself belongs to the session that it leads to, which answers it: the old one may be
busy, and a session that is new has nothing before it.
"""

from dataclasses import replace
from datetime import UTC

from gateway import commands
from gateway.clock import Clock
from gateway.profiles import Profiles
from gateway.routing import Route
from gateway.siblings import SWITCHES, Begin, GoTo, Siblings
from state.keys import SessionId
from state.messages import ChatKind, InboundMessage
from state.session import Session
from state.store import Ledger, Sessions


class Switching:
    """Finds the session that a message switches to, and makes a new one."""

    def __init__(
        self, sessions: Sessions, ledger: Ledger, profiles: Profiles, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._profiles = profiles
        self._clock = clock

    @staticmethod
    def asked(message: InboundMessage) -> bool:
        """Whether a message may lead its chat to another session."""
        command = commands.parse(message.text)
        if message.kind is not ChatKind.DIRECT or command not in SWITCHES:
            return False
        return command is commands.CommandName.NEW or bool(commands.argument(message.text))

    async def to(self, message: InboundMessage, way: Route) -> Route | None:
        """The way of the session that a message leads its chat to; None where it stays.

        Why it stays, the session says that it stays in. A new session is on the disk, and in the
        index, before anything belongs to it. If the message is not accepted after that, it is
        there without a word, and what asks for one again is led to it. Raises `StoreError`.
        """
        command = commands.parse(message.text)
        if command is None or way.base is None:
            return None
        family = Siblings.of(way.base, rows := await self._ledger.family(way.base))
        match family.step(command, commands.argument(message.text)):
            case GoTo(session):
                return replace(way, session=session)
            case Begin(name):
                person = next((row.person for row in rows if row.id == way.base), None)
                return replace(way, session=await self._begin(name, way, family, person))
            case _:
                return None

    async def _begin(
        self, name: str | None, way: Route, family: Siblings, person: str | None
    ) -> SessionId:
        at = self._clock.now()
        agent = self._profiles.agent(way.key, person)
        session = replace(
            Session.begin(way.key, agent=agent, at=at),
            id=family.free_id(name or f"{at.astimezone(UTC):%Y-%m-%d}"),
            base=family.base,
            name=name,
            person=person,
        )
        await self._sessions.create(session)
        await self._ledger.index(session)
        return session.id
