"""Linking people, and parting them: what the change is, whoever asks for it.

Nothing is merged. Whose code is entered goes on in the conversation they have, which is their
person's from then on; where there are no words in it, the person gets one of its own,
``user-<name>``. The chat that joins goes on there, too, and its own conversation waits in the
archive until it leaves.
"""

from collections.abc import Sequence

from gateway.clock import Clock
from gateway.pairing import CODE_LIFE, digest, person_name
from gateway.people import People, new_code
from gateway.whois import Whois, private_keys
from state.keys import Address, SessionId, SessionKey, SessionType, person_in, person_session_id
from state.links import Joining, Leaving, Link, NamedPerson, PairCode
from state.persons import Identity
from state.records import Role
from state.store import Ledger, Sessions


class Linking:
    """Plans changes of who is whom. Called by whoever is `people.alone`."""

    def __init__(self, ledger: Ledger, sessions: Sessions, people: People, clock: Clock) -> None:
        self._ledger = ledger
        self._sessions = sessions
        self._people = people
        self._clock = clock

    async def new_code(
        self, maker: Identity | None, called: str = "", address: Address | None = None
    ) -> str:
        """A code that links with its maker; without one, it makes an owner of who enters it.

        The one that was made before is void.
        """
        now, code = self._clock.now(), new_code()
        kept = PairCode(digest(code), now, now + CODE_LIFE, maker, called, address)
        await self._ledger.links.offer(kept)
        return code

    async def joining(
        self, host: Identity, hosts_name: str, joiner: Identity, name: str, *, code: str | None
    ) -> Joining:
        """What links somebody with a host, who is made a person where they are none yet."""
        whois, now = self._people.whois, self._clock.now()
        person, links = whois.person_of(host), []
        if person is None:
            free = await self._free_name(hosts_name)
            talked = await self._talked_in(host)
            person = NamedPerson(free, talked or person_session_id(free), now)
            links.append(Link(host, free, hosts_name, now))
        links.append(Link(joiner, person.name, name, now, by=host))
        return Joining(person, tuple(links), joiner, code)

    async def leaving(self, identity: Identity) -> Leaving | None:
        """What parts an address from its person; None where it is not linked.

        A conversation that was its own before is its own again: the others begin another.
        """
        whois = self._people.whois
        person = whois.person_of(identity)
        if person is None or whois.link_of(identity) is None:
            return None
        session = person.session
        if session in await self.own(identity):
            session = person_session_id(person.name)
            if await self._sessions.load(session) is not None:
                session = person_session_id(await self._free_name(person.name))
        return Leaving(identity, person.name, session)

    async def own(self, identity: Identity) -> Sequence[SessionId]:
        """The sessions that an address's private chats lead to, whoever it is linked with."""
        aliases = await self._ledger.aliases()
        return [aliases.get(str(key), key.session_id) for key in private_keys(identity)]

    async def key_and_session(
        self, identity: Identity, role: Role | None
    ) -> tuple[SessionKey, SessionId]:
        """The key of somebody's private chat, and where it leads by itself."""
        key = private_key(identity, role)
        return key, (await self._ledger.aliases()).get(str(key), key.session_id)

    async def _talked_in(self, identity: Identity) -> SessionId | None:
        """The conversation that somebody has; None where nothing was said in it."""
        role = self._people.whois.roles.get(identity)
        _, session = await self.key_and_session(identity, role)
        family = await self._ledger.family(session)
        if any(row.messages for row in family) or await self._ledger.unfinished(session):
            return session
        return None

    async def _free_name(self, called: str) -> str:
        """A name that nobody has, and no session that is left of somebody."""
        taken = set(self._people.whois.persons)
        for session in await self._sessions.ids():
            name = person_in(session.partition(".")[0])
            if name is not None:
                taken.add(name)
        return person_name(called, taken)


def private_key(identity: Identity, role: Role | None) -> SessionKey:
    """The key of somebody's private chat, as they may write there."""
    kind = SessionType.MAIN if role is Role.OWNER else SessionType.DM
    return SessionKey(identity.account, identity.user, kind)


def shown(whois: Whois, identity: Identity) -> str:
    """An address as those it belongs to know it."""
    link = whois.link_of(identity)
    return f"{link.called} on {identity.account}" if link and link.called else str(identity)
